#include "client/api/listeners.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace caviar::client {
namespace {

// A socket that listens at a free port of loopback; -1: it cannot.
int Listen(int family) {
  const int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address = {};
  socklen_t size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  address.sin6_family = static_cast<sa_family_t>(family);
  if (family == AF_INET6) address.sin6_addr = in6addr_loopback;
  if (family == AF_INET)
    reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
      listen(listener, 1) == 0) {
    return listener;
  }
  close(listener);
  return -1;
}

uint16_t PortOf(int listener) {
  sockaddr_in6 address = {};
  socklen_t size = sizeof(address);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin6_port);  // where sin_port stands too
}

// What a process of `user` sees.
bool SeenBy(uid_t user, uint16_t port) {
  const pid_t child = fork();
  if (child == 0) _exit(seteuid(user) != 0 ? 2 : SomebodyElseListens(port) ? 1 : 0);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_NE(WEXITSTATUS(status), 2);
  return WEXITSTATUS(status) == 1;
}

TEST(Listeners, AreOfThisUserOfRootOrOfSomebodyElse) {
  for (const int family : {AF_INET, AF_INET6}) {
    const int own = Listen(family);
    if (own < 0) continue;  // a machine without IPv6
    EXPECT_FALSE(SomebodyElseListens(PortOf(own)));
    if (geteuid() == 0) {
      EXPECT_FALSE(SeenBy(65'533, PortOf(own))) << "root is trusted";
      ASSERT_EQ(seteuid(65'534), 0);
      const int theirs = Listen(family);
      ASSERT_EQ(seteuid(0), 0);
      EXPECT_TRUE(SomebodyElseListens(PortOf(theirs)));
      EXPECT_TRUE(SeenBy(65'533, PortOf(theirs)));
      EXPECT_FALSE(SeenBy(65'534, PortOf(theirs)));
      const uint16_t port = PortOf(theirs);
      close(theirs);
      EXPECT_FALSE(SomebodyElseListens(port)) << "nobody does";
    }
    close(own);
  }
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
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(SomebodyElseListens(1));
  EXPECT_LT(BytesRead() - before, 10'000) << "each table has at least a line of 150 bytes";
}

}  // namespace
}  // namespace caviar::client
