// The heart: studies, trials, the state table, leases, hand-out.
//
// The coordinator is a state machine with injected clock and randomness: the same calls at the same
// times give the same trials. It knows the Store interface, samplers and search spaces. It must
// never know gRPC, SQL or the wall clock as a judge.
#ifndef CAVIAR_SERVER_COORDINATOR_COORDINATOR_H_
#define CAVIAR_SERVER_COORDINATOR_COORDINATOR_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caviar/v1/server_service.pb.h"
#include "caviar/v1/study_service.pb.h"
#include "caviar/v1/verification_service.pb.h"
#include "caviar/v1/worker_service.pb.h"
#include "server/coordinator/clock.h"
#include "server/coordinator/limits.h"
#include "server/coordinator/measures.h"
#include "storage/artifact_store.h"
#include "storage/store.h"

namespace caviar::coordinator {

struct Options {
  // How long a worker's lease stands without being renewed. >= 1 s.
  absl::Duration lease_ttl = absl::Seconds(60);
  // Of this build, for people.
  std::string version;
  Limits limits;
  // Ends of studies are told: each is stored until it was. Set where Dependencies has on_study_end.
  bool tell_ends = false;
};

// Metric values that came under stale tokens since the coordinator was started.
struct LateValues {
  int64_t kept = 0;     // apart, never counted
  int64_t dropped = 0;  // too many of one trial's, or of a trial that is not stored
  bool operator==(const LateValues&) const = default;
};

// Called exactly once with the answer, on any thread, never while a lock is held; must not block.
template <typename Response>
using Done = std::function<void(absl::StatusOr<Response>)>;

// Whether anybody still waits for an answer. Called on any thread, once or not at all, before the
// call's Done; must not block. May be null: somebody does.
using Wanted = std::function<bool()>;

// Thread safe. Every method returns at once; the answer of a mutation comes after it is durable.
// Errors carry an ErrorDetail where a program may want to act on them (caviar/v1/error_detail.h).
class Coordinator {
 public:
  struct Dependencies {
    storage::Store& store;
    storage::Reader& reader;
    storage::ArtifactStore& artifacts;
    Clock& clock;
    Randomness& randomness;
    // Called once when the store can no longer be trusted: nothing is answered any more, the
    // process has to end (exit 74).
    std::function<void(absl::Status)> on_fatal;
    // More values came under stale tokens: all so far. Called at most once a minute, on the
    // coordinator's thread; may be null.
    std::function<void(const LateValues&)> on_late = nullptr;
    // The store takes no commits, or (OK) takes them again. Called at the change and once a minute,
    // on the coordinator's thread; may be null.
    std::function<void(const absl::Status&)> on_store = nullptr;
    // Null: nobody wants to know.
    Measures* measures = nullptr;
    // A study ended, which is durable. Called at once at the start for those that were not
    // acknowledged, and so perhaps again. Must not block: what is done about it is done elsewhere,
    // and then StudyEndTold is called. May be null: then nobody is told, nor later.
    std::function<void(const storage::StudyEndRow&)> on_study_end = nullptr;
  };

  // Reads the store and starts the threads. All must outlive the coordinator.
  static absl::StatusOr<std::unique_ptr<Coordinator>> Start(const Dependencies& dependencies,
                                                            Options options);
  // Answers every parked call and joins the threads.
  virtual ~Coordinator() = default;
  // Hands out nothing more and answers every parked call, empty. Other calls go on until
  // destruction.
  virtual void Drain() = 0;

  virtual void UploadCode(v1::UploadCodeRequest request, Done<v1::UploadCodeResponse> done) = 0;
  virtual void CreateStudy(v1::CreateStudyRequest request, Done<v1::Study> done) = 0;
  virtual void StopStudy(v1::StopStudyRequest request, Done<v1::Study> done) = 0;
  virtual void ResumeStudy(v1::ResumeStudyRequest request, Done<v1::Study> done) = 0;
  virtual void DeleteStudy(v1::DeleteStudyRequest request, Done<v1::DeleteStudyResponse> done) = 0;
  // Parks until there is a trial, or a reason why there is none (UNAVAILABLE: not in time), or the
  // returned id is cancelled (then it is answered CANCELLED).
  virtual int64_t AskTrial(v1::AskTrialRequest request, Done<v1::AskTrialResponse> done) = 0;
  virtual void ReportTrial(v1::ReportTrialRequest request, Done<v1::ReportTrialResponse> done) = 0;
  virtual void TellTrial(v1::TellTrialRequest request, Done<v1::Trial> done) = 0;
  virtual void AddTrial(v1::AddTrialRequest request, Done<v1::Trial> done) = 0;
  virtual void UpdateStudy(v1::UpdateStudyRequest request, Done<v1::UpdateStudyResponse> done) = 0;
  virtual void RetryTrial(v1::RetryTrialRequest request, Done<v1::Trial> done) = 0;
  virtual void CancelTrials(v1::CancelTrialsRequest request,
                            Done<v1::CancelTrialsResponse> done) = 0;
  // What on_study_end said was acted upon, and is not told again.
  virtual void StudyEndTold(int64_t study_id, int32_t revision) = 0;

