#include "server/coordinator/store_health.h"

namespace caviar::coordinator {

void StoreHealth::Failed(const absl::Status& failure, absl::Duration now) {
  const bool says_so = !doubted() || now >= next_word_;
  failure_ = failure;
  if (!says_so) return;
  next_word_ = now + absl::Minutes(1);
  if (tell_) tell_(failure_);
}

void StoreHealth::Works() {
  if (!doubted()) return;
  failure_ = absl::OkStatus();
  if (tell_) tell_(failure_);
}

}  // namespace caviar::coordinator
