// A coordinator's side of the workers' calls, as tests script it, and a scripted trainer.
#ifndef CAVIAR_TESTS_WORKER_AGENT_FAKE_WORK_H_
#define CAVIAR_TESTS_WORKER_AGENT_FAKE_WORK_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/sha256.h"
#include "client/api/worker_client.h"
#include "tests/server/api/fake_coordinator.h"
#include "worker/training/trainer.h"

namespace caviar::agent {

// Knows its workers, remembers what they send, and holds every lease unless told otherwise. It is a
// state that outlives servers: the same one behind a new server is a coordinator that was
// restarted.
class FakeWork {
 public:
  FakeWork() {
    coordinator.register_worker = [this](const auto& request) { return Register(request); };
    coordinator.renew_leases = [this](const auto& request) { return Renew(request); };
    coordinator.report_measurements = [this](const auto& request) { return Report(request); };
    coordinator.finish_work = [this](const auto& request) { return Finish(request); };
    coordinator.give_back_work = [this](const auto& request) { return GiveBack(request); };
    coordinator.upload_chunk = [this](const auto& request) { return Upload(request); };
    coordinator.download_chunk = [this](const auto& request) { return Download(request); };
    coordinator.append_log = [this](const auto& request) { return AppendLog(request); };
    coordinator.download_code = [this](const auto& request) { return DownloadCode(request); };
  }

  server_api::FakeCoordinator coordinator;

  // Gives a trial to the next poll; blocks until there is one.
  void Grant(int32_t number) { Grant(Trial(number)); }
  static v1::AcquireWorkResponse Trial(int32_t number) {
    v1::AcquireWorkResponse work;
    SetToken(work.mutable_trial()->mutable_token(), number);
    work.mutable_trial()->mutable_study()->set_name("mnist");
    work.mutable_trial()->mutable_trial()->set_number(number);
    work.mutable_trial()->set_attempt(1);
    return work;
  }
  // The same, to go on from these bytes: that is what a download should bring.
  static v1::AcquireWorkResponse TrialAfter(int32_t number, int64_t step,
                                            const std::string& checkpoint) {
    v1::AcquireWorkResponse work = Trial(number);
    work.mutable_trial()->set_attempt(2);
    v1::Artifact* artifact = work.mutable_trial()->mutable_checkpoint();
    artifact->set_study("mnist");
    artifact->set_trial(number);
    artifact->set_attempt(1);
    artifact->set_kind(v1::Artifact::CHECKPOINT);
    artifact->set_step(step);
    artifact->set_size(static_cast<int64_t>(checkpoint.size()));
    artifact->set_crc32(client::Crc32(checkpoint));
    return work;
  }
  // The evaluation of these weights: that is what a download should bring.
  static v1::AcquireWorkResponse Evaluation(int32_t number, const std::string& weights) {
    v1::AcquireWorkResponse work;
    SetToken(work.mutable_evaluation()->mutable_token(), number);
    work.mutable_evaluation()->mutable_study()->set_name("mnist");
    work.mutable_evaluation()->mutable_trial()->set_number(number);
    v1::Artifact* artifact = work.mutable_evaluation()->mutable_weights();
    artifact->set_study("mnist");
    artifact->set_attempt(1);
    artifact->set_kind(v1::Artifact::WEIGHTS);
    artifact->set_size(static_cast<int64_t>(weights.size()));
    artifact->set_crc32(client::Crc32(weights));
    return work;
  }
  void Grant(const v1::AcquireWorkResponse& work) {
    while (!coordinator.AnswerAcquire(coordinator.AwaitParked(), work)) {
    }
  }
  // The token of Grant(number).
  // The same for a study that runs a program; where `code` is given, with that as its archive.
  static v1::AcquireWorkResponse Program(int32_t number, const std::string& code = "") {
    v1::AcquireWorkResponse work = Trial(number);
    v1::Command& command =
        *work.mutable_trial()->mutable_study()->mutable_trainer()->mutable_command();
    command.add_run("train");
    if (code.empty()) return work;
    command.mutable_code()->mutable_archive()->set_sha256(vocabulary::Sha256(code));
    command.mutable_code()->mutable_archive()->set_size(static_cast<int64_t>(code.size()));
    return work;
  }
  static void SetToken(v1::FencingToken* token, int32_t number) {
    token->set_epoch(1);
    token->set_counter(100 + number);
  }

