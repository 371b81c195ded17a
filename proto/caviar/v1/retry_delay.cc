#include "caviar/v1/retry_delay.h"

#include <algorithm>
#include <utility>

#include "caviar/v1/error_detail.h"

namespace caviar::error {

absl::Status WithRetryDelay(absl::Status status, absl::string_view reason, absl::Duration delay) {
  v1::ErrorDetail detail = Detail(status).value_or(v1::ErrorDetail());
  detail.set_reason(std::string(reason));
  detail.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
  detail.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(delay % absl::Seconds(1))));
  v1::RpcStatus rpc;
  rpc.add_details()->PackFrom(detail);
  return ParseDetail(std::move(status), rpc.SerializeAsString());
}

std::optional<absl::Duration> RetryDelayOf(const v1::ErrorDetail& detail) {
  if (!detail.has_retry_delay()) return std::nullopt;
  const absl::Duration delay = absl::Seconds(detail.retry_delay().seconds()) +
                               absl::Nanoseconds(detail.retry_delay().nanos());
  return std::max(delay, absl::ZeroDuration());
}

google::protobuf::Any RetryInfoOf(const v1::ErrorDetail& detail) {
  // message RetryInfo { google.protobuf.Duration retry_delay = 1; }: not worth a file of Google's.
  const std::string delay = detail.retry_delay().SerializeAsString();
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  any.set_value(std::string("\x0a") + static_cast<char>(delay.size()) + delay);
  return any;
}

}  // namespace caviar::error
