// The decisions of the coordinator, without threads: commands come in batches, each is decided
// against the state in memory, all are written as one transaction, then all are answered.
//
// Files: core.cc (batches), core_recovery.cc (after a commit that failed), core_studies.cc (studies
// and their limits), core_hand_out.cc (parked calls, grants), core_suggestions.cc (what is handed
// out next), core_added.cc (trials that a person adds, runs again or cancels), core_limits.cc (what
// the coordinator's own limits leave room for), core_update.cc (revisions of studies), core_ends.cc
// (who is told of ends), core_attempts.cc (reports, outcomes), core_pruning.cc (what ends early,
// pauses and goes on), core_artifacts.cc (files, what goes on from a checkpoint), core_leases.cc
// (holders, lost leases), core_workers.cc (who is registered), core_requests.cc (repeats of rare
// mutations).
#ifndef CAVIAR_SERVER_COORDINATOR_CORE_H_
#define CAVIAR_SERVER_COORDINATOR_CORE_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/coordinator/clock.h"
#include "server/coordinator/command.h"
#include "server/coordinator/coordinator.h"
#include "server/coordinator/lease_table.h"
#include "server/coordinator/measures.h"
#include "server/coordinator/outcome.h"
#include "server/coordinator/placement.h"
#include "server/coordinator/poll.h"
#include "server/coordinator/sightings.h"
#include "server/coordinator/state.h"
#include "server/coordinator/store_health.h"
#include "server/coordinator/suggester.h"
#include "server/coordinator/worker_troubles.h"
#include "server/sampling/numerics.h"
#include "storage/shared_checkpoints.h"
#include "storage/store.h"

namespace caviar::coordinator {

// Used by one thread, the sequencer's; only `leases` and `sightings` are shared.
class Core {
 public:
  struct Dependencies {
    storage::Store& store;
    Clock& clock;
    Randomness& randomness;
    LeaseTable& leases;
    Sightings& sightings;
    Suggester& suggester;
    // Puts a command in the sequencer's queue, from any thread.
    std::function<void(Command)> post;
    // A study of this name was changed by a commit.
    std::function<void(const std::string& study)> on_change;
    // The files of this study can be removed.
    std::function<void(int64_t study_id)> on_erased;
    // No row names this file any more.
    std::function<void(const std::string& file)> on_file_erased;
    // The trial is final: of its files, finished or not, only these are named by rows.
    std::function<void(int64_t study_id, int32_t number, const std::set<std::string>& files)>
        on_files_final;
    std::function<void(absl::Status)> on_fatal;
    // As Coordinator::Dependencies::on_late.
    std::function<void(const LateValues&)> on_late = nullptr;
    // Of the trial's checkpoints in a shared folder, only these are named by rows.
    std::function<void(const storage::SharedCheckpoints&)> on_shared_checkpoints =
        [](const storage::SharedCheckpoints&) {};
    // Null: nobody wants to know.
    Measures* measures = nullptr;
    // As Coordinator::Dependencies::on_study_end.
    std::function<void(const storage::StudyEndRow&)> on_study_end = nullptr;
    // As Coordinator::Dependencies::on_store.
    std::function<void(const absl::Status&)> on_store = nullptr;
  };

  Core(Dependencies dependencies, Options options);

  // Reads the store; all leases get a fresh TTL.
  absl::Status Load();
  // Decides, commits, answers.
  void Run(std::vector<Command> commands);
  // When Run wants to be called again at the latest, with or without commands.
  absl::Duration NextWake() const { return next_wake_; }
  // Answers all parked calls and takes no more.
  void Drain();
  // The store can no longer be trusted; nothing is answered any more.
  bool dead() const { return dead_; }

  const State& state() const { return state_; }
  // What lies rightly in studies' folders below artifacts/: the files that rows name, what programs
  // printed, and the folders of studies that are being erased.
  std::set<std::string> Files() const;
  // The archives that studies were created with.
  std::set<std::string> CodeFiles() const;

