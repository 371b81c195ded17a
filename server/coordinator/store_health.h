// Whether the store takes commits, and who is told that it does not.
#ifndef CAVIAR_SERVER_COORDINATOR_STORE_HEALTH_H_
#define CAVIAR_SERVER_COORDINATOR_STORE_HEALTH_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace caviar::coordinator {

// From a commit that failed up to the next that does not it is doubted. Used by one thread.
class StoreHealth {
 public:
  // `tell` hears of a failure, of one a minute at most, and of OK once after it; may be null.
  explicit StoreHealth(std::function<void(const absl::Status&)> tell) : tell_(std::move(tell)) {}

  // `now`: a steady time.
  void Failed(const absl::Status& failure, absl::Duration now);
  void Works();
  bool doubted() const { return !failure_.ok(); }
  // The last one, while it is doubted; else OK.
  const absl::Status& failure() const { return failure_; }

 private:
  std::function<void(const absl::Status&)> tell_;
  absl::Status failure_;
  absl::Duration next_word_ = -absl::InfiniteDuration();
  bool is_told_ = false;  // that it fails
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_STORE_HEALTH_H_
