#include "client/api/retry.h"

#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"

namespace caviar::client {

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  const bool unavailable = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
  if (!unavailable && !absl::IsResourceExhausted(status)) return std::nullopt;
  const std::optional<v1::ErrorDetail> detail = error::Detail(status);
  const auto delay = detail ? error::RetryDelayOf(*detail) : std::nullopt;
  return delay || !unavailable ? delay : std::optional(absl::ZeroDuration());
}

}  // namespace caviar::client