  // Decisions, called from commands. Each returns what the caller is to be answered.
  absl::StatusOr<v1::Study> CreateStudy(const v1::CreateStudyRequest& request);
  absl::StatusOr<v1::Study> StopStudy(const v1::StopStudyRequest& request);
  absl::StatusOr<v1::Study> ResumeStudy(const v1::ResumeStudyRequest& request);
  absl::StatusOr<v1::DeleteStudyResponse> DeleteStudy(const v1::DeleteStudyRequest& request);
  absl::StatusOr<v1::RegisterWorkerResponse> RegisterWorker(
      const v1::RegisterWorkerRequest& request);
  absl::StatusOr<v1::ReportMeasurementsResponse> Report(
      const v1::ReportMeasurementsRequest& request);
  absl::StatusOr<v1::FinishWorkResponse> Finish(const v1::FinishWorkRequest& request);
  absl::StatusOr<v1::Trial> Tell(const v1::TellTrialRequest& request);
  absl::StatusOr<v1::Trial> AddTrial(const v1::AddTrialRequest& request);
  absl::StatusOr<v1::UpdateStudyResponse> UpdateStudy(const v1::UpdateStudyRequest& request);
  absl::StatusOr<v1::Trial> RetryTrial(const v1::RetryTrialRequest& request);
  absl::StatusOr<v1::CancelTrialsResponse> CancelTrials(const v1::CancelTrialsRequest& request);
  // The end of a study was told.
  void ForgetStudyEnd(int64_t study_id, int32_t revision);
  absl::StatusOr<v1::GiveBackWorkResponse> GiveBack(const v1::GiveBackWorkRequest& request);
  absl::StatusOr<v1::UploadChunkResponse> RecordArtifact(Token token, storage::ArtifactRow row);
  // The token's study and trial number must be these; NOT_FOUND or LEASE_LOST otherwise.
  absl::Status CheckTarget(Token token, const std::string& study, int32_t number) const;
  // Whether the token's lease is this worker's and stands, after bringing it back to life if it had
  // expired and its trial was given to nobody since.
  bool Revive(Token token, const std::string& worker_id);
  // The caller does not have this lease, which is nobody's loss: its trial waits again. `why` goes
  // on from "worker NAME", or "its asker".
  void LoseGrant(Token token, absl::string_view why = "never got it");
  // One answer with this token reached nobody: a lost grant, unless it was given more than once.
  void LoseAnswer(Token token);
  // The worker leaves: its parked calls are answered, empty, and leases of it that are not `kept`
  // are lost grants.
  void Leave(const std::string& worker_id, const std::vector<Token>& kept);
  // Puts a poll among the parked ones.
  void Park(Poll poll);
  void CancelPoll(int64_t id);
  // A decision met DATA_LOSS in the store: its batch is not answered, the process has to end.
  void NoteDamage(const absl::Status& status) { damage_ = status; }

  v1::ServerStatus Status() const;
  v1::ListWorkersResponse Workers() const;

 private:
  // core.cc
  void Begin();
  // What FollowCurve had kept.
  absl::Status RestoreCurves(const StudyState& study, TrialState& trial) const;
  absl::Status Commit();
  // After nothing was heard or decided for so long: that is nobody's fault but this process's, or
  // its disk's.
  void ForgiveStandstill(absl::Duration lasted);
  // Of a batch that was committed.
  void Measure(absl::Duration commit_took, size_t calls) const;
  void Succeed(std::vector<Command>& commands);

  // core_recovery.cc
  // What a caller is answered whose commit failed so.
  static absl::Status Refusal(const absl::Status& failure);
  void Die(const absl::Status& damage);
  void Recover(std::vector<Command>& commands, const absl::Status& failure);
  absl::Status ProbeStore();
  // Takes those that store something out, undecided, unless the store commits again.
  void RefuseWhileDoubted(std::vector<Command>& commands, absl::Duration now);
  void Replay(std::vector<Command> commands);
  void Refuse(std::vector<Command>& commands, const absl::Status& failure);
  void Hold();

  absl::Duration SweepInterval() const {
    return std::min(options_.lease_ttl / 8, absl::Milliseconds(500));
  }
  // `now`: as of which renewals were heard.
  void Housekeep(absl::Duration now);
  // Counts what the batch kept apart, and says so now and then.
  void CountLate();
  void SetNextWake();
  // When what is decided now will have been written: its place in the order of all changes.
  storage::Moment Here() const { return {state_.commit + 1, static_cast<int32_t>(batch_.size())}; }
  int64_t WallMicros() const { return absl::ToUnixMicros(deps_.clock.Wall()); }
  // The calendar's time when this process began, carried on by the steady clock: it bridges a
  // restart, and a jump of the calendar does not count.
  int64_t BridgeMicros() const {
    return absl::ToUnixMicros(start_wall_ + (deps_.clock.Steady() - start_steady_));
  }

