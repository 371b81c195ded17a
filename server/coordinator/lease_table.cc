#include "server/coordinator/lease_table.h"

#include <algorithm>
#include <utility>

namespace caviar::coordinator {
namespace {

// Of leases that ended: enough for what their workers still send.
constexpr size_t kMostEnded = 4096;

}  // namespace

Token ToToken(const v1::FencingToken& token) { return {token.epoch(), token.counter()}; }

v1::FencingToken ToMessage(Token token) {
  v1::FencingToken message;
  message.set_epoch(token.epoch);
  message.set_counter(token.counter);
  return message;
}

LeaseTable::Entry* LeaseTable::FindLocked(Token token) {
  const auto found = entries_.find(token.counter);
  return found == entries_.end() || found->second.first != token ? nullptr : &found->second.second;
}

void LeaseTable::Insert(Token token, Lease lease, absl::Duration now) {
  absl::MutexLock lock(&mutex_);
  Entry entry;
  entry.deadline = now + lease.duration;
  entry.last_miss = now;
  none_before_ = std::min(none_before_, entry.deadline);
  if (!lease.worker_id.empty()) by_worker_[lease.worker_id].insert(token.counter);
  entry.lease = std::move(lease);
  entries_[token.counter] = {token, std::move(entry)};
}

void LeaseTable::RemoveLocked(Token token) {
  Entry* entry = FindLocked(token);
  if (entry == nullptr) return;
  const auto worker = by_worker_.find(entry->lease.worker_id);
  if (worker != by_worker_.end()) {
    worker->second.erase(token.counter);
    if (worker->second.empty()) by_worker_.erase(worker);
  }
  ended_.insert_or_assign(token.counter, std::pair(token, std::move(entry->lease)));
  if (ended_.size() > kMostEnded) ended_.erase(ended_.begin());
  entries_.erase(token.counter);
}

void LeaseTable::Remove(Token token) {
  absl::MutexLock lock(&mutex_);
  RemoveLocked(token);
}

void LeaseTable::Clear() {
  absl::MutexLock lock(&mutex_);
  entries_.clear();
  by_worker_.clear();
  none_before_ = absl::InfiniteDuration();
}

std::optional<Lease> LeaseTable::Find(Token token) const {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(token.counter);
  if (found == entries_.end() || found->second.first != token) return std::nullopt;
  return found->second.second.lease;
}

std::optional<Lease> LeaseTable::FindOrEnded(Token token) const {
  if (std::optional<Lease> lease = Find(token)) return lease;
  absl::MutexLock lock(&mutex_);
  const auto found = ended_.find(token.counter);
  if (found == ended_.end() || found->second.first != token) return std::nullopt;
  return found->second.second;
}

void LeaseTable::ForgetEnded(int64_t study_id) {
  absl::MutexLock lock(&mutex_);
  std::erase_if(ended_,
                [study_id](const auto& ended) { return ended.second.second.study_id == study_id; });
}

LeaseTable::Renewal LeaseTable::Renew(const std::string& worker_id,
                                      const std::vector<Token>& tokens, absl::Duration now) {
  absl::MutexLock lock(&mutex_);
  Renewal renewal;
  std::set<int64_t> named;
  for (Token token : tokens) {
    Entry* entry = FindLocked(token);
    const bool held = entry != nullptr && entry->lease.worker_id == worker_id;
    renewal.held.push_back(held);
    if (!held) continue;
    named.insert(token.counter);
    entry->deadline = std::max(entry->deadline, now + entry->lease.duration);
    entry->misses = 0;
  }
  const auto own = by_worker_.find(worker_id);
  if (own == by_worker_.end()) return renewal;
  for (int64_t counter : own->second) {
    if (named.contains(counter)) continue;
    auto& [token, entry] = entries_.at(counter);
    // A list that was sent before the grant arrived says nothing; so lists count only some time
    // apart.
    if (now - entry.last_miss < entry.lease.duration / 8) continue;
    entry.last_miss = now;
    if (++entry.misses >= 2) renewal.lost.push_back(token);
  }
  return renewal;
}

bool LeaseTable::RenewOne(Token token, absl::Duration now) {
  absl::MutexLock lock(&mutex_);
  Entry* entry = FindLocked(token);
  if (entry == nullptr) return false;
  entry->deadline = std::max(entry->deadline, now + entry->lease.duration);
  return true;
}

std::vector<std::pair<Token, Lease>> LeaseTable::TakeExpired(absl::Duration now, int limit) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::pair<Token, Lease>> expired;
  if (now < none_before_) return expired;
  none_before_ = absl::InfiniteDuration();
  for (const auto& [counter, value] : entries_) {
    const auto& [token, entry] = value;
    if (entry.deadline <= now) {
      expired.emplace_back(token, entry.lease);
    } else {
      none_before_ = std::min(none_before_, entry.deadline);
    }
  }
  // In the order of the grants, so that the same calls at the same times give the same trials.
  std::sort(expired.begin(), expired.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  if (static_cast<int>(expired.size()) > limit) {
    expired.resize(limit);
    none_before_ = now;
  }
  for (const auto& [token, lease] : expired) RemoveLocked(token);
  return expired;
}

void LeaseTable::FreshTtl(absl::Duration now) {
  absl::MutexLock lock(&mutex_);
  for (auto& [counter, value] : entries_) {
    value.second.deadline = std::max(value.second.deadline, now + value.second.lease.duration);
    value.second.misses = 0;
    value.second.last_miss = now;
  }
}

std::vector<std::pair<Token, Lease>> LeaseTable::HeldBy(const std::string& worker_id) const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::pair<Token, Lease>> held;
  const auto own = by_worker_.find(worker_id);
  if (own == by_worker_.end()) return held;
  for (int64_t counter : own->second) {
    const auto& [token, entry] = entries_.at(counter);
    held.emplace_back(token, entry.lease);
  }
  return held;
}

int32_t LeaseTable::CountHeldBy(const std::string& worker_id) const {
  absl::MutexLock lock(&mutex_);
  const auto held = by_worker_.find(worker_id);
  return held == by_worker_.end() ? 0 : static_cast<int32_t>(held->second.size());
}

int64_t LeaseTable::size() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int64_t>(entries_.size());
}

}  // namespace caviar::coordinator
