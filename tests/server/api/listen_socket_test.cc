#include "server/api/listen_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/api/sockets.h"

namespace caviar::server_api {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Listen, PicksAFreePortThatCanBeConnectedTo) {
  const auto listening = Listen({"127.0.0.1", 0});
  ASSERT_TRUE(listening.ok()) << listening.status();
  EXPECT_EQ(listening->sockets.size(), 1u);
  EXPECT_GT(listening->port, 0);
  EXPECT_TRUE(Connected(listening->port).open());
}

TEST(Listen, ANameListensAtAllItsAddressesWithOnePort) {
  const auto listening = Listen({"localhost", 0});
  ASSERT_TRUE(listening.ok()) << listening.status();
  EXPECT_GE(listening->sockets.size(), 1u);  // two where the machine speaks IPv6
  EXPECT_TRUE(Connected(listening->port).open());
}

TEST(Listen, TwoNeverShareAPort) {
  const auto first = Listen({"127.0.0.1", 0});
  ASSERT_TRUE(first.ok()) << first.status();
  for (const char* host : {"127.0.0.1", "localhost", "0.0.0.0"}) {
    const auto second = Listen({host, first->port});
    EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
    EXPECT_THAT(std::string(second.status().message()),
                AllOf(HasSubstr(host), HasSubstr("in use"), HasSubstr("choose another port")));
  }
}

TEST(Listen, SaysWhyItCannot) {
  const auto foreign = Listen({"203.0.113.1", 0});
  EXPECT_TRUE(absl::IsFailedPrecondition(foreign.status())) << foreign.status();
  EXPECT_THAT(std::string(foreign.status().message()), HasSubstr("address of this machine"));
  EXPECT_TRUE(absl::IsInvalidArgument(Listen({"no such host", 0}).status()));
}

}  // namespace
}  // namespace caviar::server_api