  // core_workers.cc
  void CountWorkers(v1::ServerStatus& status) const;
  bool IsAlive(const Sighting& seen, absl::Duration now) const;
  void AddRests(v1::Worker& worker, absl::Duration now) const;
  // RESOURCE_EXHAUSTED: too many are registered, and none of them is silent.
  absl::Status MakeRoomForWorker();
  struct Silence {
    absl::Duration time;
    bool left = false;  // it said that it ends
  };
  // For how long nobody heard of the worker.
  Silence SilenceOf(const storage::WorkerRow& worker,
                    const std::map<std::string, Sighting>& last_seen) const;
  // Those that nobody heard of for so long, and that no trial waits for; at most so many. `silence`
  // is that of workers that did not say that they leave.
  void ForgetWorkers(absl::Duration silence, absl::Duration silence_of_left, size_t limit);
  void ForgetWorkers();
  // The workers of leases that stand, or ended and may live again.
  std::set<std::string> FindOwners() const;

  // core_requests.cc
  // Answers that are so old that nobody asks for them again; some in each batch.
  void ForgetRequests();
  // The answer stored for this request; nullopt: it is new. A repeat with another body is
  // INVALID_ARGUMENT, one of a request that was forgotten FAILED_PRECONDITION.
  absl::StatusOr<std::optional<std::string>> FindAnswer(const v1::RequestId& id,
                                                        const std::string& method, uint32_t body);
  void StoreAnswer(const v1::RequestId& id, const std::string& method, uint32_t body,
                   std::string response);
  // Answers a repeat of a rare mutation from the log; otherwise decides, and keeps the answer where
  // it is OK.
  template <typename Response, typename Request, typename Decide>
  absl::StatusOr<Response> Once(const Request& request, const std::string& method, Decide decide) {
    const uint32_t body = BodyCrc32(request);
    auto known = FindAnswer(request.request_id(), method, body);
    if (!known.ok()) return known.status();
    if (*known) {
      Response response;
      if (!response.ParseFromString(**known))
        return absl::DataLossError("a stored answer is damaged");
      return response;
    }
    absl::StatusOr<Response> response = decide();
    if (response.ok()) {
      StoreAnswer(request.request_id(), method, body, response->SerializeAsString());
    }
    return response;
  }
  // The same for equal messages, in every process.
  static uint32_t BodyCrc32(const google::protobuf::Message& request);

  // core_studies.cc
  absl::StatusOr<StudyState*> FindStudy(const std::string& name);
  v1::Study Message(const StudyState& study) const;
  // The rows that a new study learns from, and its `warm_start` made of them.
  absl::StatusOr<std::vector<storage::WarmStartTrialRow>> TakeWarmStart(StudyState& study) const;
  void Put(StudyState& study);
  void MoveStudy(StudyState& study, v1::Study::State to, const std::string& message);
  void EndStudy(StudyState& study, v1::Study::EndReason reason, const std::string& message);
  // Why it is over, if it is.
  struct End {
    v1::Study::EndReason reason = v1::Study::END_REASON_UNSPECIFIED;
    std::string message;
  };
  std::optional<End> FindEnd(const StudyState& study) const;
  void CheckLimits(StudyState& study);
  // Of a trial that is FAILED now: counts it, and the study's message becomes its last failure.
  void NoteFailure(StudyState& study, int32_t number, const std::string& message);
  // Of an ENDED study: cancels trials, then settles configurations that were to be repeated, so
  // many of both together; with the last one the test evaluation begins.
  void GoOnEnding(StudyState& study, int limit);
  void CancelTrials(StudyState& study, int& limit);
  void SettleRest(StudyState& study, int limit);
  void BeginEvaluation(StudyState& study);
  absl::Duration ActiveTime(const StudyState& study) const;
  // Stores how long studies were ACTIVE until now, of those where that was last done a while ago.
  void NoteActiveTimes(absl::Duration now);
  // This process was stopped for so long, until now: no study was ACTIVE.
  void ForgetTime(absl::Duration lasted);
  // Counts failures in a row from now on.
  void Activate(StudyState& study);
  // Counts from now on what comes on top of row.active_time.
  void StartActiveTime(StudyState& study);

