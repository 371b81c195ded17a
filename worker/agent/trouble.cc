#include "worker/agent/trouble.h"

namespace caviar::agent {

bool Trouble::MayTake(int slot, TimePoint now) {
  const std::lock_guard lock(mutex_);
  EndIfItRunsForLong(now);
  if (!lasts_) return true;
  if (!tries_ && now >= until_) tries_ = slot;
  return tries_ == slot;
}

void Trouble::Begin(int slot, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (tries_ == slot) began_ = now;
}

std::optional<absl::Duration> Trouble::Note(int slot, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (lasts_ && tries_ != slot) return std::nullopt;
  End();
  lasts_ = true;
  const absl::Duration pause = pauses_.Next();
  until_ = now + absl::ToChronoNanoseconds(pause);
  return pause;
}

bool Trouble::Done(int slot) {
  const std::lock_guard lock(mutex_);
  // What began before the trouble says nothing of now.
  if (lasts_ && tries_ != slot) return false;
  const bool lasted = lasts_;
  End();
  pauses_.Reset();
  return lasted;
}

void Trouble::Cut(int slot, TimePoint now) {
  const std::lock_guard lock(mutex_);
  EndIfItRunsForLong(now);
  if (tries_ == slot) began_.reset();
}

void Trouble::EndIfItRunsForLong(TimePoint now) {
  if (began_ && now - *began_ >= kShowsWithin) End();
}

void Trouble::End() {
  lasts_ = false;
  tries_.reset();
  began_.reset();
}

}  // namespace caviar::agent
