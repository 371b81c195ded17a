#include "server/coordinator/coordinator.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/error_detail.h"
#include "server/coordinator/code_archives.h"
#include "server/coordinator/core.h"
#include "server/coordinator/disk_full.h"
#include "server/coordinator/lease_table.h"
#include "server/coordinator/logs.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/queries.h"
#include "server/coordinator/sequencer.h"
#include "server/coordinator/study_validation.h"
#include "server/coordinator/suggester.h"
#include "server/coordinator/thread_queue.h"
#include "server/coordinator/uploads.h"
#include "storage/code_file.h"

namespace caviar::coordinator {
namespace {

int64_t CountValues(const google::protobuf::RepeatedPtrField<v1::Measurement>& measurements) {
  int64_t values = 0;
  for (const v1::Measurement& measurement : measurements) values += measurement.metrics_size();
  return values;
}

constexpr absl::Duration kLongestWait = absl::Seconds(60);
constexpr absl::Duration kDefaultWait = absl::Seconds(30);
constexpr absl::Duration kAskWait = absl::Seconds(10);
// Enough that one study with a slow sampler, or two, keep no other waiting; more would take cores
// from workers on the same machine.
constexpr int kSuggesterThreads = 3;
constexpr absl::Duration kDefaultAskLease = absl::Hours(24);

// When each worker was last heard of, and who wants to hear of changed studies. Thread safe.
class Listeners {
 public:
  int64_t Add(std::string study, std::function<void()> changed) {
    absl::MutexLock lock(&mutex_);
    listeners_[++next_id_] = {std::move(study), std::move(changed)};
    return next_id_;
  }
  void Remove(int64_t id) {
    absl::MutexLock lock(&mutex_);
    listeners_.erase(id);
  }
  // Under the lock, so that nothing is called after Remove returned; a listener only sets a flag.
  void Notify(const std::string& study) {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, listener] : listeners_) {
      if (listener.first == study) listener.second();
    }
  }

 private:
  absl::Mutex mutex_;
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::pair<std::string, std::function<void()>>> listeners_
      ABSL_GUARDED_BY(mutex_);
};

class ThreadedCoordinator : public Coordinator {
 public:
  ThreadedCoordinator(const Dependencies& dependencies, Options options)
      : artifacts_(dependencies.artifacts),
        clock_(dependencies.clock),
        on_study_end_(dependencies.on_study_end),
        options_(options),
        start_steady_(dependencies.clock.Steady()),
        start_wall_(dependencies.clock.Wall()),
        queries_(dependencies.reader, dependencies.artifacts, dependencies.clock),
        uploads_(leases_, dependencies.artifacts, options.limits.file_bytes),
        logs_(leases_, dependencies.artifacts),
        code_(dependencies.artifacts, options.limits.code_bytes),
        sequencer_(dependencies.clock),
        core_({dependencies.store, dependencies.clock, dependencies.randomness, leases_, sightings_,
               suggester_, [this](Command command) { sequencer_.Post(std::move(command)); },
               [this](const std::string& study) { listeners_.Notify(study); },
               [this](int64_t study_id) { RemoveFiles(study_id); },
               [this](const std::string& file) { RemoveFile(file); },
               [this](int64_t study_id, int32_t number, const std::set<std::string>& files) {
                 RemoveOtherFiles(study_id, number, files);
               },
               dependencies.on_fatal, dependencies.on_late,
               [this](const storage::SharedCheckpoints& rest) {
                 files_.Post([rest] { storage::RemoveOthers(rest).IgnoreError(); });
               },
               dependencies.measures, dependencies.on_study_end, dependencies.on_store},
              options),
        suggester_(kSuggesterThreads),
        reads_("reads", 2),
        whole_trials_("whole-trials", 1),
        analyses_("analyses", 1),
        verifications_("verify", 1),
        files_("files", 1) {}

  ~ThreadedCoordinator() override {
    Drain();
    sequencer_.Stop();
  }

  absl::Status Start() {
    if (const absl::Status loaded = core_.Load(); !loaded.ok()) return loaded;
    // What an earlier process left behind: files whose rows were erased, or never written. Before
    // any upload, which would look the same.
    files_.Post([this, files = core_.Files(), code = core_.CodeFiles()] {
      artifacts_.Sweep(files).IgnoreError();
      code_.RemoveOthers(code);
    });
    const auto untold = core_.state().ends;
    sequencer_.Start(core_);
    for (const auto& [key, end] : untold) {
      if (on_study_end_) on_study_end_(end);
    }
    return absl::OkStatus();
  }

