#include "server/api/listen_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace caviar::server_api {
namespace {

// The kernel takes less where net.core.somaxconn says so: a fleet that comes back all at once waits
// here, not in the retries of TCP.
constexpr int kBacklog = 4096;
// Tries to find a port that is free for each of the host's addresses.
constexpr int kPortDraws = 16;

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

absl::Status Explain(const ListenAddress& address, int error) {
  const std::string why =
      absl::StrCat("cannot listen on ", address.ToString(), ": ", strerror(error));
  switch (error) {
    case EADDRINUSE:
      return absl::FailedPreconditionError(absl::StrCat(
          why, "; stop what listens there, or choose another port (port 0: any free one)"));
    case EADDRNOTAVAIL:
      return absl::FailedPreconditionError(absl::StrCat(why, "; give an address of this machine"));
    case EACCES:
      return absl::FailedPreconditionError(absl::StrCat(why, "; choose a port above 1023"));
    default:
      return absl::FailedPreconditionError(why);
  }
}

absl::StatusOr<AddressList> Resolve(const ListenAddress& address) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &found);
  if (error == 0) return AddressList(found, freeaddrinfo);
  return absl::InvalidArgumentError(absl::StrCat("cannot listen on ", address.ToString(), ": ",
                                                 gai_strerror(error),
                                                 "; give an address of this machine"));
}

// Both families keep the port in the same place.
void SetPort(addrinfo& info, int port) {
  const auto network_order = htons(static_cast<uint16_t>(port));
  if (info.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(info.ai_addr)->sin6_port = network_order;
  } else {
    reinterpret_cast<sockaddr_in*>(info.ai_addr)->sin_port = network_order;
  }
}

int PortOf(int socket) {
  sockaddr_storage bound = {};
  socklen_t size = sizeof(bound);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<sockaddr_in&>(bound).sin_port);
}

// A socket that listens there, or none, and errno says why.
FileDescriptor ListenOn(const addrinfo& info) {
  FileDescriptor socket(
      ::socket(info.ai_family, info.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info.ai_protocol));
  if (!socket.open()) return socket;
  const int on = 1;
  // For a restart while connections of the process before are still ending.
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (info.ai_family == AF_INET6) {
    const int off = 0;
    setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (bind(socket.get(), info.ai_addr, info.ai_addrlen) == 0 && listen(socket.get(), kBacklog) == 0)
    return socket;
  const int error = errno;
  socket.Close();
  errno = error;
  return socket;
}

// What says that this machine lacks an address, or all of its family.
bool IsForeign(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT; }

// One socket for each of `addresses`, all with one port. Returns an errno; 0: it worked.
int ListenOnAll(addrinfo* addresses, int port, ListenSockets& result) {
  result = {};
  int foreign = EADDRNOTAVAIL;
  std::set<std::string> seen;  // /etc/hosts may name an address twice
  for (addrinfo* info = addresses; info != nullptr; info = info->ai_next) {
    SetPort(*info, result.port != 0 ? result.port : port);
    const std::string bytes(reinterpret_cast<const char*>(info->ai_addr), info->ai_addrlen);
    if (!seen.insert(bytes).second) continue;
    FileDescriptor socket = ListenOn(*info);
    if (!socket.open()) {
      if (!IsForeign(errno)) return errno;
      foreign = errno;
      continue;
    }
    result.port = PortOf(socket.get());
    result.sockets.push_back(std::move(socket));
  }
  return result.sockets.empty() ? foreign : 0;
}

}  // namespace

absl::StatusOr<ListenSockets> Listen(const ListenAddress& address) {
  const absl::StatusOr<AddressList> addresses = Resolve(address);
  if (!addresses.ok()) return addresses.status();
  ListenSockets result;
  int error = 0;
  for (int draw = 0; draw < kPortDraws; ++draw) {
    error = ListenOnAll(addresses->get(), address.port, result);
    if (error == 0) return result;
    // A free port of one address may be taken at another.
    if (address.port != 0 || error != EADDRINUSE) break;
  }
  return Explain(address, error);
}

}  // namespace caviar::server_api
