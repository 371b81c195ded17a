#include "client/api/line.h"

#include <utility>

#include "client/api/channel.h"
#include "client/api/coordinator_address.h"

namespace caviar::client {

Channels::Channels(std::string coordinator, Credentials credentials)
    : coordinator_(std::move(coordinator)), credentials_(std::move(credentials)) {
  if (!IsAddressFile(coordinator_)) {
    current_ = {MakeChannel({coordinator_}, credentials_), coordinator_};
  }
}

absl::StatusOr<Channels::Current> Channels::Get() {
  Current current;
  {
    absl::MutexLock lock(&mutex_);
    current = current_;
  }
  const bool connected = current.channel != nullptr &&
                         current.channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY;
  if (!connected && IsAddressFile(coordinator_)) {
    // Without the lock: the file may lie on a network's disk.
    const absl::StatusOr<CoordinatorAddress> address = FindCoordinator(coordinator_);
    // The coordinator of before may be there again before it writes its file.
    if (!address.ok() && current.channel == nullptr) return address.status();
    absl::MutexLock lock(&mutex_);
    if (address.ok() && address->host_and_port != current_.address) {
      current_ = {MakeChannel(*address, credentials_), address->host_and_port};
    }
    current = current_;
  }
  AwaitReconnection(*current.channel);
  return current;
}

}  // namespace caviar::client