  void Drain() override {
    draining_ = true;
    absl::MutexLock lock(&drain_mutex_);
    if (drained_) return;
    drained_ = true;
    sequencer_.Post({.decide = [](Core& core) { core.Drain(); },
                     .answer = [](const absl::Status&) {},
                     .needs = Needs::kNothing});
  }

  void UploadCode(v1::UploadCodeRequest request, Done<v1::UploadCodeResponse> done) override {
    files_.Post([this, request = std::move(request), done = std::move(done)] {
      auto taken = code_.Take(request);
      if (!taken.ok()) return done(RefuseWithoutRoom(taken.status()));
      done(std::move(taken));
    });
  }
  void CreateStudy(v1::CreateStudyRequest request, Done<v1::Study> done) override {
    if (request.validate_only() || storage::CodeOf(request.study()) == nullptr) {
      return Decide<v1::Study>(&Core::CreateStudy, std::move(request), std::move(done));
    }
    // Its code was asked for now, and so nobody removes it before the study is there.
    files_.Post([this, request = std::move(request), done = std::move(done)]() mutable {
      const absl::Status there = code_.Check(request.study());
      if (!there.ok() && ValidateStudy(request.study()).empty()) return done(there);
      Decide<v1::Study>(&Core::CreateStudy, std::move(request), std::move(done));
    });
  }
  void StopStudy(v1::StopStudyRequest request, Done<v1::Study> done) override {
    Decide<v1::Study>(&Core::StopStudy, std::move(request), std::move(done));
  }
  void ResumeStudy(v1::ResumeStudyRequest request, Done<v1::Study> done) override {
    Decide<v1::Study>(&Core::ResumeStudy, std::move(request), std::move(done));
  }
  void DeleteStudy(v1::DeleteStudyRequest request, Done<v1::DeleteStudyResponse> done) override {
    Decide<v1::DeleteStudyResponse>(&Core::DeleteStudy, std::move(request), std::move(done));
  }
  void TellTrial(v1::TellTrialRequest request, Done<v1::Trial> done) override {
    Decide<v1::Trial>(&Core::Tell, std::move(request), std::move(done));
  }
  void AddTrial(v1::AddTrialRequest request, Done<v1::Trial> done) override {
    Decide<v1::Trial>(&Core::AddTrial, std::move(request), std::move(done));
  }
  void UpdateStudy(v1::UpdateStudyRequest request, Done<v1::UpdateStudyResponse> done) override {
    Decide<v1::UpdateStudyResponse>(&Core::UpdateStudy, std::move(request), std::move(done));
  }
  void RetryTrial(v1::RetryTrialRequest request, Done<v1::Trial> done) override {
    Decide<v1::Trial>(&Core::RetryTrial, std::move(request), std::move(done));
  }
  void CancelTrials(v1::CancelTrialsRequest request, Done<v1::CancelTrialsResponse> done) override {
    Decide<v1::CancelTrialsResponse>(&Core::CancelTrials, std::move(request), std::move(done));
  }
  void StudyEndTold(int64_t study_id, int32_t revision) override {
    PostLasting([study_id, revision](Core& core) { core.ForgetStudyEnd(study_id, revision); });
  }
  void RegisterWorker(v1::RegisterWorkerRequest request,
                      Done<v1::RegisterWorkerResponse> done) override {
    Decide<v1::RegisterWorkerResponse>(
        &Core::RegisterWorker, std::move(request),
        [this, done = std::move(done)](absl::StatusOr<v1::RegisterWorkerResponse> response) {
          if (response.ok()) sightings_.Saw(response->worker_id(), clock_.Steady());
          done(std::move(response));
        });
  }
  void ReportMeasurements(v1::ReportMeasurementsRequest request,
                          Done<v1::ReportMeasurementsResponse> done) override {
    const int64_t values = CountValues(request.measurements());
    Command command = MakeCommand<v1::ReportMeasurementsResponse>(
        [request = std::move(request)](Core& core) { return core.Report(request); },
        std::move(done));
    command.values = values;
    sequencer_.Post(std::move(command));
  }
  void FinishWork(v1::FinishWorkRequest request, Done<v1::FinishWorkResponse> done) override {
    Decide<v1::FinishWorkResponse>(&Core::Finish, std::move(request), std::move(done));
  }
  void GiveBackWork(v1::GiveBackWorkRequest request, Done<v1::GiveBackWorkResponse> done) override {
    Decide<v1::GiveBackWorkResponse>(&Core::GiveBack, std::move(request), std::move(done));
  }

