// What an attempt's program printed, on its way to the coordinator.
#ifndef CAVIAR_WORKER_AGENT_LOG_BOX_H_
#define CAVIAR_WORKER_AGENT_LOG_BOX_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace caviar::agent {

// The training puts text in without ever waiting, a sender takes it out in pieces. Memory is
// bounded: what was sent is forgotten, and an attempt's log ends at kMaxBytes. Thread safe.
//
// Where a piece starts is where it starts in the coordinator's log. A coordinator that lost the end
// of its log cannot get that again: a line in its place says so.
class LogBox {
 public:
  // The protocol's 10 MiB, and room for the line that says that the rest is missing.
  static constexpr int64_t kMaxBytes = (10 << 20) + 4096;

  struct Options {
    // The least time between two pieces, unless as much waits as fits into one.
    absl::Duration gathering = absl::Milliseconds(500);
    // How long, after Close, the rest may go without getting on.
    absl::Duration patience = absl::Seconds(3);
  };
  struct Piece {
    int64_t offset = 0;
    std::string data;  // never empty
  };

  explicit LogBox(const Options& options) : options_(options) {}

  void Add(absl::string_view text);
  // The training is over, and its outcome waits for the rest.
  void Close();

  // Blocks for the next piece. It stays in the box until it is answered. nullopt: closed or given
  // up, and nothing waits.
  std::optional<Piece> Next();
  // `piece` was sent, and the coordinator's log has now `size` bytes.
  void Answered(const Piece& piece, int64_t size);
  // Nothing is taken any more, nothing waits.
  void GiveUp();
  // Whether a piece that did not get through is not worth another try: its outcome waited for it
  // long enough.
  bool OutOfPatience() const;

 private:
  using Clock = std::chrono::steady_clock;

  void GiveUpLocked();  // with mutex_ held

  const Options options_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::string waiting_;
  int64_t added_ = 0;   // bytes in all
  int64_t offset_ = 0;  // where waiting_ starts
  int losses_ = 0;
  bool closed_ = false;
  bool given_up_ = false;
  Clock::time_point next_;      // no piece before it
  Clock::time_point progress_;  // when it was closed, or last got on after that
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_LOG_BOX_H_
