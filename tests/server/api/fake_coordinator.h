// A Coordinator whose answers a test scripts.
#ifndef CAVIAR_TESTS_SERVER_API_FAKE_COORDINATOR_H_
#define CAVIAR_TESTS_SERVER_API_FAKE_COORDINATOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

inline constexpr char kWorkerId[] = "0123456789abcdef0123456789abcdef";
// A token of whoever runs the coordinator.
inline constexpr char kOwn[] = "own-0123456789abcdef";

// Unary methods answer, within the call, with what their handler returns; without a handler with
// UNIMPLEMENTED. Handlers are set before the server starts. Acquires and asks park; a test answers
// or cancels them.
class FakeCoordinator : public coordinator::Coordinator {
 public:
  template <typename Request, typename Response>
  using Handler = std::function<absl::StatusOr<Response>(const Request&)>;
  template <typename Response>
  using Done = coordinator::Done<Response>;
  using Wanted = coordinator::Wanted;

  void Drain() override {
    std::map<int64_t, Done<v1::AcquireWorkResponse>> parked;
    {
      absl::MutexLock lock(&mutex_);
      drained_ = true;
      parked.swap(parked_);
    }
    for (auto& [id, done] : parked) done(v1::AcquireWorkResponse());
  }

#define CAVIAR_FAKE_METHOD(Method, member, Request, Response)          \
  void Method(v1::Request request, Done<v1::Response> done) override { \
    done(Answer((member), request, #Method));                          \
  }                                                                    \
  Handler<v1::Request, v1::Response> member

  CAVIAR_FAKE_METHOD(CreateStudy, create_study, CreateStudyRequest, Study);
  CAVIAR_FAKE_METHOD(StopStudy, stop_study, StopStudyRequest, Study);
  CAVIAR_FAKE_METHOD(ResumeStudy, resume_study, ResumeStudyRequest, Study);
  CAVIAR_FAKE_METHOD(DeleteStudy, delete_study, DeleteStudyRequest, DeleteStudyResponse);
  CAVIAR_FAKE_METHOD(ReportTrial, report_trial, ReportTrialRequest, ReportTrialResponse);
  CAVIAR_FAKE_METHOD(TellTrial, tell_trial, TellTrialRequest, Trial);
  CAVIAR_FAKE_METHOD(AddTrial, add_trial, AddTrialRequest, Trial);
  CAVIAR_FAKE_METHOD(UpdateStudy, update_study, UpdateStudyRequest, UpdateStudyResponse);
  CAVIAR_FAKE_METHOD(RetryTrial, retry_trial, RetryTrialRequest, Trial);
  CAVIAR_FAKE_METHOD(CancelTrials, cancel_trials, CancelTrialsRequest, CancelTrialsResponse);
  CAVIAR_FAKE_METHOD(RegisterWorker, register_worker, RegisterWorkerRequest,
                     RegisterWorkerResponse);
  CAVIAR_FAKE_METHOD(RenewLeases, renew_leases, RenewLeasesRequest, RenewLeasesResponse);
  CAVIAR_FAKE_METHOD(ReportMeasurements, report_measurements, ReportMeasurementsRequest,
                     ReportMeasurementsResponse);
  CAVIAR_FAKE_METHOD(FinishWork, finish_work, FinishWorkRequest, FinishWorkResponse);
  CAVIAR_FAKE_METHOD(GiveBackWork, give_back_work, GiveBackWorkRequest, GiveBackWorkResponse);
  CAVIAR_FAKE_METHOD(UploadChunk, upload_chunk, UploadChunkRequest, UploadChunkResponse);
  CAVIAR_FAKE_METHOD(AppendLog, append_log, AppendLogRequest, AppendLogResponse);
  CAVIAR_FAKE_METHOD(DownloadCode, download_code, DownloadCodeRequest, DownloadCodeResponse);
  CAVIAR_FAKE_METHOD(UploadCode, upload_code, UploadCodeRequest, UploadCodeResponse);
#undef CAVIAR_FAKE_METHOD

  // Called before a read is answered; may be null.
  std::function<void(const Wanted&)> before_read;
#define CAVIAR_FAKE_READ(Method, member, Request, Response)                           \
  void Method(v1::Request request, Done<v1::Response> done, Wanted wanted) override { \
    if (before_read) before_read(wanted);                                             \
    done(Answer((member), request, #Method));                                         \
  }                                                                                   \
  Handler<v1::Request, v1::Response> member

  CAVIAR_FAKE_READ(GetStudy, get_study, GetStudyRequest, Study);
  CAVIAR_FAKE_READ(ListStudies, list_studies, ListStudiesRequest, ListStudiesResponse);
  CAVIAR_FAKE_READ(GetTrial, get_trial, GetTrialRequest, Trial);
  CAVIAR_FAKE_READ(ListTrials, list_trials, ListTrialsRequest, ListTrialsResponse);
  CAVIAR_FAKE_READ(ListBestTrials, list_best_trials, ListBestTrialsRequest, ListBestTrialsResponse);
  CAVIAR_FAKE_READ(ReadLog, read_log, ReadLogRequest, ReadLogResponse);
  CAVIAR_FAKE_READ(DownloadModel, download_model, DownloadModelRequest, DownloadModelResponse);
  CAVIAR_FAKE_READ(GetImportance, get_importance, GetImportanceRequest, GetImportanceResponse);
  CAVIAR_FAKE_READ(LintStudy, lint_study, LintStudyRequest, LintStudyResponse);
  CAVIAR_FAKE_READ(ReplayPruner, replay_pruner, ReplayPrunerRequest, ReplayPrunerResponse);
  CAVIAR_FAKE_READ(DownloadChunk, download_chunk, DownloadChunkRequest, DownloadChunkResponse);
#undef CAVIAR_FAKE_READ

  // Begins a verification; AnswerVerification ends it.
  std::function<void(const v1::VerifyStudyRequest&,
                     std::function<bool(const v1::VerifyStudyResponse&)>)>
      verify_study;
  void VerifyStudy(v1::VerifyStudyRequest request,
                   std::function<bool(const v1::VerifyStudyResponse&)> on_verified,
                   Done<v1::VerifyStudyResponse> done) override {
    {
      absl::MutexLock lock(&mutex_);
      verified_ = std::move(done);
    }
    verify_study(request, std::move(on_verified));
  }
  void AnswerVerification(absl::StatusOr<v1::VerifyStudyResponse> found) {
    Done<v1::VerifyStudyResponse> done;
    {
      absl::MutexLock lock(&mutex_);
      done = std::move(verified_);
    }
    done(std::move(found));
  }
  void GetServerStatus(Done<v1::ServerStatus> done) override { done(server_status); }
  v1::ServerStatus server_status;
  void GetServerUsage(Done<v1::ServerUsage> done, Wanted) override { done(server_usage); }
  v1::ServerUsage server_usage;
  void StudyEndTold(int64_t, int32_t) override {}
  void ListWorkers(Done<v1::ListWorkersResponse> done) override { done(workers); }
  v1::ListWorkersResponse workers;

  int64_t AcquireWork(v1::AcquireWorkRequest request, Done<v1::AcquireWorkResponse> done) override {
    bool now = false;
    int64_t id = 0;
    {
      absl::MutexLock lock(&mutex_);
      id = next_id_++;
      acquires_.push_back(std::move(request));
      now = drained_;
      if (!now) parked_[id] = done;
    }
    if (now) done(v1::AcquireWorkResponse());
    return id;
  }
  int64_t AskTrial(v1::AskTrialRequest, Done<v1::AskTrialResponse> done) override {
    absl::MutexLock lock(&mutex_);
    parked_asks_[next_id_] = std::move(done);
    return next_id_++;
  }
  // Set: the grant was on its way when the caller left.
  std::optional<v1::AcquireWorkResponse> grant_on_cancel;
  std::optional<v1::AskTrialResponse> ask_grant_on_cancel;
  void CancelPoll(int64_t id) override {
    const absl::Status cancelled = absl::CancelledError("cancelled");
    if (grant_on_cancel) {
      AnswerAcquire(id, *grant_on_cancel);
    } else {
      AnswerAcquire(id, cancelled);
    }
    if (ask_grant_on_cancel) {
      AnswerAsk(id, *ask_grant_on_cancel);
    } else {
      AnswerAsk(id, cancelled);
    }
    absl::MutexLock lock(&mutex_);
    cancelled_.push_back(id);
  }
  std::function<void(const v1::FencingToken&)> lose_answer;
  void LoseAnswer(const v1::FencingToken& token) override {
    if (lose_answer) lose_answer(token);
  }
  // False: it is not parked.
  bool AnswerAcquire(int64_t id, absl::StatusOr<v1::AcquireWorkResponse> answer) {
    return Unpark(parked_, id, std::move(answer));
  }
  bool AnswerAsk(int64_t id, absl::StatusOr<v1::AskTrialResponse> answer) {
    return Unpark(parked_asks_, id, std::move(answer));
  }
  // The id of a parked call; blocks until there is one.
  int64_t AwaitParked() {
    const auto parked = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !parked_.empty() || !parked_asks_.empty();
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&parked));
    return parked_.empty() ? parked_asks_.begin()->first : parked_.begin()->first;
  }
  // The id of the first cancelled call; blocks until there are so many.
  int64_t AwaitCancelled(size_t count = 1) {
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return cancelled_.size() >= count;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
    return cancelled_.front();
  }
  void AwaitAcquires(size_t count) {
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return acquires_.size() >= count;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
  }
  std::vector<v1::AcquireWorkRequest> acquires() {
    absl::MutexLock lock(&mutex_);
    return acquires_;
  }

  // Changes are what the handler says; Changed tells the listeners.
  std::function<absl::StatusOr<StudyChanges>(const std::string&, std::optional<StudyPosition>)>
      read_study_changes;
  void ReadStudyChanges(std::string study, std::optional<StudyPosition> after,
                        Done<StudyChanges> done) override {
    done(read_study_changes(study, after));
  }
  int64_t Listen(std::string, std::function<void()> changed) override {
    absl::MutexLock lock(&mutex_);
    listeners_[next_id_] = std::move(changed);
    return next_id_++;
  }
  void StopListening(int64_t id) override {
    absl::MutexLock lock(&mutex_);
    listeners_.erase(id);
  }
  void Changed() {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, changed] : listeners_) changed();
  }
  // Blocks until nobody listens.
  void AwaitNoListeners() {
    const auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return listeners_.empty(); };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&none));
  }

 private:
  template <typename Response>
  using Parked = std::map<int64_t, Done<Response>>;

  template <typename Response>
  bool Unpark(Parked<Response>& parked, int64_t id, absl::StatusOr<Response> answer) {
    Done<Response> done;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = parked.find(id);
      if (found == parked.end()) return false;
      done = std::move(found->second);
      parked.erase(found);
    }
    done(std::move(answer));
    return true;
  }
  template <typename Request, typename Response>
  static absl::StatusOr<Response> Answer(const Handler<Request, Response>& handler,
                                         const Request& request, const char* method) {
    if (!handler) return absl::UnimplementedError(method);
    return handler(request);
  }

  absl::Mutex mutex_;
  Done<v1::VerifyStudyResponse> verified_ ABSL_GUARDED_BY(mutex_);
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<v1::AcquireWorkRequest> acquires_ ABSL_GUARDED_BY(mutex_);
  Parked<v1::AcquireWorkResponse> parked_ ABSL_GUARDED_BY(mutex_);
  Parked<v1::AskTrialResponse> parked_asks_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> cancelled_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, std::function<void()>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::server_api

#endif  // CAVIAR_TESTS_SERVER_API_FAKE_COORDINATOR_H_
