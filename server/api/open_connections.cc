#include "server/api/open_connections.h"

#include <sys/socket.h>

namespace caviar::server_api {
namespace {

// 0: it is no socket.
uint64_t CookieOf(int fd) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

}  // namespace

void OpenConnections::Add(int connection, const std::string& peer) {
  Connection& entry = connections_[connection];
  // The number was free again: the one before is over.
  if (entry.cookie != 0) Forget(entry.peer);
  entry = {CookieOf(connection), peer};
  ++of_peer_[peer];
}

void OpenConnections::Sweep() {
  for (auto entry = connections_.begin(); entry != connections_.end();) {
    if (CookieOf(entry->first) == entry->second.cookie) {
      ++entry;
    } else {
      Forget(entry->second.peer);
      entry = connections_.erase(entry);
    }
  }
}

int OpenConnections::count(const std::string& peer) const {
  const auto found = of_peer_.find(peer);
  return found == of_peer_.end() ? 0 : found->second;
}

void OpenConnections::Forget(const std::string& peer) {
  const auto found = of_peer_.find(peer);
  if (--found->second == 0) of_peer_.erase(found);
}

}  // namespace caviar::server_api