  void ReportTrial(v1::ReportTrialRequest request, Done<v1::ReportTrialResponse> done) override {
    const int64_t values = CountValues(request.measurements());
    Command command = MakeCommand<v1::ReportTrialResponse>(
        [this,
         request = std::move(request)](Core& core) -> absl::StatusOr<v1::ReportTrialResponse> {
          const Token token = ToToken(request.token());
          const absl::Status target = core.CheckTarget(token, request.study(), request.number());
          v1::ReportMeasurementsRequest report;
          *report.mutable_token() = request.token();
          *report.mutable_measurements() = request.measurements();
          if (!target.ok() && !error::HasReason(target, error::kLeaseLost)) return target;
          const auto reported = core.Report(report);
          if (!reported.ok()) return reported.status();
          leases_.RenewOne(token, clock_.Steady());
          v1::ReportTrialResponse response;
          response.set_directive(reported->directive());
          response.set_conflicts(reported->conflicts());
          return response;
        },
        std::move(done));
    command.values = values;
    sequencer_.Post(std::move(command));
  }

  int64_t AskTrial(v1::AskTrialRequest request, Done<v1::AskTrialResponse> done) override {
    Poll poll;
    poll.client_id = request.request_id().client_id();
    poll.sequence = request.request_id().sequence();
    poll.deadline = clock_.Steady() + kAskWait;
    poll.study = request.study();
    poll.lease_duration = request.has_lease() ? FromMessage(request.lease()) : kDefaultAskLease;
    poll.ask_done = std::move(done);
    return PostPoll(std::move(poll));
  }

  int64_t AcquireWork(v1::AcquireWorkRequest request, Done<v1::AcquireWorkResponse> done) override {
    Poll poll;
    poll.client_id = request.request_id().client_id();
    poll.sequence = request.request_id().sequence();
    const absl::Duration wait = request.has_wait() ? FromMessage(request.wait()) : kDefaultWait;
    poll.deadline = clock_.Steady() + std::min(wait, kLongestWait);
    poll.worker_id = request.worker_id();
    if (request.has_time_left()) {
      poll.leaves_at = clock_.Steady() + FromMessage(request.time_left());
    }
    poll.studies.assign(request.studies().begin(), request.studies().end());
    poll.owners.assign(request.owners().begin(), request.owners().end());
    poll.work_done = std::move(done);
    return PostPoll(std::move(poll));
  }

  void CancelPoll(int64_t id) override {
    sequencer_.Post({.decide = [id](Core& core) { core.CancelPoll(id); },
                     .answer = [](const absl::Status&) {},
                     .needs = Needs::kNothing});
  }
  void LoseAnswer(const v1::FencingToken& token) override {
    PostLasting([token = ToToken(token)](Core& core) { core.LoseAnswer(token); });
  }

  void RenewLeases(v1::RenewLeasesRequest request, Done<v1::RenewLeasesResponse> done) override {
    const absl::Duration now = clock_.Steady();
    std::vector<Token> tokens;
    for (const v1::FencingToken& token : request.tokens()) tokens.push_back(ToToken(token));
    const LeaseTable::Renewal renewal = leases_.Renew(request.worker_id(), tokens, now);
    if (std::count(renewal.held.begin(), renewal.held.end(), true) > 0) {
      sightings_.Saw(request.worker_id(), now, request.leaving());
    } else {
      sightings_.SawAgain(request.worker_id(), now, request.leaving());
    }
    for (const Token token : renewal.lost) {
      sequencer_.Post({[token](Core& core) { core.LoseGrant(token); }, [](const absl::Status&) {}});
    }
    if (request.leaving()) {
      PostLasting(
          [worker = request.worker_id(), tokens](Core& core) { core.Leave(worker, tokens); });
    }
    bool all = true;
    for (const bool held : renewal.held) all = all && held;
    if (all && !request.leaving()) return done(RenewalMessage(tokens, renewal.held));
    // A lease that expired may live again, and who leaves may have left one behind: only the
    // sequencer can tell.
    sequencer_.Post(MakeCommand<v1::RenewLeasesResponse>(
        [this, request = std::move(request), tokens, held = renewal.held](Core& core) {
          return RenewInTurn(core, request, tokens, held);
        },
        std::move(done)));
  }

