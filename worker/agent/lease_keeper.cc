#include "worker/agent/lease_keeper.h"

namespace caviar::agent {

void LeaseKeeper::SetTtl(absl::Duration ttl) {
  if (ttl <= absl::ZeroDuration()) return;
  absl::MutexLock lock(&mutex_);
  ttl_ = ttl;
}

absl::Duration LeaseKeeper::ttl() const {
  absl::MutexLock lock(&mutex_);
  return ttl_;
}

std::shared_ptr<Lease> LeaseKeeper::Add(const v1::FencingToken& token) {
  absl::MutexLock lock(&mutex_);
  auto lease = std::make_shared<Lease>(token, ttl_, clock_);
  if (closed_) {
    lease->Release();
  } else {
    leases_[KeyOf(token)] = lease;
  }
  return lease;
}

void LeaseKeeper::Remove(const v1::FencingToken& token) {
  absl::MutexLock lock(&mutex_);
  leases_.erase(KeyOf(token));
}

std::vector<std::shared_ptr<Lease>> LeaseKeeper::All() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<Lease>> leases;
  for (const auto& [key, lease] : leases_) leases.push_back(lease);
  return leases;
}

std::vector<v1::FencingToken> LeaseKeeper::Tokens() const {
  std::vector<v1::FencingToken> tokens;
  for (const std::shared_ptr<Lease>& lease : All()) {
    if (!lease->ended()) tokens.push_back(lease->token());
  }
  return tokens;
}

void LeaseKeeper::TakeAnswer(absl::Duration sent_at, const v1::RenewLeasesResponse& answer) {
  if (answer.has_lease_ttl()) {
    SetTtl(absl::Seconds(answer.lease_ttl().seconds()) +
           absl::Nanoseconds(answer.lease_ttl().nanos()));
  }
  const absl::Duration ttl = this->ttl();
  for (const v1::RenewLeasesResponse::Lease& said : answer.leases()) {
    std::shared_ptr<Lease> lease;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = leases_.find(KeyOf(said.token()));
      if (found == leases_.end()) continue;
      lease = found->second;
    }
    if (!said.held()) {
      lease->Lose();
      continue;
    }
    lease->Renewed(sent_at, ttl);
    if (said.directive() == v1::DIRECTIVE_STOP) lease->Stop();
    if (said.directive() == v1::DIRECTIVE_PAUSE) lease->Pause();
  }
}

void LeaseKeeper::Leave() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  for (const std::shared_ptr<Lease>& lease : All()) lease->RequestCheckpoint();
}

std::vector<v1::FencingToken> LeaseKeeper::Release() {
  std::vector<v1::FencingToken> released;
  for (const std::shared_ptr<Lease>& lease : All()) {
    if (lease->Release()) released.push_back(lease->token());
  }
  return released;
}

void LeaseKeeper::AbandonAll() {
  for (const std::shared_ptr<Lease>& lease : All()) lease->Abandon();
}

}  // namespace caviar::agent
