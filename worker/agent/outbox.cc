#include "worker/agent/outbox.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "client/api/worker_client.h"

namespace caviar::agent {
namespace {

constexpr auto kStopLook = std::chrono::milliseconds(20);

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
  const std::lock_guard lock(mutex_);
  if (values_ + measurement.metrics_size() > max_values_) overflowed_ = true;
  changed_.notify_all();
  if (overflowed_) {
    stop_ = true;
    no_checkpoints_ = true;
    return;
  }
  values_ += measurement.metrics_size();
  taken_in_ += static_cast<int64_t>(pieces.size());
  for (v1::Measurement& piece : pieces) waiting_.push_back(std::move(piece));
}

void Outbox::OnCheckpoint(int64_t step, std::string checkpoint) {
  if (checkpoint.empty()) return;
  // What it replaces may be large: it is freed after the lock is let go.
  std::optional<Checkpoint> next = Checkpoint{step, std::move(checkpoint)};
  const std::lock_guard lock(mutex_);
  if (!no_checkpoints_) (oldest_ ? newest_ : oldest_).swap(next);
  changed_.notify_all();
}

void Outbox::Stop() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  no_checkpoints_ = true;
  changed_.notify_all();
}

void Outbox::AwaitAnswers(absl::Duration at_most) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(at_most);
  std::unique_lock lock(mutex_);
  const int64_t count = taken_in_;
  // In short pieces: a lease does not tell that it is to stop, it is asked.
  while (answered_ < count && !StopRequested() && std::chrono::steady_clock::now() < end) {
    changed_.wait_until(lock, std::min(end, std::chrono::steady_clock::now() + kStopLook));
  }
}

bool Outbox::overflowed() const {
  const std::lock_guard lock(mutex_);
  return overflowed_;
}

void Outbox::Close(bool with_checkpoint) {
  std::optional<Checkpoint> older;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  if (newest_) older = std::exchange(oldest_, std::exchange(newest_, std::nullopt));
  if (!with_checkpoint) no_checkpoints_ = true;
  changed_.notify_all();
}

std::vector<v1::Measurement> Outbox::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
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
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < count; ++i) {
    values_ -= waiting_.front().metrics_size();
    waiting_.pop_front();
  }
  answered_ += static_cast<int64_t>(count);
  changed_.notify_all();
}

bool Outbox::MayLeave(const Checkpoint& checkpoint) const {
  return waiting_.empty() || waiting_.front().step() > checkpoint.step;
}

bool Outbox::CheckpointReady() const {
  if (no_checkpoints_) return true;
  return oldest_ ? MayLeave(*oldest_) : closed_;
}

std::optional<Outbox::Checkpoint> Outbox::NextCheckpoint() {
  std::optional<Checkpoint> older;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return CheckpointReady(); });
  if (no_checkpoints_) return std::nullopt;
  std::optional<Checkpoint> next = std::exchange(oldest_, std::exchange(newest_, std::nullopt));
  if (oldest_ && MayLeave(*oldest_)) {
    older = std::exchange(next, std::exchange(oldest_, std::nullopt));
  }
  if (next) {
    sent_step_ = next->step;
    sent_at_once_ = next->bytes.size() <= client::kChunkBytes;
  }
  return next;
}

void Outbox::CheckpointStored() {
  const std::lock_guard lock(mutex_);
  stored_step_ = std::exchange(sent_step_, std::nullopt);
}

std::set<int64_t> Outbox::CheckpointsInUse() const {
  std::set<int64_t> steps;
  const std::lock_guard lock(mutex_);
  if (stored_step_) steps.insert(*stored_step_);
  if (sent_step_) steps.insert(*sent_step_);
  if (oldest_) steps.insert(oldest_->step);
  if (newest_) steps.insert(newest_->step);
  return steps;
}

bool Outbox::GivesWay(bool failed) const {
  const std::lock_guard lock(mutex_);
  return no_checkpoints_ || (failed && oldest_ && !sent_at_once_);
}

}  // namespace caviar::agent
