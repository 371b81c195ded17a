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
    return;
  }
  values_ += measurement.metrics_size();
  for (v1::Measurement& piece : pieces) waiting_.push_back(std::move(piece));
}

bool Outbox::overflowed() const {
  absl::MutexLock lock(&mutex_);
  return overflowed_;
}

void Outbox::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
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

}  // namespace caviar::agent
