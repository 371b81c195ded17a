#include "client/api/client.h"

#include <utility>

#include "caviar/v1/server_service.grpc.pb.h"
#include "caviar/v1/study_service.grpc.pb.h"
#include "caviar/v1/verification_service.grpc.pb.h"
#include "client/api/channel.h"
#include "client/api/line.h"
#include "client/api/request_ids.h"
#include "client/api/retry.h"
#include "client/api/running_calls.h"

namespace caviar::client {
namespace {

using StudyStub = v1::StudyService::Stub;
using ServerStub = v1::ServerService::Stub;

constexpr absl::Duration kMinBackoff = absl::Milliseconds(50);
constexpr absl::Duration kMaxBackoff = absl::Seconds(2);

struct Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : studies(channel), server(channel), verifications(channel) {}
  StudyStub studies;
  ServerStub server;
  v1::VerificationService::Stub verifications;
};

class GrpcClient final : public Client {
 public:
  explicit GrpcClient(ClientOptions options)
      : options_(std::move(options)), line_(options_.address, options_.credentials) {}

  absl::StatusOr<v1::Study> CreateStudy(v1::CreateStudyRequest request) override {
    return Mutate(&StudyStub::CreateStudy, request);
  }
  absl::StatusOr<v1::Study> GetStudy(const v1::GetStudyRequest& request) override {
    return Call(studies_, &StudyStub::GetStudy, request);
  }
  absl::StatusOr<v1::ListStudiesResponse> ListStudies(
      const v1::ListStudiesRequest& request) override {
    return Call(studies_, &StudyStub::ListStudies, request);
  }
  absl::StatusOr<v1::Study> StopStudy(v1::StopStudyRequest request) override {
    return Mutate(&StudyStub::StopStudy, request);
  }
  absl::StatusOr<v1::Study> ResumeStudy(v1::ResumeStudyRequest request) override {
    return Mutate(&StudyStub::ResumeStudy, request);
  }
  absl::StatusOr<v1::DeleteStudyResponse> DeleteStudy(v1::DeleteStudyRequest request) override {
    return Mutate(&StudyStub::DeleteStudy, request);
  }
  absl::StatusOr<v1::Trial> GetTrial(const v1::GetTrialRequest& request) override {
    return Call(studies_, &StudyStub::GetTrial, request);
  }
  absl::StatusOr<v1::ListTrialsResponse> ListTrials(const v1::ListTrialsRequest& request) override {
    return Call(studies_, &StudyStub::ListTrials, request);
  }
  absl::StatusOr<v1::ListBestTrialsResponse> ListBestTrials(
      const v1::ListBestTrialsRequest& request) override {
    return Call(studies_, &StudyStub::ListBestTrials, request);
  }
  absl::StatusOr<v1::AskTrialResponse> AskTrial(v1::AskTrialRequest request) override {
    return Mutate(&StudyStub::AskTrial, request, &waiting_);
  }
  // Reports and tells are told apart by their token and steps, without a request id.
  absl::StatusOr<v1::ReportTrialResponse> ReportTrial(
      const v1::ReportTrialRequest& request) override {
    return Call(studies_, &StudyStub::ReportTrial, request);
  }
  absl::StatusOr<v1::Trial> TellTrial(const v1::TellTrialRequest& request) override {
    return Call(studies_, &StudyStub::TellTrial, request);
  }
  absl::StatusOr<v1::Trial> AddTrial(v1::AddTrialRequest request) override {
    return Mutate(&StudyStub::AddTrial, request);
  }
  absl::StatusOr<v1::UpdateStudyResponse> UpdateStudy(v1::UpdateStudyRequest request) override {
    return Mutate(&StudyStub::UpdateStudy, request);
  }
  absl::StatusOr<v1::Trial> RetryTrial(v1::RetryTrialRequest request) override {
    return Mutate(&StudyStub::RetryTrial, request);
  }
  absl::StatusOr<v1::CancelTrialsResponse> CancelTrials(v1::CancelTrialsRequest request) override {
    return Mutate(&StudyStub::CancelTrials, request);
  }
  absl::StatusOr<v1::DownloadModelResponse> DownloadModel(
      const v1::DownloadModelRequest& request) override {
    return Call(studies_, &StudyStub::DownloadModel, request);
  }
  absl::StatusOr<v1::UploadCodeResponse> UploadCode(const v1::UploadCodeRequest& request) override {
    return Call(studies_, &StudyStub::UploadCode, request);
  }
  absl::StatusOr<v1::ReadLogResponse> ReadLog(const v1::ReadLogRequest& request) override {
    return Call(studies_, &StudyStub::ReadLog, request);
  }
  absl::StatusOr<v1::GetImportanceResponse> GetImportance(
      const v1::GetImportanceRequest& request) override {
    return Call(studies_, &StudyStub::GetImportance, request);
  }
  absl::StatusOr<v1::LintStudyResponse> LintStudy(const v1::LintStudyRequest& request) override {
    return Call(studies_, &StudyStub::LintStudy, request);
  }
  absl::StatusOr<v1::ReplayPrunerResponse> ReplayPruner(
      const v1::ReplayPrunerRequest& request) override {
    return Call(studies_, &StudyStub::ReplayPruner, request);
  }
  absl::StatusOr<v1::ServerStatus> GetServerStatus() override {
    return Call(server_, &ServerStub::GetServerStatus, v1::GetServerStatusRequest());
  }
  absl::StatusOr<v1::ListWorkersResponse> ListWorkers() override {
    return Call(server_, &ServerStub::ListWorkers, v1::ListWorkersRequest());
  }
  absl::StatusOr<v1::ServerUsage> GetServerUsage() override {
    return Call(server_, &ServerStub::GetServerUsage, v1::GetServerUsageRequest());
  }

