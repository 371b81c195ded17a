#include "server/api/listen_address.h"

#include <gtest/gtest.h>

namespace caviar::server_api {
namespace {

TEST(ListenAddress, IsHostAndPort) {
  EXPECT_EQ(ParseListenAddress("127.0.0.1:7461")->ToString(), "127.0.0.1:7461");
  EXPECT_EQ(ParseListenAddress("[::1]:0")->ToString(), "[::1]:0");
  EXPECT_EQ(ParseListenAddress("[::1]:0")->host, "::1");
  for (const char* text : {"", "7461", ":7461", "host", "host:", "host:x", "host:-1", "host:65536",
                           "::1:7461", "host: 1", "host:99999999999"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseListenAddress(text).status())) << text;
  }
}

TEST(ListenAddress, KnowsWhatOnlyThisMachineReaches) {
  EXPECT_TRUE(IsLoopback(*ParseListenAddress("127.0.0.1:1")));
  EXPECT_TRUE(IsLoopback(*ParseListenAddress("localhost:1")));
  EXPECT_TRUE(IsLoopback(*ParseListenAddress("[::1]:1")));
  EXPECT_FALSE(IsLoopback(*ParseListenAddress("0.0.0.0:1")));
  EXPECT_FALSE(IsLoopback(*ParseListenAddress("10.0.0.7:1")));
}

}  // namespace
}  // namespace caviar::server_api