  void UploadChunk(v1::UploadChunkRequest request, Done<v1::UploadChunkResponse> done) override {
    files_.Post([this, request = std::move(request), done = std::move(done)]() mutable {
      const auto progress = uploads_.Take(request);
      if (!progress.ok()) return done(RetryWhenThereIsRoom(progress.status()));
      if (!progress->whole) {
        v1::UploadChunkResponse response;
        response.set_received(progress->received);
        return done(response);
      }
      sequencer_.Post(MakeCommand<v1::UploadChunkResponse>(
          [this, token = ToToken(request.token()), row = *progress->whole](Core& core) {
            return Record(core, token, row);
          },
          std::move(done)));
    });
  }

  void DownloadChunk(v1::DownloadChunkRequest request, Done<v1::DownloadChunkResponse> done,
                     Wanted wanted) override {
    Read<v1::DownloadChunkResponse>(&Queries::DownloadChunk, std::move(request), std::move(done),
                                    std::move(wanted));
  }
  void AppendLog(v1::AppendLogRequest request, Done<v1::AppendLogResponse> done) override {
    files_.Post([this, request = std::move(request), done = std::move(done)] {
      auto appended = logs_.Append(request);
      if (!appended.ok()) return done(RetryWhenThereIsRoom(appended.status()));
      done(std::move(appended));
    });
  }
  void DownloadCode(v1::DownloadCodeRequest request, Done<v1::DownloadCodeResponse> done) override {
    reads_.Post([this, request = std::move(request), done = std::move(done)] {
      done(code_.Read(request));
    });
  }
  void ReadLog(v1::ReadLogRequest request, Done<v1::ReadLogResponse> done, Wanted wanted) override {
    Read<v1::ReadLogResponse>(&Queries::ReadLog, std::move(request), std::move(done),
                              std::move(wanted));
  }
  void GetStudy(v1::GetStudyRequest request, Done<v1::Study> done, Wanted wanted) override {
    Read<v1::Study>(&Queries::GetStudy, std::move(request), std::move(done), std::move(wanted));
  }
  void ListStudies(v1::ListStudiesRequest request, Done<v1::ListStudiesResponse> done,
                   Wanted wanted) override {
    Read<v1::ListStudiesResponse>(&Queries::ListStudies, std::move(request), std::move(done),
                                  std::move(wanted));
  }
  void GetTrial(v1::GetTrialRequest request, Done<v1::Trial> done, Wanted wanted) override {
    ThreadQueue& threads = request.view() == v1::TRIAL_VIEW_BASIC ? reads_ : whole_trials_;
    ReadOn<v1::Trial>(threads, &Queries::GetTrial, std::move(request), std::move(done),
                      std::move(wanted));
  }
  void ListTrials(v1::ListTrialsRequest request, Done<v1::ListTrialsResponse> done,
                  Wanted wanted) override {
    ThreadQueue& threads = request.view() == v1::TRIAL_VIEW_FULL ? whole_trials_ : reads_;
    ReadOn<v1::ListTrialsResponse>(threads, &Queries::ListTrials, std::move(request),
                                   std::move(done), std::move(wanted));
  }
  void ListBestTrials(v1::ListBestTrialsRequest request, Done<v1::ListBestTrialsResponse> done,
                      Wanted wanted) override {
    ThreadQueue& threads = request.view() == v1::TRIAL_VIEW_FULL ? whole_trials_ : reads_;
    ReadOn<v1::ListBestTrialsResponse>(threads, &Queries::ListBestTrials, std::move(request),
                                       std::move(done), std::move(wanted));
  }
  void DownloadModel(v1::DownloadModelRequest request, Done<v1::DownloadModelResponse> done,
                     Wanted wanted) override {
    Read<v1::DownloadModelResponse>(&Queries::DownloadModel, std::move(request), std::move(done),
                                    std::move(wanted));
  }
  void GetImportance(v1::GetImportanceRequest request, Done<v1::GetImportanceResponse> done,
                     Wanted wanted) override {
    Analyze<v1::GetImportanceResponse>(&Queries::GetImportance, std::move(request), std::move(done),
                                       std::move(wanted));
  }
  void LintStudy(v1::LintStudyRequest request, Done<v1::LintStudyResponse> done,
                 Wanted wanted) override {
    Analyze<v1::LintStudyResponse>(&Queries::LintStudy, std::move(request), std::move(done),
                                   std::move(wanted));
  }
  void GetServerUsage(Done<v1::ServerUsage> done, Wanted wanted) override {
    PostRead<v1::ServerUsage>(
        analyses_, [this] { return queries_.GetServerUsage(); }, std::move(done),
        std::move(wanted));
  }
  void ReplayPruner(v1::ReplayPrunerRequest request, Done<v1::ReplayPrunerResponse> done,
                    Wanted wanted) override {
    Analyze<v1::ReplayPrunerResponse>(&Queries::ReplayPruner, std::move(request), std::move(done),
                                      std::move(wanted));
  }
  void VerifyStudy(v1::VerifyStudyRequest request,
                   std::function<bool(const v1::VerifyStudyResponse&)> on_verified,
                   Done<v1::VerifyStudyResponse> done) override {
    verifications_.Post([this, request = std::move(request), on_verified = std::move(on_verified),
                         done = std::move(done)] {
      done(queries_.VerifyStudy(request, [&](const v1::VerifyStudyResponse& so_far) {
        return !draining_ && on_verified(so_far);
      }));
    });
  }
  void ReadStudyChanges(std::string study, std::optional<StudyPosition> after,
                        Done<StudyChanges> done) override {
    reads_.Post([this, study = std::move(study), after, done = std::move(done)] {
      done(queries_.ReadStudyChanges(study, after));
    });
  }

