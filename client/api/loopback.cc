#include "client/api/loopback.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/api/listeners.h"

namespace caviar::client {
namespace {

struct Target {
  // With the port, what a connection goes to, those of IPv4 as ::ffff:a.b.c.d; or
  std::optional<in6_addr> address;
  // a name, or a number in a form that not everybody reads alike (127.1).
  std::string name;
  uint16_t port = 0;
};

bool IsLoopback(const in6_addr& address) {
  return IN6_IS_ADDR_LOOPBACK(&address) ||
         (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

// nullopt: the host is no number. [] stand around numbers of IPv6, and no others.
std::optional<in6_addr> ParseNumber(const std::string& host) {
  if (host.find('\0') != std::string::npos) return std::nullopt;
  in6_addr address = {};
  if (in_addr of_ipv4 = {}; inet_pton(AF_INET, host.c_str(), &of_ipv4) == 1) {
    address = Mapped(of_ipv4.s_addr);
  } else if (!absl::StartsWith(host, "[") || !absl::EndsWith(host, "]") ||
             inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address) != 1) {
    return std::nullopt;
  }
  // Linux connects to loopback then.
  const in6_addr all_of_ipv4 = Mapped(INADDR_ANY);
  if (IN6_IS_ADDR_UNSPECIFIED(&address)) return in6addr_loopback;
  if (IN6_ARE_ADDR_EQUAL(&address, &all_of_ipv4)) return Mapped(htonl(INADDR_LOOPBACK));
  return address;
}

// nullopt: not loopback's.
std::optional<Target> ParseTarget(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) ||
      port > 0xffff) {
    return std::nullopt;
  }
  absl::string_view host = text.substr(0, colon);
  // As gRPC takes it: dns:///localhost:7461, ipv4:127.0.0.1:7461.
  for (const char* scheme : {"dns:", "ipv4:", "ipv6:"}) {
    if (!absl::ConsumePrefix(&host, scheme)) continue;
    host.remove_prefix(host.rfind('/') + 1);
    break;
  }
  Target target;
  target.port = static_cast<uint16_t>(port);
  target.name = std::string(host);
  target.address = ParseNumber(target.name);
  if (target.address) return IsLoopback(*target.address) ? std::optional(target) : std::nullopt;
  const bool is_odd_number = absl::StartsWith(host, "127.") &&
                             host.find_first_not_of("0123456789.") == absl::string_view::npos;
  const bool is_here = is_odd_number || host == "localhost" || host == "ip6-localhost";
  return is_here ? std::optional(target) : std::nullopt;
}

// All that a connection may go to. Empty: that may be anything, as far as is known here.
std::vector<in6_addr> AddressesOf(const Target& target) {
  if (target.address) return {*target.address};
  if (absl::StartsWith(target.name, "127.")) return {};
  // gRPC looks names up by ways of its own, some of which know localhost without asking.
  std::vector<in6_addr> addresses = {Mapped(htonl(INADDR_LOOPBACK)), in6addr_loopback};
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(target.name.c_str(), nullptr, &wanted, &found) != 0) return {};
  bool all_here = true;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    in6_addr address = {};
    if (each->ai_family == AF_INET) {
      sockaddr_in of_ipv4 = {};
      std::memcpy(&of_ipv4, each->ai_addr, sizeof(of_ipv4));
      address = Mapped(of_ipv4.sin_addr.s_addr);
    } else if (each->ai_family == AF_INET6) {
      sockaddr_in6 of_ipv6 = {};
      std::memcpy(&of_ipv6, each->ai_addr, sizeof(of_ipv6));
      address = of_ipv6.sin6_addr;
    }
    all_here = all_here && IsLoopback(address);
    addresses.push_back(address);
  }
  freeaddrinfo(found);
  return all_here ? addresses : std::vector<in6_addr>();
}

std::string Text(const in6_addr& address, uint16_t port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof(text));
    return absl::StrCat(text, ":", port);
  }
  inet_ntop(AF_INET6, &address, text, sizeof(text));
  return absl::StrCat("[", text, "]:", port);
}

}  // namespace

bool IsLoopback(absl::string_view address) { return ParseTarget(address).has_value(); }

std::optional<std::string> WhereSomebodyElseListens(absl::string_view address) {
  const std::optional<Target> target = ParseTarget(address);
  if (!target) return std::nullopt;
  std::vector<in6_addr> listeners = AddressesOfOthers(target->port);
  const std::vector<in6_addr> peers = PeersOfOthers(target->port);
  listeners.insert(listeners.end(), peers.begin(), peers.end());
  if (listeners.empty()) return std::nullopt;
  const std::vector<in6_addr> addresses = AddressesOf(*target);
  for (const in6_addr& listener : listeners) {
    const bool takes =
        addresses.empty() || std::any_of(addresses.begin(), addresses.end(),
                                         [&](const auto& each) { return Takes(listener, each); });
    if (takes) return Text(listener, target->port);
  }
  return std::nullopt;
}

}  // namespace caviar::client