  // core_limits.cc
  // Whether the coordinator's own limit lets it have one more trial.
  bool MayGrow(const StudyState& study) const;
  absl::Status TooManyTrials(const StudyState& study) const;
  // Whether that limit leaves it nothing to do.
  bool IsFull(const StudyState& study) const;
  // What the trial reported so far; read where it is not known.
  absl::StatusOr<ReportedValues*> Reported(TrialState& trial);
  // RESOURCE_EXHAUSTED: with `more` it would be too much.
  absl::Status CheckReported(const StudyState& study, const TrialState& trial,
                             const ReportedValues& before, const ReportedValues& more) const;
  // The same of a new trial that brings its result.
  absl::Status CheckResult(const StudyState& study,
                           const google::protobuf::Map<std::string, double>& metrics) const;
  // Counts what these bring, which is then to be stored; which of them are stored already.
  // RESOURCE_EXHAUSTED: too much, and nothing is counted.
  absl::StatusOr<storage::StoredValues> TakeIn(
      const StudyState& study, TrialState& trial,
      const google::protobuf::RepeatedPtrField<v1::Measurement>& all);

  // core_update.cc
  // Why an ENDED study, defined so, would end again at once; nullopt: it would go on.
  std::optional<End> FindNextEnd(StudyState& study, const v1::Study& next);
  absl::Status CheckUpdate(StudyState& study, const v1::UpdateStudyRequest& request,
                           const v1::Study& next, const std::vector<v1::FieldChange>& changes);
  absl::Status ApplyUpdate(StudyState& study, v1::Study next);
  // An ENDED study becomes ACTIVE.
  void Reopen(StudyState& study);
  // The test set is asked at its next end.
  void CallOffEvaluation(StudyState& study);

  // core_ends.cc
  // Stores that the study's end is to be told, and tells it once that is durable.
  void TellEnd(const StudyState& study);

  // core_hand_out.cc
  // How many parked calls each study could serve.
  struct Demand {
    std::map<const storage::WorkerRow*, size_t> workers;
    std::map<std::string, size_t> askers;  // by study
    size_t Of(const StudyState& study) const;
  };
  Demand CountDemand() const;
  void HandOut();
  std::vector<StudyState*> FindOffers();
  bool HasRoom(const StudyState& study) const;
  // Whether the worker may run one more trial of the study beside what it runs.
  bool HasRoomFor(const storage::WorkerRow& worker, const StudyState& study);
  std::map<std::string, Taken> CountTaken() const;
  // Says on studies that no worker could run why that is, and no longer where one can.
  void NoteUnplaced();
  bool TryServe(const Poll& poll, const std::vector<StudyState*>& offers);
  void Grant(const Poll& poll, StudyState& study, int32_t number);
  void GrantEvaluation(const Poll& poll, const storage::WorkerRow& worker, StudyState& study);
  Token NewToken();
  template <typename Response>
  void AnswerAfterCommit(Done<Response> done, Response response) {
    // Shared, because a std::function copies what it holds.
    auto shared = std::make_shared<Response>(std::move(response));
    after_commit_.push_back([done = std::move(done), shared] { done(std::move(*shared)); });
  }
  void AnswerGrant(const Poll& poll, const StudyState& study, const TrialState& trial, Token token);
  bool AnswerRepeat(const Poll& poll);
  absl::Status AskRefusal(const Poll& poll);