  void GetServerStatus(Done<v1::ServerStatus> done) override {
    ReadState<v1::ServerStatus>(
        [this](Core& core) {
          v1::ServerStatus status = core.Status();
          status.mutable_start_time()->set_seconds(absl::ToUnixSeconds(start_wall_));
          *status.mutable_uptime() = ToMessage(clock_.Steady() - start_steady_);
          return status;
        },
        std::move(done));
  }
  void ListWorkers(Done<v1::ListWorkersResponse> done) override {
    ReadState<v1::ListWorkersResponse>([](Core& core) { return core.Workers(); }, std::move(done));
  }

  int64_t Listen(std::string study, std::function<void()> changed) override {
    return listeners_.Add(std::move(study), std::move(changed));
  }
  void StopListening(int64_t id) override { listeners_.Remove(id); }

 private:
  template <typename Response, typename Request>
  void Decide(absl::StatusOr<Response> (Core::*decide)(const Request&), Request request,
              Done<Response> done) {
    sequencer_.Post(MakeCommand<Response>(
        [decide, request = std::move(request)](Core& core) { return (core.*decide)(request); },
        std::move(done)));
  }

  template <typename Response, typename Request>
  void Read(absl::StatusOr<Response> (Queries::*read)(const Request&), Request request,
            Done<Response> done, Wanted wanted) {
    ReadOn<Response>(reads_, read, std::move(request), std::move(done), std::move(wanted));
  }

  // A read that goes through a whole study, which may take seconds: others do not wait behind it.
  template <typename Response, typename Request>
  void Analyze(absl::StatusOr<Response> (Queries::*analyze)(const Request&), Request request,
               Done<Response> done, Wanted wanted) {
    ReadOn<Response>(analyses_, analyze, std::move(request), std::move(done), std::move(wanted));
  }

  template <typename Response, typename Request>
  void ReadOn(ThreadQueue& threads, absl::StatusOr<Response> (Queries::*read)(const Request&),
              Request request, Done<Response> done, Wanted wanted) {
    PostRead<Response>(
        threads, [this, read, request = std::move(request)] { return (queries_.*read)(request); },
        std::move(done), std::move(wanted));
  }

  template <typename Response>
  void PostRead(ThreadQueue& threads, std::function<absl::StatusOr<Response>()> read,
                Done<Response> done, Wanted wanted) {
    threads.Post(
        [this, read = std::move(read), done = std::move(done), wanted = std::move(wanted)] {
          // A queue of slow ones would keep the process from its end.
          if (draining_) return done(error::ShuttingDown());
          if (wanted && !wanted()) return done(absl::CancelledError("the client has gone"));
          done(read());
        });
  }

