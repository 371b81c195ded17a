// Which errors are worth another try, and the loop that tries.
#ifndef CAVIAR_CLIENT_API_RETRY_H_
#define CAVIAR_CLIENT_API_RETRY_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/api/backoff.h"

namespace caviar::client {

// The least delay before another try may succeed: that of the ErrorDetail, else 0. nullopt: another
// try is no use. UNAVAILABLE may always be tried again, and DEADLINE_EXCEEDED, which is how a
// stalled coordinator looks; RESOURCE_EXHAUSTED only with a retry_delay, because gRPC itself
// answers so to messages that will always be too large.
std::optional<absl::Duration> RetryDelay(const absl::Status& status);

// Calls `attempt`, which returns an absl::StatusOr, until it succeeds, fails for good, or
// `patience` would be over before the next try; a try without answer takes `call_timeout` of it.
// Returns the last answer. `sleep` waits for the next try.
template <typename Attempt, typename Sleep = void (*)(absl::Duration)>
auto Retry(absl::Duration patience, absl::Duration call_timeout, Backoff backoff, Attempt attempt,
           Sleep sleep = absl::SleepFor) {
  absl::Duration waited;
  for (;;) {
    auto result = attempt();
    if (result.ok()) return result;
    const std::optional<absl::Duration> least = RetryDelay(result.status());
    if (!least) return result;
    // Added, so that those who were told the same delay do not come back together.
    const absl::Duration delay = *least + backoff.Next();
    waited += delay;
    if (absl::IsDeadlineExceeded(result.status())) waited += call_timeout;
    if (waited > patience) return result;
    sleep(delay);
  }
}

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_RETRY_H_