  absl::Status WatchStudy(const v1::WatchStudyRequest& request,
                          std::function<bool(const v1::WatchStudyResponse&)> on_change) override {
    const auto end = line_.Get();
    if (!end.ok()) return end.status();
    grpc::ClientContext context;  // without a deadline; keepalive notices a dead coordinator
    if (!waiting_.Enter(context)) return Cancelled();
    bool enough = false;
    const auto reader = (*end)->stubs.studies.WatchStudy(&context, request);
    v1::WatchStudyResponse response;
    while (reader->Read(&response)) {
      if (enough || on_change(response)) continue;
      enough = true;
      context.TryCancel();  // reading goes on until the call has ended
    }
    const grpc::Status status = reader->Finish();
    const bool cancelled = waiting_.Leave(context);
    return enough ? absl::OkStatus() : FromGrpcStatus(status, (*end)->address, cancelled);
  }

  absl::StatusOr<v1::VerifyStudyResponse> VerifyStudy(
      const v1::VerifyStudyRequest& request,
      std::function<void(const v1::VerifyStudyResponse&)> on_progress) override {
    const auto end = line_.Get();
    if (!end.ok()) return end.status();
    grpc::ClientContext context;  // without a deadline; keepalive notices a dead coordinator
    if (!waiting_.Enter(context)) return Cancelled();
    const auto reader = (*end)->stubs.verifications.VerifyStudy(&context, request);
    v1::VerifyStudyResponse response;
    while (reader->Read(&response)) {
      if (!response.done()) on_progress(response);
    }
    const grpc::Status status = reader->Finish();
    const bool cancelled = waiting_.Leave(context);
    if (!status.ok()) return FromGrpcStatus(status, (*end)->address, cancelled);
    return response;
  }

  void CancelWaiting() override { waiting_.Cancel(); }

 private:
  // A call of `waiting` ends when those are cancelled.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub Stubs::*stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, RunningCalls* waiting = nullptr) {
    return Retry(
        options_.patience, options_.call_timeout, Backoff(kMinBackoff, kMaxBackoff, DrawRandom()),
        [&]() -> absl::StatusOr<Response> {
          const auto end = line_.Get();
          if (!end.ok()) return end.status();
          grpc::ClientContext context;
          SetTimeout(context, options_.call_timeout);
          return CallOnce((*end)->stubs.*stub, method, context, request, (*end)->address, waiting);
        },
        [&](absl::Duration delay) {
          if (waiting == nullptr) return absl::SleepFor(delay);
          waiting->SleepFor(delay);
        });
  }

  // A call with a request id, the same one for every try.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Mutate(grpc::Status (StudyStub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                  Request& request, RunningCalls* waiting = nullptr) {
    if (!request.has_request_id()) *request.mutable_request_id() = ids_.Next();
    return Call(studies_, method, request, waiting);
  }

  // Which stub a call goes to.
  static constexpr StudyStub Stubs::*studies_ = &Stubs::studies;
  static constexpr ServerStub Stubs::*server_ = &Stubs::server;

  const ClientOptions options_;
  Line<Stubs> line_;
  RequestIds ids_;
  RunningCalls waiting_;  // AskTrial, WatchStudy and VerifyStudy
};

}  // namespace

std::unique_ptr<Client> Client::Connect(ClientOptions options) {
  return std::make_unique<GrpcClient>(std::move(options));
}

}  // namespace caviar::client
