// Whether this server can be reached, asked through its own listener.
#ifndef CAVIAR_SERVER_API_SELF_PROBE_H_
#define CAVIAR_SERVER_API_SELF_PROBE_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace caviar::server_api {

// One health check over a new connection to the address of `listener`, a bound socket of this
// process. `expect` is told the port that the connection comes from, before it is made, and 0 at
// the end. Blocks for at most `timeout`, and as long again to connect.
//
// RESOURCE_EXHAUSTED: this side has no descriptor for it, which says nothing about the server. Any
// other error: the server did not answer.
absl::Status ProbeOnce(int listener, const std::function<void(uint16_t port)>& expect,
                       absl::Duration timeout);

// Probes again and again, on a thread of its own: a server that has gone deaf looks alive to
// whatever only watches its process. Thread safe.
class SelfProbe {
 public:
  // `probe` is called every `interval`, and `heard` with what it returned. After `max_failures`
  // errors in a row `on_deaf` is called instead of `heard`, once, and probing ends;
  // RESOURCE_EXHAUSTED does not count.
  SelfProbe(absl::Duration interval, int max_failures, std::function<absl::Status()> probe,
            std::function<void(const absl::Status&)> heard,
            std::function<void(const absl::Status&)> on_deaf);
  // Waits for a probe that is under way.
  ~SelfProbe();

 private:
  void Run();
  // False: it is over.
  bool Sleep();

  const absl::Duration interval_;
  const int max_failures_;
  const std::function<absl::Status()> probe_;
  const std::function<void(const absl::Status&)> heard_;
  const std::function<void(const absl::Status&)> on_deaf_;
  // Not Abseil's: its waits end by the calendar, which may jump.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_SELF_PROBE_H_
