#include "client/api/retry.h"

#include "caviar/v1/error_detail.h"

namespace caviar::client {

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  const bool unavailable = absl::IsUnavailable(status);
  if (!unavailable && !absl::IsResourceExhausted(status)) return std::nullopt;
  const std::optional<v1::ErrorDetail> detail = error::Detail(status);
  if (!detail || !detail->has_retry_delay()) {
    return unavailable ? std::optional(absl::ZeroDuration()) : std::nullopt;
  }
  const absl::Duration delay = absl::Seconds(detail->retry_delay().seconds()) +
                               absl::Nanoseconds(detail->retry_delay().nanos());
  return std::max(delay, absl::ZeroDuration());
}

}  // namespace caviar::client
