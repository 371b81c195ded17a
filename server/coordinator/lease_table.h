// The live leases and their deadlines, kept in memory only.
//
// Renewals go straight to this table, so that they never wait behind a disk. Everything else about
// a lease (granting, ending) is decided by the sequencer. Deadlines are times of the coordinator's
// steady clock.
#ifndef CAVIAR_SERVER_COORDINATOR_LEASE_TABLE_H_
#define CAVIAR_SERVER_COORDINATOR_LEASE_TABLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::coordinator {

// (store epoch, counter), ordered by age.
struct Token {
  int64_t epoch = 0;
  int64_t counter = 0;
  // clang-tidy 14 takes the zero in what the compiler writes here for a null pointer.
  auto operator<=>(const Token&) const = default;  // NOLINT(modernize-use-nullptr)
};

Token ToToken(const v1::FencingToken& token);
v1::FencingToken ToMessage(Token token);

// What a lease is for.
struct Lease {
  int64_t study_id = 0;
  std::string study;
  int32_t number = 0;   // of the trial
  int32_t attempt = 0;  // 0: an evaluation
  int64_t trial_id = 0;
  std::string worker_id;    // empty: an asked trial
  absl::Duration duration;  // how long it stands without being renewed
};

// Thread safe. No call waits for anything but this table's own short critical sections.
class LeaseTable {
 public:
  void Insert(Token token, Lease lease, absl::Duration now);
  void Remove(Token token);
  void Clear();

  // The lease of a token, if it stands.
  std::optional<Lease> Find(Token token) const;
  // The same, or of one that ended lately: what is no right to change anything, such as a log's
  // last lines, may come a moment later.
  std::optional<Lease> FindOrEnded(Token token) const;
  // What ended of this study is not found any more.
  void ForgetEnded(int64_t study_id);

  struct Renewal {
    // Which of the renewed tokens stand, in their order.
    std::vector<bool> held;
    // Leases of this worker that were missing from two of its lists, half a lease's half-life
    // apart: their grants never arrived.
    std::vector<Token> lost;
  };
  // Gives the worker's tokens their full duration from `now`.
  Renewal Renew(const std::string& worker_id, const std::vector<Token>& tokens, absl::Duration now);
  // As Renew, for one lease of an asked trial. False: it does not stand.
  bool RenewOne(Token token, absl::Duration now);

  // Takes the leases whose deadline is over out of the table, at most `limit`, the oldest tokens
  // first. A renewal that comes later finds none.
  std::vector<std::pair<Token, Lease>> TakeExpired(absl::Duration now, int limit);
  // Gives every lease its full duration from `now`, after a time in which renewals may not have
  // been heard.
  void FreshTtl(absl::Duration now);

  // Tokens that a worker holds, oldest first.
  std::vector<std::pair<Token, Lease>> HeldBy(const std::string& worker_id) const;
  // How many these are.
  int32_t CountHeldBy(const std::string& worker_id) const;
  int64_t size() const;

 private:
  struct Entry {
    Lease lease;
    absl::Duration deadline;
    absl::Duration last_miss;
    int misses = 0;
  };
  mutable absl::Mutex mutex_;
  std::unordered_map<int64_t, std::pair<Token, Entry>> entries_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::set<int64_t>> by_worker_ ABSL_GUARDED_BY(mutex_);
  // No deadline is earlier: they only move on. Until then nobody looks at all of them.
  absl::Duration none_before_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();

  // The newest kMostEnded, by counter.
  std::map<int64_t, std::pair<Token, Lease>> ended_ ABSL_GUARDED_BY(mutex_);

  void RemoveLocked(Token token) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Entry* FindLocked(Token token) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_LEASE_TABLE_H_
