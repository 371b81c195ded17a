// How long to wait before trying again.
#ifndef CAVIAR_CLIENT_API_BACKOFF_H_
#define CAVIAR_CLIENT_API_BACKOFF_H_

#include <algorithm>
#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace caviar::client {

// Exponential backoff with full jitter: the k-th delay is uniform in [0, min(max, min * 2^k)], but
// never below a tenth of `min`. So a fleet that lost its coordinator comes back spread over time.
// Not thread safe; each retrying thread has its own.
class Backoff {
 public:
  // 0 < min <= max.
  Backoff(absl::Duration min, absl::Duration max, uint64_t seed)
      : min_(min), max_(max), bound_(min), random_(seed) {}

  absl::Duration Next() {
    const absl::Duration delay = bound_ * std::uniform_real_distribution<double>(0, 1)(random_);
    bound_ = std::min(max_, bound_ * 2);
    return std::max(delay, min_ / 10);
  }

  // After a success: the next delay is short again.
  void Reset() { bound_ = min_; }

 private:
  absl::Duration min_;
  absl::Duration max_;
  absl::Duration bound_;
  std::mt19937_64 random_;
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_BACKOFF_H_