  virtual void RegisterWorker(v1::RegisterWorkerRequest request,
                              Done<v1::RegisterWorkerResponse> done) = 0;
  // Parks until there is work, the request's wait is over, or the returned id is cancelled (then it
  // is answered CANCELLED).
  virtual int64_t AcquireWork(v1::AcquireWorkRequest request,
                              Done<v1::AcquireWorkResponse> done) = 0;
  // Of AskTrial or AcquireWork.
  virtual void CancelPoll(int64_t id) = 0;
  // An answer of theirs with this token did not reach its caller: what it granted goes to another,
  // and counts against nobody, unless a repeat of the call was answered with it as well.
  virtual void LoseAnswer(const v1::FencingToken& token) = 0;
  virtual void RenewLeases(v1::RenewLeasesRequest request, Done<v1::RenewLeasesResponse> done) = 0;
  virtual void ReportMeasurements(v1::ReportMeasurementsRequest request,
                                  Done<v1::ReportMeasurementsResponse> done) = 0;
  virtual void FinishWork(v1::FinishWorkRequest request, Done<v1::FinishWorkResponse> done) = 0;
  virtual void GiveBackWork(v1::GiveBackWorkRequest request,
                            Done<v1::GiveBackWorkResponse> done) = 0;
  virtual void UploadChunk(v1::UploadChunkRequest request, Done<v1::UploadChunkResponse> done) = 0;
  virtual void DownloadChunk(v1::DownloadChunkRequest request, Done<v1::DownloadChunkResponse> done,
                             Wanted wanted) = 0;
  virtual void AppendLog(v1::AppendLogRequest request, Done<v1::AppendLogResponse> done) = 0;
  virtual void DownloadCode(v1::DownloadCodeRequest request,
                            Done<v1::DownloadCodeResponse> done) = 0;

  // Reads run on threads of their own and see everything that was answered before. One whose turn
  // comes when it is wanted no more is answered CANCELLED: readers who went away and ask again must
  // not wait behind themselves.
  virtual void GetStudy(v1::GetStudyRequest request, Done<v1::Study> done, Wanted wanted) = 0;
  virtual void ListStudies(v1::ListStudiesRequest request, Done<v1::ListStudiesResponse> done,
                           Wanted wanted) = 0;
  virtual void GetTrial(v1::GetTrialRequest request, Done<v1::Trial> done, Wanted wanted) = 0;
  virtual void ListTrials(v1::ListTrialsRequest request, Done<v1::ListTrialsResponse> done,
                          Wanted wanted) = 0;
  virtual void ListBestTrials(v1::ListBestTrialsRequest request,
                              Done<v1::ListBestTrialsResponse> done, Wanted wanted) = 0;
  virtual void ReadLog(v1::ReadLogRequest request, Done<v1::ReadLogResponse> done,
                       Wanted wanted) = 0;
  virtual void DownloadModel(v1::DownloadModelRequest request, Done<v1::DownloadModelResponse> done,
                             Wanted wanted) = 0;
  virtual void GetImportance(v1::GetImportanceRequest request, Done<v1::GetImportanceResponse> done,
                             Wanted wanted) = 0;
  virtual void LintStudy(v1::LintStudyRequest request, Done<v1::LintStudyResponse> done,
                         Wanted wanted) = 0;
  virtual void ReplayPruner(v1::ReplayPrunerRequest request, Done<v1::ReplayPrunerResponse> done,
                            Wanted wanted) = 0;
  virtual void GetServerUsage(Done<v1::ServerUsage> done, Wanted wanted) = 0;
  // Calls `on_verified` on a thread of the coordinator before each trial; false, or a shutdown,
  // ends the work (CANCELLED). One study is verified at a time, others wait for their turn.
  virtual void VerifyStudy(v1::VerifyStudyRequest request,
                           std::function<bool(const v1::VerifyStudyResponse&)> on_verified,
                           Done<v1::VerifyStudyResponse> done) = 0;
  virtual void GetServerStatus(Done<v1::ServerStatus> done) = 0;
  virtual void ListWorkers(Done<v1::ListWorkersResponse> done) = 0;

  // How far a watcher knows a study's trials: all that were written up to `commit`, but of those
  // of this very commit only the ones up to `number`.
  struct StudyPosition {
    int64_t commit = 0;
    int32_t number = std::numeric_limits<int32_t>::max();
    bool operator==(const StudyPosition&) const = default;
  };
  // What a watcher sees: the study, and of the trials that became final after a position as many as
  // fit into one answer.
  struct StudyChanges {
    v1::WatchStudyResponse response;
    StudyPosition position;  // to read on from
    bool more = false;       // there is more to read at once
    bool over = false;       // ENDED, all is read, and no test evaluation is outstanding
  };
  // `after`: StudyPosition() lists all there are, nullopt none: just the position to start from.
  virtual void ReadStudyChanges(std::string study, std::optional<StudyPosition> after,
                                Done<StudyChanges> done) = 0;
  // Calls `changed` after each commit that changed the study (or deleted it), from the
  // coordinator's thread: it must only set a flag. Not called any more after StopListening returns.
  virtual int64_t Listen(std::string study, std::function<void()> changed) = 0;
  virtual void StopListening(int64_t id) = 0;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_COORDINATOR_H_
