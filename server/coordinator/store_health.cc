#include "server/coordinator/store_health.h"

#include <utility>

namespace caviar::coordinator {

void StoreHealth::Failed(const absl::Status& failure, absl::Duration now) {
  failure_ = failure;
  if (now < next_word_) return;
  next_word_ = now + absl::Minutes(1);
  is_told_ = true;
  if (tell_) tell_(failure_);
}

void StoreHealth::Works() {
  failure_ = absl::OkStatus();
  if (std::exchange(is_told_, false) && tell_) tell_(failure_);
}

}  // namespace caviar::coordinator
