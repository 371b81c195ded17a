// What callers send.
#include <google/protobuf/stubs/logging.h>

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "caviar/v1/verification_service.pb.h"
#include "server/api/request_checks.h"
#include "server/coordinator/queries.h"
#include "server/coordinator/study_validation.h"
#include "server/sampling/sampler.h"
#include "server/search_space/search_space.h"
#include "storage/memory_store.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/targets.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::fuzz {
namespace {

// It would say on stderr of each text that is not UTF-8 what callers are told anyway.
[[maybe_unused]] const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);

template <typename Message>
void Check(absl::string_view bytes) {
  Message request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const absl::Status status = server_api::CheckRequest(request);
  if (!status.ok()) DemandRefusal(status);
}

template <typename... Messages>
constexpr std::array<void (*)(absl::string_view), sizeof...(Messages)> Checks() {
  return {&Check<Messages>...};
}

class StillClock final : public coordinator::Clock {
 public:
  absl::Duration Steady() override { return absl::ZeroDuration(); }
  absl::Time Wall() override { return absl::UnixEpoch(); }
};

// A store with one study of twelve trials.
struct Library {
  Library() {
    storage::Batch batch;
    storage::StudyRow study;
    study.id = 1;
    study.definition.set_name("s");
    study.definition.mutable_objective()->set_metric("m");
    study.definition.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
    batch.push_back(study);
    for (int number = 0; number < 12; ++number) {
      storage::TrialRow trial;
      trial.id = number + 1;
      trial.study_id = 1;
      trial.number = number;
      trial.create_time = 1000 - number;
      if (number % 3 == 0) {
        trial.state = v1::Trial::COMPLETED;
        trial.objective = number % 5;
        trial.objective_step = 1;
        trial.final_order = number / 3 + 1;
      }
      batch.push_back(trial);
    }
    const absl::Status status = store.Apply(batch, 1);
    Demand(status.ok(), "a store to read from: " + status.ToString());
  }
  storage::TemporaryFolder folder;
  storage::MemoryStore store;
  storage::ArtifactStore artifacts = *storage::ArtifactStore::Open(folder.path());
  StillClock clock;
  coordinator::Queries queries{store, artifacts, clock};
};

}  // namespace

void Request(absl::string_view bytes) {
  static constexpr auto kChecks = Checks<
      v1::CreateStudyRequest, v1::GetStudyRequest, v1::ListStudiesRequest, v1::StopStudyRequest,
      v1::ResumeStudyRequest, v1::DeleteStudyRequest, v1::GetTrialRequest, v1::ListTrialsRequest,
      v1::ListBestTrialsRequest, v1::WatchStudyRequest, v1::AskTrialRequest, v1::ReportTrialRequest,
      v1::TellTrialRequest, v1::AddTrialRequest, v1::DownloadModelRequest, v1::GetImportanceRequest,
      v1::LintStudyRequest, v1::ReplayPrunerRequest, v1::RegisterWorkerRequest,
      v1::AcquireWorkRequest, v1::RenewLeasesRequest, v1::ReportMeasurementsRequest,
      v1::FinishWorkRequest, v1::GiveBackWorkRequest, v1::UploadChunkRequest,
      v1::DownloadChunkRequest, v1::GetServerStatusRequest, v1::ListWorkersRequest,
      v1::VerifyStudyRequest, v1::UpdateStudyRequest, v1::RetryTrialRequest,
      v1::CancelTrialsRequest, v1::UploadCodeRequest, v1::ReadLogRequest, v1::AppendLogRequest,
      v1::DownloadCodeRequest, v1::GetServerUsageRequest>();
  if (bytes.empty()) return;
  kChecks[static_cast<uint8_t>(bytes[0]) % kChecks.size()](bytes.substr(1));
}

// A study that passes every check has a space in which its sampler finds a first configuration.
void Study(absl::string_view bytes) {
  v1::CreateStudyRequest request;
  request.mutable_request_id()->set_client_id(std::string(32, 'a'));
  request.mutable_request_id()->set_sequence(1);
  if (!request.mutable_study()->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return;
  if (!server_api::CheckRequest(request).ok()) return;
  for (const v1::FieldViolation& violation : coordinator::ValidateStudy(request.study())) {
    Demand(!violation.field().empty() && !violation.description().empty(), "words for a mistake");
    return;
  }
  const auto space = search_space::SearchSpace::Create(request.study().parameters(),
                                                       request.study().linear_constraints());
  Demand(space.ok(), "a space: " + space.status().ToString());
  const auto sampler = sampling::MakeSampler(request.study().sampler());
  Demand(sampler.ok(), "a sampler: " + sampler.status().ToString());
  sampling::SamplerInput input;
  input.max_trials = 10;
  sampling::Suggest(**sampler, *space, input);
}

void TrialPage(absl::string_view bytes) {
  static auto* library = new Library;
  v1::ListTrialsRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  request.set_study("s");
  if (!server_api::CheckRequest(request).ok()) return;
  const auto page = library->queries.ListTrials(request);
  if (!page.ok()) return DemandRefusal(page.status());
  Demand(page->trials_size() <= 12, "no trial twice");
}

}  // namespace caviar::fuzz