  // core_pruning.cc
  // Measurements of the batch being decided, by trial.
  using BatchValues = std::multimap<int64_t, const storage::MeasurementRow*>;
  BatchValues ValuesOfBatch() const;
  absl::StatusOr<Curve> ReadObjectiveCurve(const StudyState& study, const TrialState& trial,
                                           const BatchValues& batch) const;
  // Shows a new pruner all that was measured, and what was decided.
  absl::Status ShowPruner(const StudyState& study, const BatchValues& batch,
                          pruning::Pruner& pruner) const;
  // Shows the pruner all that is stored, and its own verdicts.
  absl::Status RestorePruner(StudyState& study);
  void StoreDecision(TrialState& trial, const pruning::Verdict& verdict);
  // What becomes of a trial whose measurements were just stored.
  v1::Directive Prune(StudyState& study, TrialState& trial);
  // Paused trials go on, as many as callers that it can serve wait for.
  void PromoteFor(StudyState& study, size_t callers);
  bool Promote(StudyState& study, bool in_any_case);
  // Where nothing runs or waits and no trial is left to hand out: whether a paused trial goes on.
  static bool MayGoOnByPromotion(const StudyState& study);
  // Lets it, if that is so.
  void GoOnByPromotion(StudyState& study);
  // Whether its trials have trained limits.max_steps.
  static bool StepsAreUsedUp(const StudyState& study);
  // The worker gave the trial back because it was to pause. Whether that is what it does now.
  bool Pause(StudyState& study, TrialState& trial);

  // core_suggestions.cc
  // The median time for which a trial ran; 0: none has yet. Results that were told took none.
  static absl::Duration MedianTrialTime(const StudyState& study);
  // How long a caller waits for a suggestion that knows the newest results.
  static absl::Duration Patience(const StudyState& study);
  // The trial to hand out: one that waits, a repeat, or one with a new configuration.
  std::optional<int32_t> NextTrial(StudyState& study);
  // The number of the trial that this caller gets: that one, or one that stands in for it.
  std::optional<int32_t> TakeTrial(const Poll& poll, StudyState& study);
  // How long a caller waits until a Sobol point stands in for a suggestion that is not there.
  static absl::Duration StandInPatience(const StudyState& study);
  // Whether callers have waited so long that some of them may get one.
  static bool IsStarved(const StudyState& study, absl::Duration now);
  bool MayStandIn(const Poll& poll, const StudyState& study);
  std::optional<int32_t> StandIn(StudyState& study);
  bool CanStarve(const StudyState& study) const;
  // Notes which studies leave callers without a trial, after all that can be served were.
  void NoteStarved();
  // When the next parked call may get a stand-in.
  absl::Duration NextStandIn(absl::Duration now) const;
  void RequestSuggestions(StudyState& study, int wanted);
  // `index`: of the configuration.
  void RequestSuggestion(const StudyState& study, int32_t index);
  void TakeSuggestion(int64_t study_id, int32_t index, const MaybeConfiguration& configuration,
                      int64_t commit, size_t seen);
  // The commit up to which what is decided now knows what happened.
  int64_t SeenCommit() const;
  int32_t NewTrial(StudyState& study);
  // Whether limits.max_trials configurations were handed out, with all their repeats.
  static bool AllHandedOut(const StudyState& study);
  // That, or the space has no others.
  static bool NothingIsNew(const StudyState& study);
  // A WAITING trial, with the next number, which is returned. Its row is not written yet.
  // `repeat_of`: number of the first trial with the same configuration; nullopt: it is a new one.
  int32_t AppendTrial(StudyState& study, search_space::Configuration configuration,
                      v1::Trial::Origin origin, int64_t commit,
                      std::optional<int32_t> repeat_of = std::nullopt);

  // core_added.cc
  // `is_new`: whether its configuration is one more.
  // `told`: it brings its result.
  absl::Status AddRefusal(const StudyState& study, bool told, bool is_new) const;
  // A WAITING trial with this configuration; its row is not written yet.
  TrialState& QueueTrial(StudyState& study, search_space::Configuration configuration,
                         std::optional<int32_t> repeat_of);
  v1::Trial AddedMessage(StudyState& study, const TrialState& trial);
  // Of a trial that is not final.
  void Cancel(StudyState& study, TrialState& trial);
  // Gives a new trial an attempt that was told and has ended.
  absl::Status RecordTold(StudyState& study, TrialState& trial, const v1::AddTrialRequest& request);

