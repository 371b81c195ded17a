#include "worker/agent/outbox.h"

#include <map>
#include <string>
#include <utility>

namespace caviar::agent {
namespace {

// `measurement` in pieces that fit into a report, all of the same step.
std::vector<v1::Measurement> Split(const v1::Measurement& measurement) {
  if (measurement.metrics_size() <= Outbox::kMaxBatchValues) return {measurement};
  std::vector<v1::Measurement> pieces;
  // Sorted: a map of protobuf's has another order each time.
  for (const auto& [name, value] :
       std::map<std::string, double>(measurement.metrics().begin(), measurement.metrics().end())) {
    if (pieces.empty() || pieces.back().metrics_size() == Outbox::kMaxBatchValues) {
      pieces.emplace_back().set_step(measurement.step());
    }
    (*pieces.back().mutable_metrics())[name] = value;
  }
  return pieces;
}

}  // namespace

void Outbox::OnMeasurement(const v1::Measurement& measurement) {
  if (measurement.metrics().empty()) return;
  std::vector<v1::Measurement> pieces = Split(measurement);
  absl::MutexLock lock(&mutex_);
  if (values_ + measurement.metrics_size() > max_values_) overflowed_ = true;
  if (overflowed_) {
    stop_ = true;
    no_checkpoints_ = true;
    return;
  }
  values_ += measurement.metrics_size();
  for (v1::Measurement& piece : pieces) waiting_.push_back(std::move(piece));
}

void Outbox::OnCheckpoint(int64_t step, std::string checkpoint) {
  if (checkpoint.empty()) return;
  // What it replaces may be large: it is freed after the lock is let go.
  std::optional<Checkpoint> next = Checkpoint{step, std::move(checkpoint)};
  absl::MutexLock lock(&mutex_);
  if (!no_checkpoints_) checkpoint_.swap(next);
}

void Outbox::Stop() {
  absl::MutexLock lock(&mutex_);
  stop_ = true;
  no_checkpoints_ = true;
}

bool Outbox::overflowed() const {
  absl::MutexLock lock(&mutex_);
  return overflowed_;
}

void Outbox::Close(bool with_checkpoint) {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  if (!with_checkpoint) no_checkpoints_ = true;
}

std::vector<v1::Measurement> Outbox::Next() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Outbox::Ready));
  std::vector<v1::Measurement> batch;
  int values = 0;
  for (const v1::Measurement& measurement : waiting_) {
    values += measurement.metrics_size();
    if (values > kMaxBatchValues) break;
    batch.push_back(measurement);
  }
  return batch;
}

void Outbox::Pop(size_t count) {
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < count; ++i) {
    values_ -= waiting_.front().metrics_size();
    waiting_.pop_front();
  }
}

bool Outbox::CheckpointReady() const {
  if (no_checkpoints_) return true;
  if (!checkpoint_) return closed_;
  return waiting_.empty() || waiting_.front().step() > checkpoint_->step;
}

std::optional<Outbox::Checkpoint> Outbox::NextCheckpoint() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Outbox::CheckpointReady));
  if (no_checkpoints_) return std::nullopt;
  return std::exchange(checkpoint_, std::nullopt);
}

bool Outbox::GivesWay(bool failed) const {
  absl::MutexLock lock(&mutex_);
  return no_checkpoints_ || (failed && checkpoint_);
}

}  // namespace caviar::agent
