#include "client/api/listeners.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace caviar::client {
namespace {

bool IsStranger(uint32_t user) { return user != 0 && user != geteuid(); }

struct End {
  in6_addr address = {};
  uint16_t port = 0;
};

// nullopt: none of IP.
std::optional<End> ParseEnd(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& of_ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    return End{Mapped(of_ipv4.sin_addr.s_addr), ntohs(of_ipv4.sin_port)};
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  const auto& of_ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
  return End{of_ipv6.sin6_addr, ntohs(of_ipv6.sin6_port)};
}

// A socket to the kernel, to ask for others (man sock_diag).
class KernelSocket {
 public:
  KernelSocket() : socket_(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {
    const timeval patience = {1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~KernelSocket() {
    if (socket_ >= 0) close(socket_);
  }
  KernelSocket(const KernelSocket&) = delete;
  KernelSocket& operator=(const KernelSocket&) = delete;

  // Of AF_INET or AF_INET6; nullopt: this kernel, or what confines the process, does not let it
  // ask.
  std::optional<std::vector<in6_addr>> AddressesOfOthers(uint8_t family, uint16_t port) const {
    Request request = {};
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.wanted.sdiag_family = family;
    request.wanted.idiag_states = 1 << TCP_LISTEN;
    request.wanted.id.idiag_sport = htons(port);
    if (!Send(request)) return std::nullopt;
    std::vector<in6_addr> found;
    alignas(nlmsghdr) char bytes[16 << 10];
    for (;;) {
      // The whole length, of what did not fit too.
      const ssize_t length = recv(socket_, bytes, sizeof(bytes), MSG_TRUNC);
      if (length <= 0 || static_cast<size_t>(length) > sizeof(bytes)) return std::nullopt;
      auto left = static_cast<unsigned>(length);
      for (auto* message = reinterpret_cast<const nlmsghdr*>(bytes); NLMSG_OK(message, left);
           message = NLMSG_NEXT(message, left)) {
        if (message->nlmsg_type == NLMSG_DONE) {
          if (IsRefusal(*message)) return std::nullopt;
          return found;
        }
        if (message->nlmsg_type == NLMSG_ERROR) return std::nullopt;
        if (const auto address = OfSomebodyElse(*message, port)) found.push_back(*address);
      }
    }
  }

  // Whether the socket of a connection of this machine is somebody else's. False where that cannot
  // be known.
  bool IsOfSomebodyElse(const End& end, const End& far_end) const {
    Request request = {};
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.wanted.idiag_states = ~0U;
    inet_diag_sockid& id = request.wanted.id;
    id.idiag_sport = htons(end.port);
    id.idiag_dport = htons(far_end.port);
    id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    const bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(&end.address);
    request.wanted.sdiag_family = is_ipv4 ? AF_INET : AF_INET6;
    const size_t begin = is_ipv4 ? 12 : 0;
    std::memcpy(id.idiag_src, &end.address.s6_addr[begin], 16 - begin);
    std::memcpy(id.idiag_dst, &far_end.address.s6_addr[begin], 16 - begin);
    if (!Send(request)) return false;
    alignas(nlmsghdr) char bytes[4 << 10];
    const ssize_t length = recv(socket_, bytes, sizeof(bytes), 0);
    auto* const message = reinterpret_cast<const nlmsghdr*>(bytes);
    inet_diag_msg found = {};
    if (length < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(found))) ||
        message->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
      return false;
    }
    std::memcpy(&found, NLMSG_DATA(message), sizeof(found));
    // One that is closed has no inode any more, and is only not forgotten yet.
    return found.idiag_inode != 0 && IsStranger(found.idiag_uid);
  }

 private:
  struct Request {
    nlmsghdr header;
    inet_diag_req_v2 wanted;
  };
  bool Send(Request& request) const {
    request.header.nlmsg_len = sizeof(request);
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.wanted.sdiag_protocol = IPPROTO_TCP;
    return send(socket_, &request, sizeof(request), 0) == sizeof(request);
  }
  // What ends a list says whether it is one.
  static bool IsRefusal(const nlmsghdr& done) {
    int error = 0;
    if (done.nlmsg_len >= NLMSG_LENGTH(sizeof(error))) {
      std::memcpy(&error, NLMSG_DATA(&done), sizeof(error));
    }
    return error < 0;
  }
  static std::optional<in6_addr> OfSomebodyElse(const nlmsghdr& message, uint16_t port) {
    inet_diag_msg listener = {};
    if (message.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        message.nlmsg_len < NLMSG_LENGTH(sizeof(listener))) {
      return std::nullopt;
    }
    std::memcpy(&listener, NLMSG_DATA(&message), sizeof(listener));
    if (listener.idiag_state != TCP_LISTEN || ntohs(listener.id.idiag_sport) != port ||
        !IsStranger(listener.idiag_uid)) {
      return std::nullopt;
    }
    if (listener.idiag_family == AF_INET) return Mapped(listener.id.idiag_src[0]);
    in6_addr address = {};
    std::memcpy(&address, listener.id.idiag_src, sizeof(address));
    return address;
  }

  const int socket_;
};

// Such as 0100007F, or four of those: words in this machine's order. What is no address counts as
// all.
in6_addr ParseAddress(absl::string_view text) {
  constexpr size_t kWord = 8;
  if (text.size() != kWord && text.size() != 4 * kWord) return in6addr_any;
  uint32_t words[4] = {};
  for (size_t i = 0; i * kWord < text.size(); ++i) {
    if (!absl::SimpleHexAtoi(text.substr(i * kWord, kWord), &words[i])) return in6addr_any;
  }
  if (text.size() == kWord) return Mapped(words[0]);
  in6_addr address = {};
  std::memcpy(&address, words, sizeof(address));
  return address;
}

// A line of /proc/net/tcp: number, local address:port, remote one, state, queues, timer, retries,
// user.
std::optional<in6_addr> OfSomebodyElse(absl::string_view line, uint16_t port) {
  constexpr absl::string_view kListens = "0A";
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() < 8 || words[3] != kListens) return std::nullopt;
  const size_t colon = words[1].rfind(':');
  uint32_t listens = 0;
  uint32_t user = 0;
  if (colon == absl::string_view::npos ||
      !absl::SimpleHexAtoi(words[1].substr(colon + 1), &listens) || listens != port ||
      !absl::SimpleAtoi(words[7], &user) || !IsStranger(user)) {
    return std::nullopt;
  }
  return ParseAddress(words[1].substr(0, colon));
}

// The same from a table of all connections, which may be long.
std::vector<in6_addr> AddressesOfOthers(const char* table, uint16_t port) {
  std::vector<in6_addr> found;
  std::ifstream file(table);
  for (std::string line; std::getline(file, line);) {
    if (const auto address = OfSomebodyElse(line, port)) found.push_back(*address);
  }
  return found;
}

}  // namespace

