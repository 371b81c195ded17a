#include "server/api/listen_address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace caviar::server_api {
namespace {

absl::Status NotAnAddress(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not an address; write host:port, such as 127.0.0.1:7461"));
}

// The errno of binding to it as gRPC would; 0: it works.
int TryBind(const addrinfo& info) {
  const int fd = socket(info.ai_family, info.ai_socktype | SOCK_CLOEXEC, info.ai_protocol);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool bound = bind(fd, info.ai_addr, info.ai_addrlen) == 0 && listen(fd, /*backlog=*/1) == 0;
  const int error = bound ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

std::string ListenAddress::ToString() const {
  if (absl::StrContains(host, ":")) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return NotAnAddress(text);
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (absl::StrContains(host, ":")) {
    return NotAnAddress(text);  // IPv6 without brackets: which colon is the port's?
  }
  ListenAddress address;
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == port.npos;
  if (host.empty() || !digits || !absl::SimpleAtoi(port, &address.port) || address.port > 65535) {
    return NotAnAddress(text);
  }
  address.host = std::string(host);
  return address;
}

bool IsLoopback(const ListenAddress& address) {
  return absl::StartsWith(address.host, "127.") || address.host == "::1" ||
         address.host == "localhost";
}

absl::Status ExplainBindFailure(const ListenAddress& address) {
  const std::string where = absl::StrCat("cannot listen on ", address.ToString(), ": ");
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int lookup =
      getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &found);
  if (lookup != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, gai_strerror(lookup), "; give an address of this machine"));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> infos(found, freeaddrinfo);
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    const int error = TryBind(*info);
    if (error == 0) continue;
    const std::string why = absl::StrCat(where, strerror(error));
    switch (error) {
      case EADDRINUSE:
        return absl::FailedPreconditionError(absl::StrCat(
            why, "; stop what listens there, or choose another port (port 0: any free one)"));
      case EADDRNOTAVAIL:
        return absl::FailedPreconditionError(
            absl::StrCat(why, "; give an address of this machine"));
      case EACCES:
        return absl::FailedPreconditionError(absl::StrCat(why, "; choose a port above 1023"));
      default:
        return absl::FailedPreconditionError(why);
    }
  }
  return absl::UnavailableError(absl::StrCat(where, "it failed once; try again"));
}

}  // namespace caviar::server_api
