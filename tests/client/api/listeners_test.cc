#include "client/api/listeners.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/api/channel.h"
#include "client/api/loopback.h"

namespace caviar::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// An address as all here have it.
in6_addr Address(const std::string& text) {
  in6_addr address = {};
  const bool is_ipv6 = text.find(':') != std::string::npos;
  EXPECT_EQ(inet_pton(AF_INET6, (is_ipv6 ? text : "::ffff:" + text).c_str(), &address), 1);
  return address;
}

// The same for the system's calls.
struct SocketAddress {
  explicit SocketAddress(const std::string& text, uint16_t port = 0) {
    const in6_addr bytes = Address(text);
    any.ss_family = text.find(':') != std::string::npos ? AF_INET6 : AF_INET;
    if (any.ss_family == AF_INET6) {
      auto& of_ipv6 = reinterpret_cast<sockaddr_in6&>(any);
      of_ipv6.sin6_addr = bytes;
      of_ipv6.sin6_port = htons(port);
      size = sizeof(of_ipv6);
    } else {
      auto& of_ipv4 = reinterpret_cast<sockaddr_in&>(any);
      std::memcpy(&of_ipv4.sin_addr, &bytes.s6_addr[12], sizeof(of_ipv4.sin_addr));
      of_ipv4.sin_port = htons(port);
      size = sizeof(of_ipv4);
    }
  }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&any); }

  sockaddr_storage any = {};
  socklen_t size = 0;
};

