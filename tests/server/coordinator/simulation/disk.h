// Stores between the core and a MemoryStore: the disk that fails, stalls and sees the process die,
// and writes down what was committed.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_DISK_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_DISK_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "storage/memory_store.h"
#include "tests/server/coordinator/simulation/history.h"

namespace caviar::coordinator::simulation {

// Thrown out of a commit at which the process is killed.
struct Killed {};

// Hands everything to another store. The base of those that do something else here and there.
class ForwardingStore : public storage::Store {
 public:
  explicit ForwardingStore(storage::Store* next) : next_(next) {}

  absl::StatusOr<storage::Snapshot> Load() override { return next_->Load(); }
  absl::Status Apply(const storage::Batch& batch, int64_t commit) override {
    return next_->Apply(batch, commit);
  }
  absl::StatusOr<std::optional<storage::RequestRow>> FindRequest(const std::string& client_id,
                                                                 int64_t sequence) override {
    return next_->FindRequest(client_id, sequence);
  }
  absl::StatusOr<std::optional<int64_t>> FindForgottenRequest(
      const std::string& client_id) override {
    return next_->FindForgottenRequest(client_id);
  }
  absl::StatusOr<std::optional<int64_t>> FindOldestRequest() override {
    return next_->FindOldestRequest();
  }
  absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetric(
      int64_t trial_id, int32_t attempt, const std::string& metric) override {
    return next_->ReadMetric(trial_id, attempt, metric);
  }
  absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadCurve(
      int64_t trial_id, int32_t attempt, const std::string& metric) override {
    return next_->ReadCurve(trial_id, attempt, metric);
  }
  absl::StatusOr<std::optional<int64_t>> FindLastStep(int64_t trial_id, int32_t attempt) override {
    return next_->FindLastStep(trial_id, attempt);
  }
  absl::StatusOr<bool> HasStudyRows(int64_t study_id) override {
    return next_->HasStudyRows(study_id);
  }
  absl::StatusOr<storage::StoredValues> FindStored(
      const std::vector<storage::MeasurementRow>& rows) override {
    return next_->FindStored(rows);
  }
  absl::StatusOr<std::map<std::string, int64_t>> CountValues(int64_t trial_id) override {
    return next_->CountValues(trial_id);
  }
  absl::StatusOr<std::optional<storage::AttemptRow>> FindAttempt(int64_t token_epoch,
                                                                 int64_t token_counter) override {
    return next_->FindAttempt(token_epoch, token_counter);
  }

  // A process was killed, or begins: what was not durable is gone.
  virtual void Reopen() {}

 protected:
  storage::Store* next_;
};

// Writes every commit into the history. An error from `before` is the commit's answer, and nothing
// is written; both may let time go by or throw Killed.
class Disk : public ForwardingStore {
 public:
  Disk(storage::Store& next, Timeline& time, History& history)
      : ForwardingStore(&next), time_(time), history_(history) {}

  // After a failed commit, and at a start: the leases are fresh.
  absl::StatusOr<storage::Snapshot> Load() override {
    history_.pauses.push_back({time_.now(), time_.now()});
    return ForwardingStore::Load();
  }

  absl::Status Apply(const storage::Batch& batch, int64_t commit) override {
    const Time decided = time_.now();
    absl::Status status = before ? before() : absl::OkStatus();
    if (status.ok()) status = ForwardingStore::Apply(batch, commit);
    // Whatever took so long: the leases are fresh.
    if (time_.now() > decided) history_.pauses.push_back({decided, time_.now()});
    if (!status.ok()) return status;
    history_.commits.push_back({decided, time_.now(), commit, batch});
    if (after) after();
    return absl::OkStatus();
  }

  std::function<absl::Status()> before;
  std::function<void()> after;

 private:
  Timeline& time_;
  History& history_;
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_DISK_H_