  // The next outcome; blocks until there is one.
  v1::FinishWorkRequest AwaitFinish() { return Await(finished_); }
  // The next GiveBackWork, and its tokens' counters.
  v1::GiveBackWorkRequest AwaitGiveBack() { return Await(given_back_); }
  std::vector<int64_t> AwaitGivenBack() {
    std::vector<int64_t> counters;
    const v1::GiveBackWorkRequest request = AwaitGiveBack();
    for (const v1::FencingToken& token : request.tokens()) counters.push_back(token.counter());
    return counters;
  }
  bool nothing_given_back() {
    absl::MutexLock lock(&mutex_);
    return given_back_.empty();
  }
  // What came, in its order: "step 3", "checkpoint 3: its bytes" (when it was whole), "weights",
  // "finish", "give back".
  std::vector<std::string> events() {
    absl::MutexLock lock(&mutex_);
    return events_;
  }
  void AwaitEvent(const std::string& event) {
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return std::count(events_.begin(), events_.end(), event) > 0;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
  }
  // Chunks of checkpoints are answered so, until told otherwise.
  void FailCheckpoints(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    checkpoint_error_ = std::move(status);
  }
  void AwaitCheckpointTries(int count) {
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return failed_chunks_ >= count;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
  }
  v1::RegisterWorkerRequest registration() {
    absl::MutexLock lock(&mutex_);
    return registration_;
  }
  bool nothing_finished() {
    absl::MutexLock lock(&mutex_);
    return finished_.empty();
  }
  // Steps that were reported, in the order in which they first came.
  std::vector<int64_t> steps() {
    absl::MutexLock lock(&mutex_);
    return steps_;
  }
  void AwaitSteps(size_t count) {
    const auto there = [&]()
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return steps_.size() >= count; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
  }
  // What was uploaded, or is to be downloaded.
  std::string file(v1::Artifact::Kind kind = v1::Artifact::WEIGHTS) {
    absl::MutexLock lock(&mutex_);
    return files_[kind];
  }
  void set_file(std::string file, v1::Artifact::Kind kind = v1::Artifact::WEIGHTS) {
    absl::MutexLock lock(&mutex_);
    files_[kind] = std::move(file);
  }
  int registrations() {
    absl::MutexLock lock(&mutex_);
    return registrations_;
  }

  // What the next renewals say.
  void Take(int32_t number) {
    absl::MutexLock lock(&mutex_);
    taken_.insert(100 + number);
  }
  void Direct(v1::Directive directive) {
    absl::MutexLock lock(&mutex_);
    directive_ = directive;
  }
  // Forgets its workers: they have to register again.
  void Forget() {
    absl::MutexLock lock(&mutex_);
    worker_id_.clear();
  }
  // From now on files of this kind are refused.
  void Refuse(v1::Artifact::Kind kind) {
    absl::MutexLock lock(&mutex_);
    refused_ = kind;
  }
  // The next report gets this answer.
  void FailReport(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    report_error_ = std::move(status);
  }
  // What programs printed, and what calls that add to it are answered.
  std::string log() {
    absl::MutexLock lock(&mutex_);
    return log_;
  }
  void AwaitLog(const std::string& log) {
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return log_ == log; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
  }
  void FailLogs(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    log_error_ = std::move(status);
  }
  void AwaitLogTries(int count) {
    const auto there = [&]()
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return failed_logs_ >= count; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
  }
  // The code that is to be downloaded, and how often a piece of it was asked for.
  void set_code(std::string code) {
    absl::MutexLock lock(&mutex_);
    code_ = std::move(code);
  }
  int code_calls() {
    absl::MutexLock lock(&mutex_);
    return code_calls_;
  }

