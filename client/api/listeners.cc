#include "client/api/listeners.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace caviar::client {
namespace {

bool IsStranger(uint32_t user) { return user != 0 && user != geteuid(); }

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

  // Of the listeners of AF_INET or AF_INET6; nullopt: this kernel, or what confines the process,
  // does not let it ask.
  std::optional<bool> SomebodyElseListens(uint8_t family, uint16_t port) const {
    struct {
      nlmsghdr header;
      inet_diag_req_v2 wanted;
    } request = {};
    request.header.nlmsg_len = sizeof(request);
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.wanted.sdiag_family = family;
    request.wanted.sdiag_protocol = IPPROTO_TCP;
    request.wanted.idiag_states = 1 << TCP_LISTEN;
    request.wanted.id.idiag_sport = htons(port);
    if (send(socket_, &request, sizeof(request), 0) != sizeof(request)) return std::nullopt;
    bool found = false;
    alignas(nlmsghdr) char bytes[16 << 10];
    for (;;) {
      // The whole length, of what did not fit too.
      const ssize_t length = recv(socket_, bytes, sizeof(bytes), MSG_TRUNC);
      if (length <= 0 || static_cast<size_t>(length) > sizeof(bytes)) return std::nullopt;
      auto left = static_cast<unsigned>(length);
      for (auto* message = reinterpret_cast<const nlmsghdr*>(bytes); NLMSG_OK(message, left);
           message = NLMSG_NEXT(message, left)) {
        if (message->nlmsg_type == NLMSG_DONE) {
          return IsRefusal(*message) ? std::nullopt : std::optional(found);
        }
        if (message->nlmsg_type == NLMSG_ERROR) return std::nullopt;
        found = found || IsOfSomebodyElse(*message, port);
      }
    }
  }

 private:
  // What ends a list says whether it is one.
  static bool IsRefusal(const nlmsghdr& done) {
    int error = 0;
    if (done.nlmsg_len >= NLMSG_LENGTH(sizeof(error))) {
      std::memcpy(&error, NLMSG_DATA(&done), sizeof(error));
    }
    return error < 0;
  }
  static bool IsOfSomebodyElse(const nlmsghdr& message, uint16_t port) {
    inet_diag_msg listener = {};
    if (message.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        message.nlmsg_len < NLMSG_LENGTH(sizeof(listener))) {
      return false;
    }
    std::memcpy(&listener, NLMSG_DATA(&message), sizeof(listener));
    return listener.idiag_state == TCP_LISTEN && ntohs(listener.id.idiag_sport) == port &&
           IsStranger(listener.idiag_uid);
  }

  const int socket_;
};

// A line of /proc/net/tcp: number, local address:port, remote one, state, queues, timer, retries,
// user.
bool IsOfSomebodyElse(absl::string_view line, uint16_t port) {
  constexpr absl::string_view kListens = "0A";
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() < 8 || words[3] != kListens) return false;
  const size_t colon = words[1].rfind(':');
  uint32_t listens = 0;
  uint32_t user = 0;
  if (colon == absl::string_view::npos ||
      !absl::SimpleHexAtoi(words[1].substr(colon + 1), &listens) ||
      !absl::SimpleAtoi(words[7], &user)) {
    return false;
  }
  return listens == port && IsStranger(user);
}

// The same from a table of all connections, which may be long.
bool SomebodyElseListens(const char* table, uint16_t port) {
  std::ifstream file(table);
  for (std::string line; std::getline(file, line);) {
    if (IsOfSomebodyElse(line, port)) return true;
  }
  return false;
}

}  // namespace

bool SomebodyElseListens(uint16_t port) {
  const KernelSocket kernel;
  const auto listens = [&](uint8_t family, const char* table) {
    const std::optional<bool> known = kernel.SomebodyElseListens(family, port);
    return known ? *known : SomebodyElseListens(table, port);
  };
  return listens(AF_INET, "/proc/net/tcp") || listens(AF_INET6, "/proc/net/tcp6");
}

}  // namespace caviar::client
