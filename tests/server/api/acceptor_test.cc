// The acceptor alone, with a test in gRPC's place.
#include "server/api/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "server/api/listen_socket.h"
#include "tests/server/api/sockets.h"

namespace caviar::server_api {
namespace {

uint16_t OwnPort(int connection) {
  sockaddr_in own = {};
  socklen_t size = sizeof(own);
  getsockname(connection, reinterpret_cast<sockaddr*>(&own), &size);
  return ntohs(own.sin_port);
}

class AcceptorTest : public testing::Test {
 protected:
  void Start(Acceptor::Limits limits) {
    auto listening = Listen({"127.0.0.1", 0});
    ASSERT_TRUE(listening.ok()) << listening.status();
    port_ = listening->port;
    acceptor_ = std::make_unique<Acceptor>(std::move(listening->sockets), limits,
                                           [this](int, int connection, bool) {
                                             absl::MutexLock lock(&mutex_);
                                             served_.emplace_back(connection);
                                           });
  }
  // Blocks until so many are served.
  void AwaitServed(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]()
                            ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return served_.size() >= count; };
    ASSERT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&enough),
                                        absl::Milliseconds(kPatienceMilliseconds)));
  }
  size_t served() {
    absl::MutexLock lock(&mutex_);
    return served_.size();
  }
  // Connects until it is let in; false: never.
  bool ConnectsAgain() {
    const size_t before = served();
    for (int i = 0; i < 1000 && served() == before; ++i) {
      again_.push_back(Connected(port_));
      absl::SleepFor(absl::Milliseconds(10));
    }
    return served() > before;
  }

  int port_ = 0;
  absl::Mutex mutex_;
  std::vector<FileDescriptor> served_ ABSL_GUARDED_BY(mutex_);
  std::vector<FileDescriptor> again_;
  std::unique_ptr<Acceptor> acceptor_;  // ends before what it fills
};

TEST_F(AcceptorTest, HandsOverConnectionsThatDoNotBlockAndAreNotDelayed) {
  Start({10, 10});
  const FileDescriptor client = Connected(port_);
  AwaitServed(1);
  absl::MutexLock lock(&mutex_);
  const int connection = served_[0].get();
  EXPECT_TRUE(fcntl(connection, F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(fcntl(connection, F_GETFD) & FD_CLOEXEC);
  for (const int option : {TCP_NODELAY, TCP_USER_TIMEOUT}) {
    int value = 0;
    socklen_t size = sizeof(value);
    EXPECT_EQ(getsockopt(connection, IPPROTO_TCP, option, &value, &size), 0);
    EXPECT_GT(value, 0) << option;
  }
  EXPECT_EQ(acceptor_->counts().open, 1);
}

TEST_F(AcceptorTest, ClosesWhatIsTooMuchAndHasRoomWhenOthersHaveGone) {
  Start({2, 10});
  const FileDescriptor first = Connected(port_);
  const FileDescriptor second = Connected(port_);
  AwaitServed(2);
  const FileDescriptor third = Connected(port_);
  EXPECT_TRUE(AwaitClosed(third.get()));
  EXPECT_EQ(acceptor_->counts().open, 2);
  EXPECT_EQ(acceptor_->counts().shed, 1);
  EXPECT_TRUE(IsQuiet(first.get()));
  {
    absl::MutexLock lock(&mutex_);
    served_.erase(served_.begin());  // as gRPC does it: without a word
  }
  EXPECT_EQ(acceptor_->counts().open, 1);
  EXPECT_TRUE(ConnectsAgain());
  EXPECT_EQ(acceptor_->counts().open, 2);
}

TEST_F(AcceptorTest, OneAddressCannotTakeAllPlaces) {
  Start({10, 2});
  const FileDescriptor first = Connected(port_);
  const FileDescriptor second = Connected(port_);
  AwaitServed(2);
  const FileDescriptor third = Connected(port_);
  EXPECT_TRUE(AwaitClosed(third.get()));
  const FileDescriptor other = Connected(port_, "127.0.0.2");
  AwaitServed(3);
  EXPECT_TRUE(IsQuiet(other.get()));
}

TEST_F(AcceptorTest, LetsInTheProbeWhateverTheLimits) {
  Start({1, 1});
  const FileDescriptor first = Connected(port_);
  AwaitServed(1);
  FileDescriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in any = LoopbackAddress(0);
  ASSERT_EQ(bind(probe.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0);
  acceptor_->Expect(OwnPort(probe.get()));
  const sockaddr_in there = LoopbackAddress(port_);
  ASSERT_EQ(connect(probe.get(), reinterpret_cast<const sockaddr*>(&there), sizeof(there)), 0);
  AwaitServed(2);
  EXPECT_TRUE(IsQuiet(probe.get()));
}

// All descriptors of this process but those that are open, while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = dup(STDERR_FILENO); fd >= 0; fd = dup(STDERR_FILENO)) taken_.emplace_back(fd);
  }
  ~NoDescriptors() {
    taken_.clear();
    setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_ = {};
  std::vector<FileDescriptor> taken_;
};

TEST_F(AcceptorTest, OutOfDescriptorsItShedsAndHearsAgainLater) {
  Start({1000, 1000});
  std::vector<FileDescriptor> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  {
    const NoDescriptors none;
    for (const FileDescriptor& client : clients) ASSERT_TRUE(ConnectSocket(client.get(), port_));
    for (const FileDescriptor& client : clients) EXPECT_TRUE(AwaitClosed(client.get()));
  }
  EXPECT_EQ(served(), 0u);
  EXPECT_EQ(acceptor_->counts().shed, 100);
  // Not the first of them with certainty: the thread may still be at shedding what waits.
  EXPECT_TRUE(ConnectsAgain());
  EXPECT_TRUE(IsQuiet(again_.back().get()));
}

TEST_F(AcceptorTest, ListensNoMoreOnceStopped) {
  Start({10, 10});
  acceptor_->Stop();
  EXPECT_FALSE(Connected(port_).open());
}

TEST(OpenConnections, ADescriptorThatWasUsedAgainIsAnotherConnection) {
  OpenConnections open;
  FileDescriptor first(socket(AF_INET, SOCK_STREAM, 0));
  const int number = first.get();
  open.Add(number, "a");
  first.Close();
  const FileDescriptor second(dup2(STDERR_FILENO, number));
  EXPECT_EQ(open.count("a"), 1) << "nobody looked yet";
  open.Sweep();
  EXPECT_EQ(open.count("a"), 0);
  EXPECT_EQ(open.count(), 0);

  const FileDescriptor third(socket(AF_INET, SOCK_STREAM, 0));
  open.Add(third.get(), "a");
  open.Add(third.get(), "b");  // accepted again, with the same number
  EXPECT_EQ(open.count("a"), 0);
  EXPECT_EQ(open.count("b"), 1);
  open.Sweep();
  EXPECT_EQ(open.count(), 1);
}

TEST(AffordableConnections, KeepsDescriptorsForFiles) {
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = 200;
  setrlimit(RLIMIT_NOFILE, &few);
  EXPECT_EQ(AffordableConnections(10), 10);
  EXPECT_LT(AffordableConnections(10'000), 200 - 16);
  EXPECT_GT(AffordableConnections(10'000), 50);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace caviar::server_api
