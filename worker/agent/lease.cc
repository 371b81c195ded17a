#include "worker/agent/lease.h"

#include <algorithm>
#include <utility>

namespace caviar::agent {

Lease::Lease(v1::FencingToken token, absl::Duration ttl, SteadyClock clock)
    : token_(std::move(token)), clock_(std::move(clock)), counts_from_(clock_()), ttl_(ttl) {}

bool Lease::FencedLocked() const { return clock_() >= counts_from_ + kFencedFraction * ttl_; }

bool Lease::Fenced() const {
  const std::lock_guard lock(mutex_);
  return FencedLocked();
}

void Lease::Renewed(absl::Duration sent_at, absl::Duration ttl) {
  const std::lock_guard lock(mutex_);
  counts_from_ = std::max(counts_from_, sent_at);
  ttl_ = ttl;
  changed_.notify_all();
}

void Lease::StopLocked() {
  // In this order: who sees that it is to stop sees also that nobody wants a checkpoint.
  checkpoint_ = false;
  stop_ = true;
}

void Lease::Stop() {
  const std::lock_guard lock(mutex_);
  StopLocked();
}

void Lease::RequestCheckpoint() {
  const std::lock_guard lock(mutex_);
  if (stop_) return;
  checkpoint_ = true;
  stop_ = true;
}

void Lease::Pause() {
  pausing_ = true;
  RequestCheckpoint();
}

void Lease::EndLocked(State state) {
  if (state_ != State::kHeld) return;
  // In this order: who sees that it has ended sees also that it is to stop.
  StopLocked();
  state_ = state;
  changed_.notify_all();
}

void Lease::Lose() {
  const std::lock_guard lock(mutex_);
  EndLocked(State::kLost);
}

void Lease::Doubt() {
  const std::lock_guard lock(mutex_);
  counts_from_ = std::min(counts_from_, clock_() - ttl_);
}

void Lease::BeginOutcome() {
  const std::lock_guard lock(mutex_);
  outcome_begun_ = true;
}

bool Lease::Release() {
  const std::lock_guard lock(mutex_);
  if (outcome_begun_ || state_ != State::kHeld) return false;
  EndLocked(State::kReleased);
  return true;
}

void Lease::Abandon() {
  const std::lock_guard lock(mutex_);
  EndLocked(State::kReleased);
}

bool Lease::AwaitSendable() {
  std::unique_lock lock(mutex_);
  // Only an answered Renew ends the fence, and it notifies.
  changed_.wait(lock, [this] { return ended() || !FencedLocked(); });
  return !ended();
}

bool Lease::Sleep(absl::Duration delay) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoNanoseconds(delay), [this] { return ended(); });
  return !ended();
}

}  // namespace caviar::agent
