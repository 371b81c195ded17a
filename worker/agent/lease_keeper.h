// All leases that a worker holds, and what each answered Renew says about them.
#ifndef CAVIAR_WORKER_AGENT_LEASE_KEEPER_H_
#define CAVIAR_WORKER_AGENT_LEASE_KEEPER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "caviar/v1/worker_service.pb.h"
#include "worker/agent/lease.h"

namespace caviar::agent {

// Makes no calls and starts no threads. Thread safe.
class LeaseKeeper {
 public:
  explicit LeaseKeeper(SteadyClock clock) : clock_(std::move(clock)) {}

  // How long leases stand, as the coordinator said last. Leases there are keep what they have until
  // their next renewal.
  void SetTtl(absl::Duration ttl);
  absl::Duration ttl() const;

  // A grant came in just now. After Leave the lease is released already: give it back.
  std::shared_ptr<Lease> Add(const v1::FencingToken& token);
  // The attempt is over, whatever became of the lease.
  void Remove(const v1::FencingToken& token);

  // What to renew: all leases that have not ended.
  std::vector<v1::FencingToken> Tokens() const;
  // The answer to a Renew of `sent_at`: leases that it names stand, stop or are lost. Those that
  // it does not name were granted after it was sent.
  void TakeAnswer(absl::Duration sent_at, const v1::RenewLeasesResponse& answer);

  // The worker is leaving: every attempt is asked for a checkpoint and to stop.
  void Leave();
  // What has not come by now is not waited for: releases all leases whose outcome is not being
  // sent, and returns their tokens, to be given back.
  std::vector<v1::FencingToken> Release();
  // There is no time left for the others either.
  void AbandonAll();

 private:
  using Key = std::pair<int64_t, int64_t>;  // epoch, counter
  static Key KeyOf(const v1::FencingToken& token) { return {token.epoch(), token.counter()}; }
  std::vector<std::shared_ptr<Lease>> All() const;

  const SteadyClock clock_;
  mutable absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration ttl_ ABSL_GUARDED_BY(mutex_) = absl::Seconds(60);
  std::map<Key, std::shared_ptr<Lease>> leases_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_LEASE_KEEPER_H_
