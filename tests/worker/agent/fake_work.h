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
#include "absl/synchronization/mutex.h"
#include "caviar/v1/error_detail.h"
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
  }

  server_api::FakeCoordinator coordinator;

  // Gives a trial to the next poll; blocks until there is one.
  void Grant(int32_t number) {
    v1::AcquireWorkResponse work;
    SetToken(work.mutable_trial()->mutable_token(), number);
    work.mutable_trial()->mutable_study()->set_name("mnist");
    work.mutable_trial()->mutable_trial()->set_number(number);
    work.mutable_trial()->set_attempt(1);
    Grant(work);
  }
  void Grant(const v1::AcquireWorkResponse& work) {
    while (!coordinator.AnswerAcquire(coordinator.AwaitParked(), work)) {
    }
  }
  // The token of Grant(number).
  static void SetToken(v1::FencingToken* token, int32_t number) {
    token->set_epoch(1);
    token->set_counter(100 + number);
  }

  // The next outcome; blocks until there is one.
  v1::FinishWorkRequest AwaitFinish() { return Await(finished_); }
  // The tokens' counters of the next GiveBackWork.
  std::vector<int64_t> AwaitGivenBack() { return Await(given_back_); }
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
  void set_file(std::string file) {
    absl::MutexLock lock(&mutex_);
    files_[v1::Artifact::WEIGHTS] = std::move(file);
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
      if (std::count(steps_.begin(), steps_.end(), step) == 0) steps_.push_back(step);
    }
    v1::ReportMeasurementsResponse response;
    response.set_directive(directive_);
    return response;
  }
  absl::StatusOr<v1::FinishWorkResponse> Finish(const v1::FinishWorkRequest& request) {
    absl::MutexLock lock(&mutex_);
    finished_.push_back(request);
    v1::FinishWorkResponse response;
    response.set_state(v1::Trial::COMPLETED);
    return response;
  }
  absl::StatusOr<v1::GiveBackWorkResponse> GiveBack(const v1::GiveBackWorkRequest& request) {
    std::vector<int64_t> counters;
    for (const v1::FencingToken& token : request.tokens()) counters.push_back(token.counter());
    absl::MutexLock lock(&mutex_);
    given_back_.push_back(counters);
    return v1::GiveBackWorkResponse();
  }
  absl::StatusOr<v1::UploadChunkResponse> Upload(const v1::UploadChunkRequest& request) {
    absl::MutexLock lock(&mutex_);
    if (refused_ == request.kind()) return absl::InvalidArgumentError("not taken");
    std::string& file = files_[request.kind()];
    file.resize(request.offset());
    file += request.data();
    v1::UploadChunkResponse response;
    response.set_received(static_cast<int64_t>(file.size()));
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

  absl::Mutex mutex_;
  std::string worker_id_ ABSL_GUARDED_BY(mutex_);
  int registrations_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<int64_t> taken_ ABSL_GUARDED_BY(mutex_);
  std::set<int64_t> renewed_ ABSL_GUARDED_BY(mutex_);
  v1::Directive directive_ ABSL_GUARDED_BY(mutex_) = v1::DIRECTIVE_CONTINUE;
  absl::Status report_error_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> steps_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::FinishWorkRequest> finished_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<int64_t>> given_back_ ABSL_GUARDED_BY(mutex_);
  std::map<v1::Artifact::Kind, std::string> files_ ABSL_GUARDED_BY(mutex_);
  v1::Artifact::Kind refused_ ABSL_GUARDED_BY(mutex_) = v1::Artifact::KIND_UNSPECIFIED;
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