std::vector<in6_addr> AddressesOfOthers(uint16_t port) {
  const KernelSocket kernel;
  std::vector<in6_addr> all;
  const auto add = [&](uint8_t family, const char* table) {
    const auto known = kernel.AddressesOfOthers(family, port);
    const std::vector<in6_addr> found = known ? *known : AddressesOfOthers(table, port);
    all.insert(all.end(), found.begin(), found.end());
  };
  add(AF_INET, "/proc/net/tcp");
  add(AF_INET6, "/proc/net/tcp6");
  return all;
}

std::vector<in6_addr> PeersOfOthers(uint16_t port) {
  std::vector<in6_addr> all;
  std::optional<KernelSocket> kernel;
  std::error_code error;
  for (std::filesystem::directory_iterator each("/proc/self/fd", error), end; !error && each != end;
       each.increment(error)) {
    int file = 0;
    sockaddr_storage address = {};
    socklen_t size = sizeof(address);
    if (!absl::SimpleAtoi(each->path().filename().native(), &file) ||
        getpeername(file, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      continue;  // no connection
    }
    const std::optional<End> far_end = ParseEnd(address);
    if (!far_end || far_end->port != port) continue;
    size = sizeof(address);
    if (getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    const std::optional<End> near_end = ParseEnd(address);
    if (!near_end) continue;
    if (!kernel) kernel.emplace();
    if (kernel->IsOfSomebodyElse(*far_end, *near_end)) all.push_back(far_end->address);
  }
  return all;
}

bool Takes(const in6_addr& listener, const in6_addr& address) {
  const in6_addr all_of_ipv4 = Mapped(INADDR_ANY);
  return IN6_ARE_ADDR_EQUAL(&listener, &address) || IN6_IS_ADDR_UNSPECIFIED(&listener) ||
         (IN6_ARE_ADDR_EQUAL(&listener, &all_of_ipv4) && IN6_IS_ADDR_V4MAPPED(&address));
}

in6_addr Mapped(uint32_t address) {
  in6_addr mapped = {};
  mapped.s6_addr[10] = mapped.s6_addr[11] = 0xff;
  std::memcpy(&mapped.s6_addr[12], &address, sizeof(address));
  return mapped;
}

}  // namespace caviar::client