  // `held`: which of the tokens stand by the lease table.
  absl::StatusOr<v1::RenewLeasesResponse> RenewInTurn(Core& core,
                                                      const v1::RenewLeasesRequest& request,
                                                      const std::vector<Token>& tokens,
                                                      std::vector<bool> held) {
    const std::string& worker = request.worker_id();
    if (!core.state().workers.contains(worker)) {
      return error::WithReason(
          absl::NotFoundError(absl::StrCat("worker ", worker, " is not known; register")),
          error::kWorkerUnknown);
    }
    sightings_.Saw(worker, clock_.Steady(), request.leaving());
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (!held[i]) held[i] = core.Revive(tokens[i], worker);
    }
    return RenewalMessage(tokens, held);
  }

  template <typename Response>
  void ReadState(std::function<absl::StatusOr<Response>(Core&)> read, Done<Response> done) {
    Command command = MakeCommand<Response>(std::move(read), std::move(done));
    command.needs = Needs::kState;
    sequencer_.Post(std::move(command));
  }

  void PostLasting(std::function<void(Core&)> decide) {
    sequencer_.Post(
        {.decide = std::move(decide), .answer = [](const absl::Status&) {}, .lasting = true});
  }

  int64_t PostPoll(Poll poll) {
    poll.id = ++next_poll_;
    const int64_t id = poll.id;
    sequencer_.Post(MakeParking(std::move(poll)));
    return id;
  }

  v1::RenewLeasesResponse RenewalMessage(const std::vector<Token>& tokens,
                                         const std::vector<bool>& held) const {
    v1::RenewLeasesResponse response;
    *response.mutable_lease_ttl() = ToMessage(options_.lease_ttl);
    for (size_t i = 0; i < tokens.size(); ++i) {
      auto& lease = *response.add_leases();
      *lease.mutable_token() = ToMessage(tokens[i]);
      lease.set_held(held[i]);
      if (held[i]) lease.set_directive(v1::DIRECTIVE_CONTINUE);
    }
    return response;
  }

  // Files go after their rows; what cannot be removed is only space, and is tried again at the next
  // start.
  void RemoveFiles(int64_t study_id) {
    leases_.ForgetEnded(study_id);
    files_.Post([this, study_id, code = core_.CodeFiles()] {
      artifacts_.RemoveFolder(absl::StrCat("artifacts/", study_id)).IgnoreError();
      code_.RemoveOthers(code);
    });
  }
  // Whoever was told of the file before it was forgotten is in the sequencer's queue by then.
  void RemoveFile(const std::string& file) {
    going_.insert(file);
    files_.Post([this, file] {
      uploads_.Forget(file);
      artifacts_.Remove(file).IgnoreError();
      sequencer_.Post({[](Core&) {}, [this, file](const absl::Status&) { going_.erase(file); }});
    });
  }
  absl::StatusOr<v1::UploadChunkResponse> Record(Core& core, Token token,
                                                 const storage::ArtifactRow& row) {
    if (!going_.contains(row.file)) return core.RecordArtifact(token, row);
    return absl::OutOfRangeError(
        "the file was not of use when it came before, and is gone; send it again from its start");
  }
  void RemoveOtherFiles(int64_t study_id, int32_t number, const std::set<std::string>& files) {
    files_.Post([this, study_id, number, files] {
      artifacts_.RemoveOthers(absl::StrCat("artifacts/", study_id, "/", number), files)
          .IgnoreError();
    });
  }

  storage::ArtifactStore& artifacts_;
  Clock& clock_;
  const std::function<void(const storage::StudyEndRow&)> on_study_end_;
  const Options options_;
  const absl::Duration start_steady_;
  const absl::Time start_wall_;
  LeaseTable leases_;
  Listeners listeners_;
  Sightings sightings_;
  std::atomic<int64_t> next_poll_ = 0;
  std::atomic<bool> draining_ = false;
  absl::Mutex drain_mutex_;
  bool drained_ ABSL_GUARDED_BY(drain_mutex_) = false;
  Queries queries_;
  Uploads uploads_;
  std::set<std::string> going_;  // the sequencer's: files that are being removed
  Logs logs_;
  CodeArchives code_;
  // Destroyed from below: each thread is joined before what it posts to is gone.
  Sequencer sequencer_;
  Core core_;
  BackgroundSuggester suggester_;
  ThreadQueue reads_;
  // Apart from the others, as one may have a million values; one thread, so that one is in memory.
  ThreadQueue whole_trials_;
  ThreadQueue analyses_;
  ThreadQueue verifications_;
  ThreadQueue files_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Coordinator>> Coordinator::Start(const Dependencies& dependencies,
                                                                Options options) {
  if (options.lease_ttl < absl::Seconds(1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the lease TTL is ", absl::FormatDuration(options.lease_ttl), "; it is at least 1s"));
  }
  options.tell_ends = dependencies.on_study_end != nullptr;
  auto coordinator = std::make_unique<ThreadedCoordinator>(dependencies, std::move(options));
  if (const absl::Status started = coordinator->Start(); !started.ok()) return started;
  return coordinator;
}

}  // namespace caviar::coordinator