  // core_artifacts.cc
  absl::Status CheckCheckpoint(const TrialState& trial, const storage::ArtifactRow& row) const;
  void DropFile(const TrialState& trial, const std::string& file);
  void EraseRow(const storage::ArtifactRow& row);
  // Of a trial that has just become final.
  void EraseFiles(StudyState& study, TrialState& trial);
  // Once the batch is committed: of a trial that is final, or whose study is deleted, what lies in
  // a shared folder and is named by none of its rows goes.
  void DropShared(const StudyState& study, const TrialState& trial);
  // Of COMPLETED trials that are not among the checkpoints.keep_trials best.
  void ForgetCheckpointsOfWorse(StudyState& study);
  // The one that the newest attempt went on from.
  void ForgetCheckpoint(TrialState& trial);
  // A new attempt goes on from the checkpoint, or starts anew where there is none.
  void BeginCurve(StudyState& study, TrialState& trial, storage::AttemptRow& attempt) const;

  // core_attempts.cc
  struct Holder {
    StudyState* study = nullptr;
    TrialState* trial = nullptr;
    bool evaluation = false;
  };
  // Who holds this token: it is the newest of its trial and its lease stands (or was revived).
  std::optional<Holder> FindHolder(Token token);
  // Where a token points, whether its lease stands or not.
  std::optional<Holder> FindTarget(Token token);
  // A report that was answered with a word to stop, and comes again.
  static bool WasToldToStop(const std::optional<Holder>& target,
                            const v1::ReportMeasurementsRequest& request);
  bool ReviveTrial(StudyState& study, TrialState& trial);
  bool ReviveEvaluation(StudyState& study);
  void PutBackEvaluation(StudyState& study);
  // At most so many of State::of_other_epochs.
  void PutBackOfOtherEpochs(int limit);
  absl::Status StoreMeasurements(StudyState& study, TrialState& trial,
                                 const google::protobuf::RepeatedPtrField<v1::Measurement>& all,
                                 int32_t* conflicts);
  // Keeps apart what a stale token brought, or counts what cannot be kept.
  absl::Status StoreLate(Token token,
                         const google::protobuf::RepeatedPtrField<v1::Measurement>& all);
  void MoveTrial(StudyState& study, TrialState& trial, v1::Trial::State to,
                 const std::string& message);
  void CloseAttempt(TrialState& trial, v1::Attempt::Outcome outcome, const std::string& message);
  // A trial of this configuration has just become final, or the study has ended. Says what its
  // trials came to on the first one's row; where that is not the row of trial `written`, which is
  // stored by the caller, it is stored here.
  void Settle(StudyState& study, int32_t configuration, std::optional<int32_t> written);
  // A value of the curve that ends in the trial's newest attempt: what outcomes and the pruner read
  // is kept.
  void FollowCurve(StudyState& study, TrialState& trial, const std::string& metric, int64_t step,
                   double value);
  void CompleteWith(StudyState& study, TrialState& trial, Outcome outcome);
  // Stores what was told at the step after the last one, and completes the running trial with it.
  absl::Status CompleteAsTold(StudyState& study, TrialState& trial, const v1::TellCompleted& told);
  void EndBadly(StudyState& study, TrialState& trial, v1::Trial::State state,
                const std::string& message);
  void Expire(Token token);
  // The attempt came to nothing, which counts against limits.max_attempts.
  void LoseAttempt(StudyState& study, TrialState& trial, v1::Attempt::Outcome outcome,
                   const std::string& message);
  // A WAITING trial that has no attempts left FAILS.
  void FailIfLostTooOften(StudyState& study, TrialState& trial);
  // The worker gave a program's trial back. False: it did so too often without a new step, and the
  // trial has FAILED.
  bool MayGoOn(StudyState& study, TrialState& trial, const std::string& message);
  void PutBack(StudyState& study, TrialState& trial, v1::Attempt::Outcome outcome,
               const std::string& message);
  absl::StatusOr<v1::FinishWorkResponse> FinishEvaluation(StudyState& study,
                                                          const v1::FinishWorkRequest& request);
  absl::StatusOr<v1::FinishWorkResponse> FinishAgain(Token token,
                                                     const v1::FinishWorkRequest& request);
  // Ends the lease of an AttemptRow or EvaluationRow once the batch is committed.
  template <typename Row>
  void ReleaseLease(const Row& row) {
    after_commit_.push_back(
        [this, token = Token{row.token_epoch, row.token_counter}] { deps_.leases.Remove(token); });
  }
  void InsertLease(const StudyState& study, int32_t number, const storage::AttemptRow& attempt);
  void InsertLease(const StudyState& study, const storage::EvaluationRow& evaluation);
  Lease ToLease(const StudyState& study, int32_t number, const storage::AttemptRow& attempt) const;
  Lease ToLease(const StudyState& study, const storage::EvaluationRow& evaluation) const;
  absl::Status LeaseLost(Token token) const;
  // The study's message becomes why the trial waits, which a worker could not do; and no longer.
  void NoteWorkerTrouble(int64_t study_id, const std::string& worker_id, int64_t token);
  void NoteTrouble(StudyState& study, int32_t number, const std::string& message);
  void ForgetTrouble(StudyState& study, int32_t number);
  // Of a batch that was committed.
  void CountLostAnswers();

