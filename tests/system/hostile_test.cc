// A coordinator, as a process, under connections that mean no good.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

// Connections of this test to a port of this machine, closed with it.
class Flood {
 public:
  explicit Flood(int port) : port_(port) {}
  ~Flood() {
    for (const int connection : connections_) close(connection);
  }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  // One more, which sends `bytes`, if any.
  void Connect(const std::string& bytes = "") {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connections_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(connections_.back(), reinterpret_cast<sockaddr*>(&address), sizeof(address)),
              0);
    send(connections_.back(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  // How many the server has closed.
  int Closed() const {
    int closed = 0;
    for (const int connection : connections_) {
      pollfd waiting = {connection, POLLRDHUP, 0};
      poll(&waiting, 1, 0);
      closed += waiting.revents != 0;
    }
    return closed;
  }

 private:
  const int port_;
  std::vector<int> connections_;
};

class HostileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // For this process's ends, too, where the soft limit is low.
    rlimit limit = {};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    cluster_.StartCoordinator();
    port_ = std::stoi(cluster_.address().substr(cluster_.address().rfind(':') + 1));
  }
  // The command line tries for some seconds, as people's do.
  void ExpectService() {
    const CommandResult status = cluster_.Run({"server", "status"});
    EXPECT_EQ(status.exit_code, 0) << status.err << cluster_.coordinator().Errors();
    EXPECT_TRUE(cluster_.coordinator().Running());
  }

  Cluster cluster_;
  int port_ = 0;
};

TEST_F(HostileTest, MoreConnectionsThanDescriptorsAreShedAndServiceIsRightAfterwards) {
  // After its start, so that it does not know: it finds out when there is none left.
  const rlimit few = {64, 64};
  ASSERT_EQ(prlimit(cluster_.coordinator().pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  {
    Flood flood(port_);
    for (int i = 0; i < 150; ++i) flood.Connect();
    // The rest is let in, and sits there.
    EXPECT_TRUE(Eventually([&] { return flood.Closed() >= 150 - 64; }));
    EXPECT_LT(flood.Closed(), 150);
  }
  ExpectService();
  EXPECT_THAT(cluster_.coordinator().Errors(), ::testing::HasSubstr("new connections at once"));
}

TEST_F(HostileTest, WhoNeverFinishesAHandshakeIsClosedByTheServer) {
  Flood flood(port_);
  for (int i = 0; i < 4; ++i) {
    flood.Connect();
    flood.Connect("PRI * HTTP/2.0\r\n");
    flood.Connect("GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n");
    flood.Connect(std::string(64 << 10, '\x80'));
  }
  ExpectService();
  // After five seconds at the latest.
  EXPECT_TRUE(Eventually([&] { return flood.Closed() == 16; })) << flood.Closed();
  ExpectService();
}

}  // namespace
}  // namespace caviar::system_test
