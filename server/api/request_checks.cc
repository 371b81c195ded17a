#include "server/api/request_checks.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/api/field_checker.h"

namespace caviar::server_api {
namespace {

constexpr int32_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr size_t kMaxPageTokenBytes = 1024;
constexpr size_t kMaxMetricBytes = 128;
constexpr int64_t kMaxCodeBytes = 50 << 20;
constexpr int64_t kMaxLogChunkBytes = 256 << 10;
constexpr double kMaxCpus = 1e6;
constexpr int kMaxCancelled = 200;
constexpr int kMaxWanted = 64;

// It becomes a file's name.
void CheckCodeHash(FieldChecker& check, const char* field, const std::string& hash) {
  const bool hex = std::all_of(hash.begin(), hash.end(), [](char c) {
    return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
  });
  check.Require(hex && hash.size() == 64, field,
                absl::StrCat("is ", Quoted(hash), "; must be 64 lower-case hex digits"));
}

void CheckPage(FieldChecker& check, int32_t page_size, const std::string& page_token) {
  check.Range("page_size", page_size, 0, kMaxInt32);
  check.Length("page_token", page_token, 0, kMaxPageTokenBytes);
}

void CheckView(FieldChecker& check, v1::TrialView view) {
  check.Require(v1::TrialView_IsValid(view), "view",
                absl::StrCat("is ", static_cast<int>(view),
                             "; must be TRIAL_VIEW_BASIC (1) or TRIAL_VIEW_FULL (2)"));
}

// Requests that carry nothing but an id and a study's name.
template <typename Request>
absl::Status CheckStudyMutation(const Request& request) {
  FieldChecker check;
  check.Id("request_id", request.has_request_id(), request.request_id());
  check.StudyName("study", request.study());
  return std::move(check).Result();
}

bool IsPrintable(const std::string& text) {
  for (const char c : text) {
    if (absl::ascii_iscntrl(c)) return false;
  }
  return true;
}

void CheckOrder(FieldChecker& check, const std::string& order) {
  for (const char* key : {"", "number", "objective", "create_time", "end_time"}) {
    if (order == key || (*key != '\0' && order == absl::StrCat(key, " desc"))) return;
  }
  check.Require(false, "order_by",
                absl::StrCat("is ", Quoted(order),
                             "; must be number, objective, create_time or end_time, with \" desc\" "
                             "behind it or not"));
}

}  // namespace

absl::Status CheckRequest(const v1::CreateStudyRequest& request) {
  FieldChecker check;
  if (!request.validate_only()) {
    check.Id("request_id", request.has_request_id(), request.request_id());
  }
  check.Require(request.has_study(), "study", "is required");
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::GetStudyRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Range("revision", request.revision(), 0, kMaxInt32);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::ListStudiesRequest& request) {
  FieldChecker check;
  CheckPage(check, request.page_size(), request.page_token());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::StopStudyRequest& request) {
  return CheckStudyMutation(request);
}

absl::Status CheckRequest(const v1::ResumeStudyRequest& request) {
  return CheckStudyMutation(request);
}

absl::Status CheckRequest(const v1::DeleteStudyRequest& request) {
  return CheckStudyMutation(request);
}

absl::Status CheckRequest(const v1::GetTrialRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Range("number", request.number(), 0, kMaxInt32);
  CheckView(check, request.view());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::ListTrialsRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  CheckPage(check, request.page_size(), request.page_token());
  CheckOrder(check, request.order_by());
  CheckView(check, request.view());
  check.Require(request.states_size() <= 64, "states",
                absl::StrCat("has ", request.states_size(), " entries; at most 64 are taken"));
  for (int i = 0; i < request.states_size() && i < 64; ++i) {
    const int state = request.states(i);
    check.Require(v1::Trial::State_IsValid(state) && state != v1::Trial::STATE_UNSPECIFIED,
                  absl::StrCat("states[", i, "]"),
                  absl::StrCat("is ", state, "; must be a state of a trial, 1 to 8"));
  }
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::ListBestTrialsRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Range("count", request.count(), 0, 1000);
  CheckView(check, request.view());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::WatchStudyRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::VerifyStudyRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::AskTrialRequest& request) {
  FieldChecker check;
  check.Id("request_id", request.has_request_id(), request.request_id());
  check.StudyName("study", request.study());
  if (request.has_lease()) {
    check.Duration("lease", request.lease(), absl::Seconds(1), absl::Hours(30 * 24));
  }
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::ReportTrialRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Range("number", request.number(), 0, kMaxInt32);
  check.Token("token", request.has_token(), request.token());
  check.Measurements(request.measurements());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::TellTrialRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Range("number", request.number(), 0, kMaxInt32);
  check.Token("token", request.has_token(), request.token());
  switch (request.outcome_case()) {
    case v1::TellTrialRequest::kCompleted:
      check.Metrics("completed.metrics", request.completed().metrics());
      break;
    case v1::TellTrialRequest::kFailed:
      check.Length("failed.message", request.failed().message(), 0, FieldChecker::kMaxTextBytes);
      break;
    case v1::TellTrialRequest::kInfeasible:
      check.Length("infeasible.message", request.infeasible().message(), 0,
                   FieldChecker::kMaxTextBytes);
      break;
    case v1::TellTrialRequest::OUTCOME_NOT_SET:
      check.Require(false, "outcome", "is required: completed, failed or infeasible");
  }
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::AddTrialRequest& request) {
  FieldChecker check;
  check.Id("request_id", request.has_request_id(), request.request_id());
  check.StudyName("study", request.study());
  check.Values("parameters", request.parameters());
  if (request.has_completed()) {
    check.Metrics("completed.metrics", request.completed().metrics());
  }
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::UpdateStudyRequest& request) {
  FieldChecker check;
  if (!request.validate_only()) {
    check.Id("request_id", request.has_request_id(), request.request_id());
  }
  check.StudyName("study", request.study());
  check.Require(request.has_definition(), "definition", "is required");
  check.Range("revision", request.revision(), 0, kMaxInt32);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::RetryTrialRequest& request) {
  FieldChecker check;
  check.Id("request_id", request.has_request_id(), request.request_id());
  check.StudyName("study", request.study());
  check.Range("number", request.number(), 0, kMaxInt32);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::CancelTrialsRequest& request) {
  FieldChecker check;
  check.Id("request_id", request.has_request_id(), request.request_id());
  check.StudyName("study", request.study());
  check.Range("numbers", request.numbers_size(), 1, kMaxCancelled);
  for (int i = 0; i < std::min(request.numbers_size(), kMaxCancelled); ++i) {
    check.Range(absl::StrCat("numbers[", i, "]"), request.numbers(i), 0, kMaxInt32);
  }
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::GetImportanceRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Length("metric", request.metric(), 0, kMaxMetricBytes);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::LintStudyRequest& request) {
  FieldChecker check;
  check.Require(request.what_case() != v1::LintStudyRequest::WHAT_NOT_SET, "what",
                "is required: study or definition");
  if (request.has_study()) check.StudyName("study", request.study());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::ReplayPrunerRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Require(request.has_pruner(), "pruner", "is required: the pruner to replay");
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::DownloadModelRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Range("number", request.number(), 0, kMaxInt32);
  check.Range("offset", request.offset(), 0, FieldChecker::kMaxFileBytes);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::UploadCodeRequest& request) {
  FieldChecker check;
  const v1::CodeArchive& archive = request.archive();
  const int64_t bytes = static_cast<int64_t>(request.data().size());
  CheckCodeHash(check, "archive.sha256", archive.sha256());
  check.Range("archive.size", archive.size(), 1, kMaxCodeBytes);
  check.Range("offset", request.offset(), 0, kMaxCodeBytes);
  check.Range("data", bytes, request.offset() == 0 ? 0 : 1, FieldChecker::kMaxChunkBytes);
  if (archive.size() > 0) {  // else it is refused already, and the difference might overflow
    check.Require(request.offset() <= archive.size() - bytes, "offset",
                  absl::StrCat("is ", request.offset(), "; with ", bytes,
                               " bytes of data it passes the size of ", archive.size()));
  }
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::ReadLogRequest& request) {
  FieldChecker check;
  check.StudyName("study", request.study());
  check.Range("number", request.number(), 0, kMaxInt32);
  check.Range("attempt", request.attempt(), 0, kMaxInt32);
  check.Range("offset", request.offset(), -FieldChecker::kMaxFileBytes,
              FieldChecker::kMaxFileBytes);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::RegisterWorkerRequest& request) {
  FieldChecker check;
  check.Id("request_id", request.has_request_id(), request.request_id());
  check.Length("name", request.name(), 1, 128);
  check.Require(IsPrintable(request.name()), "name",
                absl::StrCat("is ", Quoted(request.name()), "; must be printable"));
  check.Length("version", request.version(), 1, 64);
  check.Length("numerics_fingerprint", request.numerics_fingerprint(), 0, 512);
  check.Require(IsPrintable(request.numerics_fingerprint()), "numerics_fingerprint",
                absl::StrCat("is ", Quoted(request.numerics_fingerprint()), "; must be printable"));
  check.Range("slots", request.slots(), 1, 1024);
  check.Range("features", request.features_size(), 0, 64);
  for (int i = 0; i < request.features_size() && i < 64; ++i) {
    check.Length(absl::StrCat("features[", i, "]"), request.features(i), 1, 64);
  }
  check.Range("labels", static_cast<int64_t>(request.labels().size()), 0, 64);
  if (request.labels().size() <= 64) {
    for (const auto& [key, value] : request.labels()) {
      check.Length("labels", key, 1, 128);
      check.Length("labels", value, 0, 256);
      check.Require(IsPrintable(key) && IsPrintable(value), "labels",
                    absl::StrCat("holds ", Quoted(key), "=", Quoted(value), "; must be printable"));
    }
  }
  const v1::Resources& resources = request.resources();
  // Written so that NaN is refused.
  check.Require(!resources.has_cpus() || (resources.cpus() >= 0 && resources.cpus() <= kMaxCpus),
                "resources.cpus", absl::StrCat("is ", resources.cpus(), "; must be from 0 to 1e6"));
  check.Range("resources.gpus", resources.gpus(), 0, 1024);
  check.Range("resources.memory", resources.memory().bytes(), 0,
              std::numeric_limits<int64_t>::max());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::AcquireWorkRequest& request) {
  FieldChecker check;
  check.Id("request_id", request.has_request_id(), request.request_id());
  check.WorkerId("worker_id", request.worker_id());
  if (request.has_wait()) {
    check.Duration("wait", request.wait(), absl::ZeroDuration(), absl::Seconds(60));
  }
  if (request.has_time_left()) {
    check.Duration("time_left", request.time_left(), absl::ZeroDuration(), absl::Hours(24 * 3660));
  }
  check.Range("studies", request.studies_size(), 0, kMaxWanted);
  check.Range("owners", request.owners_size(), 0, kMaxWanted);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::RenewLeasesRequest& request) {
  FieldChecker check;
  check.WorkerId("worker_id", request.worker_id());
  check.Tokens(request.tokens());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::ReportMeasurementsRequest& request) {
  FieldChecker check;
  check.Token("token", request.has_token(), request.token());
  check.Measurements(request.measurements());
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::AppendLogRequest& request) {
  FieldChecker check;
  check.Token("token", request.has_token(), request.token());
  check.Range("offset", request.offset(), 0, FieldChecker::kMaxFileBytes);
  check.Range("data", static_cast<int64_t>(request.data().size()), 0, kMaxLogChunkBytes);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::DownloadCodeRequest& request) {
  FieldChecker check;
  CheckCodeHash(check, "sha256", request.sha256());
  check.Range("offset", request.offset(), 0, kMaxCodeBytes);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::FinishWorkRequest& request) {
  FieldChecker check;
  check.Token("token", request.has_token(), request.token());
  switch (request.outcome_case()) {
    case v1::FinishWorkRequest::kCompleted:
    case v1::FinishWorkRequest::kStopped:
      break;
    case v1::FinishWorkRequest::kFailed:
      check.Length("failed.message", request.failed().message(), 0, FieldChecker::kMaxTextBytes);
      break;
    case v1::FinishWorkRequest::kInfeasible:
      check.Step("infeasible.step", request.infeasible().step());
      check.Length("infeasible.message", request.infeasible().message(), 0,
                   FieldChecker::kMaxTextBytes);
      break;
    case v1::FinishWorkRequest::kEvaluated:
      check.Metrics("evaluated.metrics", request.evaluated().metrics());
      check.Classes("evaluated.classes", request.evaluated().classes());
      break;
    case v1::FinishWorkRequest::kRunAgain:
      check.Length("run_again.message", request.run_again().message(), 0,
                   FieldChecker::kMaxTextBytes);
      break;
    case v1::FinishWorkRequest::OUTCOME_NOT_SET:
      check.Require(false, "outcome",
                    "is required: completed, failed, infeasible, evaluated, stopped or run_again");
  }
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::GiveBackWorkRequest& request) {
  FieldChecker check;
  check.Tokens(request.tokens());
  check.Length("unusable_checkpoint", request.unusable_checkpoint(), 0,
               FieldChecker::kMaxTextBytes);
  check.Require(request.unusable_checkpoint().empty() || request.tokens_size() == 1,
                "unusable_checkpoint",
                absl::StrCat("is said of ", request.tokens_size(),
                             " tokens; it goes with the one whose checkpoint it is about"));
  check.Length("worker_trouble", request.worker_trouble(), 0, FieldChecker::kMaxTextBytes);
  check.Require(request.worker_trouble().empty() || request.tokens_size() == 1, "worker_trouble",
                absl::StrCat("is said of ", request.tokens_size(),
                             " tokens; it goes with the one that the worker could not do"));
  check.Require(request.worker_trouble().empty() || request.unusable_checkpoint().empty(),
                "worker_trouble",
                "comes with unusable_checkpoint; a checkpoint is either unusable for all or out of "
                "this worker's reach");
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::UploadChunkRequest& request) {
  FieldChecker check;
  const int64_t bytes = static_cast<int64_t>(request.data().size());
  check.Token("token", request.has_token(), request.token());
  check.ArtifactKind("kind", request.kind());
  check.Step("step", request.step());
  check.Range("size", request.size(), 1, FieldChecker::kMaxFileBytes);
  check.Range("offset", request.offset(), 0, FieldChecker::kMaxFileBytes);
  check.Range("data", bytes, 1, FieldChecker::kMaxChunkBytes);
  if (request.size() > 0) {  // else it is refused already, and the difference might overflow
    check.Require(request.offset() <= request.size() - bytes, "offset",
                  absl::StrCat("is ", request.offset(), "; with ", bytes,
                               " bytes of data it passes the size of ", request.size()));
  }
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::DownloadChunkRequest& request) {
  FieldChecker check;
  const v1::Artifact& artifact = request.artifact();
  check.StudyName("artifact.study", artifact.study());
  check.Range("artifact.trial", artifact.trial(), 0, kMaxInt32);
  check.Range("artifact.attempt", artifact.attempt(), 1, kMaxInt32);
  check.ArtifactKind("artifact.kind", artifact.kind());
  check.Step("artifact.step", artifact.step());
  check.Range("offset", request.offset(), 0, FieldChecker::kMaxFileBytes);
  check.Range("max_bytes", request.max_bytes(), 0, FieldChecker::kMaxChunkBytes);
  return std::move(check).Result();
}

absl::Status CheckRequest(const v1::GetServerStatusRequest&) { return absl::OkStatus(); }

absl::Status CheckRequest(const v1::ListWorkersRequest&) { return absl::OkStatus(); }

absl::Status CheckRequest(const v1::GetServerUsageRequest&) { return absl::OkStatus(); }

}  // namespace caviar::server_api
