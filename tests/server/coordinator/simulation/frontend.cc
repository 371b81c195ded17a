#include "tests/server/coordinator/simulation/frontend.h"

#include <memory>

#include "caviar/v1/error_detail.h"
#include "server/coordinator/messages.h"

namespace caviar::coordinator::simulation {

void Frontend::PostPoll(Poll poll) {
  poll.id = ++polls_;
  process_.Post(MakeParking(std::move(poll)));
}

void Frontend::Acquire(v1::AcquireWorkRequest request, Done<v1::AcquireWorkResponse> done) {
  Poll poll;
  poll.client_id = request.request_id().client_id();
  poll.sequence = request.request_id().sequence();
  poll.deadline = process_.clock().Steady() + absl::Seconds(20);
  poll.worker_id = request.worker_id();
  poll.work_done = std::move(done);
  PostPoll(std::move(poll));
}

void Frontend::Ask(v1::AskTrialRequest request, Done<v1::AskTrialResponse> done) {
  Poll poll;
  poll.client_id = request.request_id().client_id();
  poll.sequence = request.request_id().sequence();
  poll.deadline = process_.clock().Steady() + absl::Seconds(10);
  poll.study = request.study();
  poll.lease_duration = FromMessage(request.lease());
  poll.ask_done = std::move(done);
  PostPoll(std::move(poll));
}

void Frontend::Renew(const std::string& worker, std::optional<Token> token, Done<bool> done) {
  std::vector<Token> tokens;
  if (token) tokens.push_back(*token);
  const LeaseTable::Renewal renewal =
      process_.leases().Renew(worker, tokens, process_.clock().Steady());
  for (const Token lost : renewal.lost) {
    process_.Post({[lost](Core& core) { core.LoseGrant(lost); }, [](const absl::Status&) {}});
  }
  if (!token || renewal.held[0]) return done(token.has_value());
  Post<bool>([token = *token, worker](Core& core) { return core.Revive(token, worker); },
             std::move(done));
}

void Frontend::Report(v1::ReportMeasurementsRequest request,
                      Done<v1::ReportMeasurementsResponse> done) {
  Post<v1::ReportMeasurementsResponse>(
      [this, request](Core& core) {
        v1::ReportMeasurementsRequest read = request;
        *read.mutable_token() = ToMessage(read_token(core, ToToken(request.token())));
        return core.Report(read);
      },
      std::move(done));
}

void Frontend::ReportAsked(v1::ReportTrialRequest request, Done<v1::ReportTrialResponse> done) {
  Post<v1::ReportTrialResponse>(
      [this, request](Core& core) -> absl::StatusOr<v1::ReportTrialResponse> {
        const Token token = read_token(core, ToToken(request.token()));
        const absl::Status target = core.CheckTarget(token, request.study(), request.number());
        v1::ReportMeasurementsRequest report;
        *report.mutable_token() = ToMessage(token);
        *report.mutable_measurements() = request.measurements();
        if (!target.ok() && !error::HasReason(target, error::kLeaseLost)) return target;
        const auto reported = core.Report(report);
        if (!reported.ok()) return reported.status();
        process_.leases().RenewOne(token, process_.clock().Steady());
        v1::ReportTrialResponse response;
        response.set_directive(reported->directive());
        response.set_conflicts(reported->conflicts());
        return response;
      },
      std::move(done));
}

void Frontend::Finish(v1::FinishWorkRequest request, Done<v1::FinishWorkResponse> done) {
  Post<v1::FinishWorkResponse>(
      [this, request](Core& core) {
        v1::FinishWorkRequest read = request;
        *read.mutable_token() = ToMessage(read_token(core, ToToken(request.token())));
        return core.Finish(read);
      },
      std::move(done));
}

void Frontend::Checkpoint(Token token, storage::ArtifactRow row,
                          Done<v1::UploadChunkResponse> done) {
  // No file is taken without a lease.
  if (!process_.leases().Find(token)) {
    return done(error::WithReason(absl::AbortedError("no lease"), error::kLeaseLost));
  }
  process_.files.insert(row.file);
  Post<v1::UploadChunkResponse>(
      [token, row](Core& core) { return core.RecordArtifact(token, row); }, std::move(done));
}

}  // namespace caviar::coordinator::simulation