  // Whether the last renewal was a worker's last word.
  bool last_renewal_leaves() {
    absl::MutexLock lock(&mutex_);
    return last_renewal_leaves_;
  }
  // Blocks until a renewal has named this trial's lease.
  void AwaitRenewal(int32_t number) {
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return renewed_.count(100 + number) > 0;
    };
    absl::MutexLock lock(&mutex_);
    renewed_.clear();
    mutex_.Await(absl::Condition(&there));
  }

 private:
  template <typename T>
  T Await(std::vector<T>& list) {
    const auto there = [&list] { return !list.empty(); };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&there));
    T first = list.front();
    list.erase(list.begin());
    return first;
  }

  absl::StatusOr<v1::RegisterWorkerResponse> Register(const v1::RegisterWorkerRequest& request) {
    absl::MutexLock lock(&mutex_);
    ++registrations_;
    registration_ = request;
    worker_id_ = request.request_id().client_id();
    worker_id_[0] = static_cast<char>('0' + registrations_ % 10);
    v1::RegisterWorkerResponse response;
    response.set_worker_id(worker_id_);
    response.mutable_lease_ttl()->set_seconds(60);
    response.mutable_renew_interval()->set_nanos(10'000'000);
    return response;
  }
  absl::StatusOr<v1::RenewLeasesResponse> Renew(const v1::RenewLeasesRequest& request) {
    absl::MutexLock lock(&mutex_);
    if (request.worker_id() != worker_id_) {
      return error::WithReason(absl::NotFoundError("who?"), error::kWorkerUnknown);
    }
    last_renewal_leaves_ = request.leaving();
    v1::RenewLeasesResponse response;
    for (const v1::FencingToken& token : request.tokens()) {
      auto* lease = response.add_leases();
      *lease->mutable_token() = token;
      lease->set_held(taken_.count(token.counter()) == 0);
      lease->set_directive(directive_);
      renewed_.insert(token.counter());
    }
    return response;
  }
  absl::StatusOr<v1::ReportMeasurementsResponse> Report(
      const v1::ReportMeasurementsRequest& request) {
    absl::MutexLock lock(&mutex_);
    if (!report_error_.ok()) return std::exchange(report_error_, absl::OkStatus());
    for (const v1::Measurement& measurement : request.measurements()) {
      const int64_t step = measurement.step();
      // What is stored already is left as it is: a report whose answer was lost comes again.
      if (std::count(steps_.begin(), steps_.end(), step) > 0) continue;
      steps_.push_back(step);
      events_.push_back(absl::StrCat("step ", step));
    }
    v1::ReportMeasurementsResponse response;
    response.set_directive(directive_);
    return response;
  }
  absl::StatusOr<v1::FinishWorkResponse> Finish(const v1::FinishWorkRequest& request) {
    absl::MutexLock lock(&mutex_);
    finished_.push_back(request);
    events_.push_back("finish");
    v1::FinishWorkResponse response;
    response.set_state(v1::Trial::COMPLETED);
    return response;
  }
  absl::StatusOr<v1::GiveBackWorkResponse> GiveBack(const v1::GiveBackWorkRequest& request) {
    absl::MutexLock lock(&mutex_);
    given_back_.push_back(request);
    events_.push_back("give back");
    return v1::GiveBackWorkResponse();
  }
  absl::StatusOr<v1::UploadChunkResponse> Upload(const v1::UploadChunkRequest& request) {
    absl::MutexLock lock(&mutex_);
    const bool is_checkpoint = request.kind() == v1::Artifact::CHECKPOINT;
    if (is_checkpoint && !checkpoint_error_.ok()) {
      ++failed_chunks_;
      return checkpoint_error_;
    }
    if (refused_ == request.kind()) return absl::InvalidArgumentError("not taken");
    std::string& file = files_[request.kind()];
    file.resize(request.offset());
    file += request.data();
    v1::UploadChunkResponse response;
    response.set_received(static_cast<int64_t>(file.size()));
    if (response.received() == request.size()) {
      events_.push_back(is_checkpoint
                            ? absl::StrCat("checkpoint ", request.step(), ": ", file.substr(0, 20))
                        : request.kind() == v1::Artifact::MODEL ? "model"
                                                                : "weights");
    }
    return response;
  }
  absl::StatusOr<v1::DownloadChunkResponse> Download(const v1::DownloadChunkRequest& request) {
    absl::MutexLock lock(&mutex_);
    v1::DownloadChunkResponse response;
    response.set_data(
        files_[request.artifact().kind()].substr(request.offset(), client::kChunkBytes));
    response.set_data_crc32(client::Crc32(response.data()));
    return response;
  }

  absl::StatusOr<v1::AppendLogResponse> AppendLog(const v1::AppendLogRequest& request) {
    absl::MutexLock lock(&mutex_);
    if (!log_error_.ok()) {
      ++failed_logs_;
      return log_error_;
    }
    const int64_t size = static_cast<int64_t>(log_.size());
    if (request.offset() > size) return absl::OutOfRangeError("something is missing");
    const int64_t known = size - request.offset();
    if (known < static_cast<int64_t>(request.data().size())) log_ += request.data().substr(known);
    events_.push_back("log");
    v1::AppendLogResponse response;
    response.set_size(static_cast<int64_t>(log_.size()));
    return response;
  }
  absl::StatusOr<v1::DownloadCodeResponse> DownloadCode(const v1::DownloadCodeRequest& request) {
    absl::MutexLock lock(&mutex_);
    ++code_calls_;
    if (code_.empty()) return absl::NotFoundError("no study has this code");
    v1::DownloadCodeResponse response;
    response.set_data(code_.substr(request.offset(), client::kChunkBytes));
    response.set_data_crc32(client::Crc32(response.data()));
    return response;
  }

  absl::Mutex mutex_;
  std::string worker_id_ ABSL_GUARDED_BY(mutex_);
  int registrations_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<int64_t> taken_ ABSL_GUARDED_BY(mutex_);
  std::set<int64_t> renewed_ ABSL_GUARDED_BY(mutex_);
  bool last_renewal_leaves_ ABSL_GUARDED_BY(mutex_) = false;
  v1::Directive directive_ ABSL_GUARDED_BY(mutex_) = v1::DIRECTIVE_CONTINUE;
  absl::Status report_error_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> steps_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::FinishWorkRequest> finished_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::GiveBackWorkRequest> given_back_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
  std::map<v1::Artifact::Kind, std::string> files_ ABSL_GUARDED_BY(mutex_);
  v1::Artifact::Kind refused_ ABSL_GUARDED_BY(mutex_) = v1::Artifact::KIND_UNSPECIFIED;
  absl::Status checkpoint_error_ ABSL_GUARDED_BY(mutex_);
  int failed_chunks_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string log_ ABSL_GUARDED_BY(mutex_);
  absl::Status log_error_ ABSL_GUARDED_BY(mutex_);
  int failed_logs_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string code_ ABSL_GUARDED_BY(mutex_);
  int code_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::RegisterWorkerRequest registration_ ABSL_GUARDED_BY(mutex_);
};

class FakeTrainer final : public training::Trainer {
 public:
  training::Outcome Train(const training::AttemptWork& work,
                          training::AttemptObserver& observer) override {
    return train(work, observer);
  }
  absl::StatusOr<training::TestResult> Evaluate(const v1::Study&, const v1::Trial&,
                                                const std::string& weights) override {
    return evaluate(weights);
  }
  std::string NumericsFingerprint() const override { return numerics; }

  std::string numerics = "numbers";
  std::function<training::Outcome(const training::AttemptWork&, training::AttemptObserver&)> train;
  std::function<absl::StatusOr<training::TestResult>(const std::string&)> evaluate;
};

}  // namespace caviar::agent

#endif  // CAVIAR_TESTS_WORKER_AGENT_FAKE_WORK_H_