class Connection {
 public:
  Connection(const std::string& to, uint16_t port) {
    SocketAddress address(to, port);
    socket_ = socket(address.any.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(socket_, address.get(), address.size), 0) << to;
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  int socket_ = -1;
};

class Listener {
 public:
  // At a free port of this address, with the effective user's id.
  explicit Listener(const std::string& at) {
    SocketAddress address(at);
    socket_ = ::socket(address.any.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    listens_ = bind(socket_, address.get(), address.size) == 0 && listen(socket_, 8) == 0;
    getsockname(socket_, address.get(), &address.size);
    port_ = ntohs(reinterpret_cast<sockaddr_in6&>(address.any).sin6_port);  // sin_port, too
  }
  ~Listener() { close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int socket() const { return socket_; }
  bool listens() const { return listens_; }
  uint16_t port() const { return port_; }

 private:
  int socket_ = -1;
  uint16_t port_ = 0;
  bool listens_ = false;
};

constexpr uid_t kSomebody = 65'534;

// The same of another user.
std::unique_ptr<Listener> OthersListener(const std::string& at) {
  EXPECT_EQ(seteuid(kSomebody), 0);
  auto listener = std::make_unique<Listener>(at);
  EXPECT_EQ(seteuid(0), 0);
  EXPECT_TRUE(listener->listens()) << at;
  return listener;
}

bool HasIpv6() { return Listener("::1").listens(); }

// From now on this process may not ask the kernel for sockets.
bool ForbidAsking() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {std::size(steps), steps};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// How many a process of `user` sees.
int SeenBy(uid_t user, uint16_t port) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(seteuid(user) != 0 ? 100 : static_cast<int>(AddressesOfOthers(port).size()));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(Listeners, AreOfThisUserOfRootOrOfSomebodyElse) {
  for (const char* at : {"127.0.0.1", "::1"}) {
    const Listener own(at);
    if (!own.listens()) continue;  // a machine without IPv6
    EXPECT_THAT(AddressesOfOthers(own.port()), IsEmpty());
    if (geteuid() != 0) continue;
    EXPECT_EQ(SeenBy(65'533, own.port()), 0) << "root is trusted";
    auto theirs = OthersListener(at);
    const uint16_t port = theirs->port();
    EXPECT_EQ(SeenBy(0, port), 1);
    EXPECT_EQ(SeenBy(65'533, port), 1);
    EXPECT_EQ(SeenBy(kSomebody, port), 0);
    theirs.reset();
    EXPECT_THAT(AddressesOfOthers(port), IsEmpty()) << "nobody does";
  }
}

// Two users are needed, and only root may be another one.
class OthersListeners : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

// Where somebody else is found to listen, by a caller of "HOST:port of the listener".
std::string Found(const Listener& listener, absl::string_view host) {
  return WhereSomebodyElseListens(absl::StrCat(host, ":", listener.port())).value_or("");
}

TEST_F(OthersListeners, ConcernThoseWhoComeToTheirAddress) {
  const auto other = OthersListener("127.0.0.2");
  const std::string at = absl::StrCat("127.0.0.2:", other->port());
  for (const char* same : {"127.0.0.2", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "ipv4:127.0.0.2",
                           "dns:///127.0.0.2", "127.2"}) {
    EXPECT_EQ(Found(*other, same), at) << same;
  }
  for (const char* different : {"127.0.0.1", "[::ffff:127.0.0.1]", "ipv4:127.0.0.1", "[::1]",
                                "0.0.0.0", "[::]", "localhost", "dns:///localhost"}) {
    EXPECT_EQ(Found(*other, different), "") << different;
  }
  EXPECT_EQ(WhereSomebodyElseListens("127.0.0.2:1"), std::nullopt) << "another port";
}

TEST_F(OthersListeners, AtAllAddressesConcernAll) {
  const auto all_of_ipv4 = OthersListener("0.0.0.0");
  const std::string at = absl::StrCat("0.0.0.0:", all_of_ipv4->port());
  for (const char* host :
       {"127.0.0.1", "127.9.9.9", "[::ffff:127.0.0.1]", "0.0.0.0", "localhost", "127.1"}) {
    EXPECT_EQ(Found(*all_of_ipv4, host), at) << host;
  }
  EXPECT_EQ(Found(*all_of_ipv4, "[::1]"), "");
  if (!HasIpv6()) return;
  const auto all = OthersListener("::");
  for (const char* host : {"127.0.0.1", "[::1]", "[::]", "0.0.0.0", "localhost"}) {
    EXPECT_EQ(Found(*all, host), absl::StrCat("[::]:", all->port())) << host;
  }
}

TEST_F(OthersListeners, AreKnownFromTablesWhereTheKernelMayNotBeAsked) {
  for (const char* at : {"127.0.0.2", "0.0.0.0", "::1", "::"}) {
    if (at[0] == ':' && !HasIpv6()) continue;
    const auto other = OthersListener(at);
    const in6_addr address = Address(at);
    const pid_t child = fork();
    if (child == 0) {
      if (!ForbidAsking() || socket(AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG) >= 0) _exit(2);
      const std::vector<in6_addr> found = AddressesOfOthers(other->port());
      _exit(found.size() == 1 && IN6_ARE_ADDR_EQUAL(&found[0], &address) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0) << at;
  }
}

TEST_F(OthersListeners, ConcernANameByAnyAddressThatItMayMean) {
  const auto of_ipv4 = OthersListener("127.0.0.1");
  EXPECT_EQ(Found(*of_ipv4, "localhost"), absl::StrCat("127.0.0.1:", of_ipv4->port()));
  EXPECT_EQ(Found(*of_ipv4, "[::1]"), "");
  EXPECT_EQ(Found(*of_ipv4, "0.0.0.0"), absl::StrCat("127.0.0.1:", of_ipv4->port()));
  if (!HasIpv6()) return;
  const auto of_ipv6 = OthersListener("::1");
  EXPECT_EQ(Found(*of_ipv6, "localhost"), absl::StrCat("[::1]:", of_ipv6->port()));
  EXPECT_EQ(Found(*of_ipv6, "[::]"), absl::StrCat("[::1]:", of_ipv6->port()));
  EXPECT_EQ(Found(*of_ipv6, "127.0.0.1"), "");
  const auto of_both = OthersListener("::ffff:127.0.0.1");
  EXPECT_EQ(Found(*of_both, "127.0.0.1"), absl::StrCat("127.0.0.1:", of_both->port()));
}

TEST_F(OthersListeners, ConcernWhoseConnectionTheyHaveTakenThoughTheyListenNoMore) {
  for (const char* to : {"127.0.0.1", "::ffff:127.0.0.1", "::1"}) {
    const std::string at = to[0] == ':' && to[2] == '1' ? "::1" : "127.0.0.1";
    if (at == "::1" && !HasIpv6()) continue;
    auto listener = std::make_unique<Listener>(at);
    const Connection connection(to, listener->port());
    const std::string text =
        absl::StrCat(at == "::1" ? "[::1]" : "127.0.0.1", ":", listener->port());
    const int own = accept(listener->socket(), nullptr, nullptr);
    EXPECT_EQ(WhereSomebodyElseListens(text), std::nullopt) << to;
    const Connection another(to, listener->port());
    EXPECT_EQ(seteuid(kSomebody), 0);
    const int taken = accept(listener->socket(), nullptr, nullptr);
    EXPECT_EQ(seteuid(0), 0);
    EXPECT_EQ(WhereSomebodyElseListens(text), text) << to;
    EXPECT_EQ(Found(*listener, "127.0.0.2"), "");
    const uint16_t port = listener->port();
    listener.reset();
    EXPECT_EQ(WhereSomebodyElseListens(text), text) << to;
    close(taken);
    close(own);
    EXPECT_EQ(WhereSomebodyElseListens(absl::StrCat("127.0.0.1:", port)), std::nullopt);
  }
}

TEST_F(OthersListeners, AreNamedToACallerWhomTheyDoNotKnow) {
  const auto other = OthersListener("127.0.0.1");
  const auto told = [&](absl::string_view host) {
    const grpc::Status refused(grpc::StatusCode::UNAUTHENTICATED, "");
    return std::string(
        FromGrpcStatus(refused, absl::StrCat(host, ":", other->port()), false).message());
  };
  const std::string somebody = "; another user of this machine runs what listens there";
  EXPECT_THAT(told("127.0.0.1"), EndsWith(somebody));
  EXPECT_THAT(told("localhost"),
              EndsWith(absl::StrCat(somebody, ", at 127.0.0.1:", other->port())));
  EXPECT_THAT(told("127.0.0.2"), Not(HasSubstr("another user")));
}

TEST(Loopback, IsKnownInTheFormsThatPeopleWrite) {
  for (const char* host :
       {"127.0.0.1", "127.1", "0.0.0.0", "localhost", "ip6-localhost", "[::1]", "[::]",
        "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:7f01:203]", "[::ffff:0.0.0.0]",
        "ipv4:127.0.0.1", "ipv6:[::1]", "dns:localhost", "dns:///localhost"}) {
    EXPECT_TRUE(IsLoopback(absl::StrCat(host, ":7461"))) << host;
  }
  for (const char* host :
       {"", "10.0.0.1", "128.0.0.1", "::1", "[127.0.0.1]", "[::2]", "[::ffff:10.0.0.1]",
        "[::ffff:127.0.0.1]:1,[2001:db8::1]", "127.0.0.1:1,10.0.0.1", "127.0.0.1.example.com",
        "localhost.example.com", "unix:/tmp/localhost", "example.com/localhost"}) {
    EXPECT_FALSE(IsLoopback(absl::StrCat(host, ":7461"))) << host;
  }
  EXPECT_FALSE(IsLoopback("localhost"));
  EXPECT_FALSE(IsLoopback("localhost:65536"));
}

// Bytes that this thread has read from files.
int64_t BytesRead() {
  std::ifstream file("/proc/thread-self/io");
  std::string word;
  int64_t bytes = 0;
  file >> word >> bytes;
  return bytes;
}

TEST(Listeners, AreAskedForWithoutReadingOfAllConnections) {
  const int kernel = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  ASSERT_GE(kernel, 0) << "the kernel cannot be asked (sock_diag)";
  close(kernel);
  const int64_t before = BytesRead();
  for (int i = 0; i < 100; ++i) EXPECT_THAT(AddressesOfOthers(1), IsEmpty());
  EXPECT_LT(BytesRead() - before, 10'000) << "each table has at least a line of 150 bytes";
}

}  // namespace
}  // namespace caviar::client
