// Errors after which a later try may succeed, and when.
#ifndef CAVIAR_PROTO_CAVIAR_V1_RETRY_DELAY_H_
#define CAVIAR_PROTO_CAVIAR_V1_RETRY_DELAY_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "caviar/v1/request.pb.h"

namespace caviar::error {

// RESOURCE_EXHAUSTED: a bound on calls or bytes is reached. The same code without a retry delay is
// final: so gRPC answers messages that will always be too large.
inline constexpr absl::string_view kOverloaded = "OVERLOADED";

// `status` with a reason, and the advice to try again, not before `delay`.
absl::Status WithRetryDelay(absl::Status status, absl::string_view reason, absl::Duration delay);

// The delay that a detail names, >= 0, if any.
std::optional<absl::Duration> RetryDelayOf(const v1::ErrorDetail& detail);

// The same as a google.rpc.RetryInfo, which other tools know; the detail must name a delay.
google::protobuf::Any RetryInfoOf(const v1::ErrorDetail& detail);

}  // namespace caviar::error

#endif  // CAVIAR_PROTO_CAVIAR_V1_RETRY_DELAY_H_