  Dependencies deps_;
  Options options_;
  const absl::Duration start_steady_;
  const absl::Time start_wall_;
  const std::string numerics_ = sampling::NumericsFingerprint();
  State state_;
  bool dead_ = false;
  bool draining_ = false;

  // Of the batch being decided.
  storage::Batch batch_;
  std::set<int64_t> dirty_;                          // studies that it changes
  std::set<std::string> changed_;                    // their names, deleted ones included
  std::vector<std::function<void()>> after_commit_;  // lease table changes, then answers to polls
  std::vector<Poll> served_;                         // to be parked again if the commit fails
  std::vector<absl::Duration> granted_;              // when those who get a trial asked
  int64_t values_ = 0;                               // of metrics
  std::map<std::pair<std::string, int64_t>, storage::RequestRow> answers_;
  // Values that are certainly new in this batch, by trial, attempt, step and metric.
  std::map<std::tuple<int64_t, int32_t, int64_t, std::string>, double> new_values_;

  // What stale callers brought in committed batches, and of that what is kept, by trial: it is
  // bounded. The same of the batch being decided.
  LateValues late_, new_late_;
  std::map<int64_t, int64_t> late_of_trials_, new_late_of_trials_;
  LateValues told_late_;
  absl::Duration next_late_word_;

  storage::CountersRow stored_counters_;

  std::list<Poll> parked_;
  // By token counter: how many repeats of the call that got it were answered with it, less the
  // answers that were lost; and those that the batch being decided is told were lost. Only in
  // memory: no answer is under way for longer than the process lives.
  std::map<int64_t, int32_t> repeats_;
  std::vector<int64_t> lost_answers_;
  // How many a batch answers, of late.
  size_t usual_callers_ = 0;
  int64_t hand_outs_ = 0;
  // Workers came or left, or studies came, since NoteUnplaced.
  bool placement_changed_ = true;
  // Of each worker, by id, while a batch hands out; nullopt: not counted yet.
  std::optional<std::map<std::string, Taken>> taken_;
  // That this batch may still make.
  int stand_ins_left_ = 0;
  // Of the state: what was asked for by one that was thrown away is of no use.
  int64_t generation_ = 0;
  absl::Duration next_wake_;
  absl::Duration idle_since_;  // when a batch was done with
  absl::Duration next_sweep_;
  // After a failed commit nothing is written of the core's own accord until then: calls that store
  // nothing go on being answered, and a full disk is not tried without a pause.
  absl::Duration hold_until_;
  absl::Duration next_probe_;
  absl::Duration load_took_;  // the last one behind a failed commit
  int64_t refused_ = 0;       // commands, because their commit failed
  bool replaying_ = false;
  WorkerTroubles troubles_;
  std::vector<Command> lasting_;  // those that are still to be decided
  absl::Duration next_note_;      // of how long studies were ACTIVE
  bool notes_all_ = true;         // at the start and at the end
  absl::Duration next_forgetting_;
  bool forgetting_waits_ = false;  // was put off, once
  absl::Duration crowded_until_;   // no worker is looked for that could be forgotten
  // A failed commit was to be undone and the store could not be read: the state is not to be used.
  bool unread_ = false;
  // The last commit failed, so a small one shows whether the store commits again before more is
  // decided: to undo what was decided, all is read again, which takes seconds for a large store.
  StoreHealth store_health_;
  // DATA_LOSS that a read met while something was decided.
  absl::Status damage_;
  int64_t first_token_ = 0;  // that this process may issue
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_CORE_H_
