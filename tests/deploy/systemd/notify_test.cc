#include "deploy/systemd/notify.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"

namespace caviar::systemd {
namespace {

// A service manager's end.
class Manager {
 public:
  // `name` as it is bound; a zero byte first: in the abstract name space.
  explicit Manager(const std::string& name) : socket_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0) << name;
  }
  ~Manager() { close(socket_); }
  // What came; "": nothing did.
  std::string Received() const {
    char text[100] = {};
    const ssize_t size = recv(socket_, text, sizeof(text), MSG_DONTWAIT);
    return size > 0 ? std::string(text, static_cast<size_t>(size)) : "";
  }

 private:
  const int socket_;
};

class Notification : public testing::Test {
 protected:
  void TearDown() override { unsetenv("NOTIFY_SOCKET"); }
};

TEST_F(Notification, GoesToTheSocketThatTheServiceManagerNames) {
  const std::string path = absl::StrCat(testing::TempDir(), "notify-", getpid());
  const Manager manager(path);
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  EXPECT_TRUE(Notify(kReady).ok());
  EXPECT_EQ(manager.Received(), "READY=1");
  unlink(path.c_str());
}

TEST_F(Notification, AnAtSignMeansTheAbstractNameSpace) {
  const std::string name = absl::StrCat("caviar-notify-", getpid());
  const Manager manager(std::string(1, '\0') + name);
  setenv("NOTIFY_SOCKET", absl::StrCat("@", name).c_str(), 1);
  EXPECT_TRUE(Notify(kStopping).ok());
  EXPECT_EQ(manager.Received(), "STOPPING=1");
}

TEST_F(Notification, IsNotSentWhereNobodyAskedForIt) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(Notify(kReady).ok());
}

TEST_F(Notification, SaysWhichSocketIsNotThere) {
  setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
  EXPECT_EQ(Notify(kReady).message(), "NOTIFY_SOCKET=/nowhere/notify: No such file or directory");
}

}  // namespace
}  // namespace caviar::systemd
