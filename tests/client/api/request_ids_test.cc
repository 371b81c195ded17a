#include "client/api/request_ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace caviar::client {
namespace {

TEST(RequestIds, CountUnderOneClientId) {
  RequestIds ids;
  const v1::RequestId first = ids.Next();
  const v1::RequestId second = ids.Next();
  EXPECT_THAT(first.client_id(), testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(first.client_id(), second.client_id());
  EXPECT_EQ(first.sequence(), 1);
  EXPECT_EQ(second.sequence(), 2);
  EXPECT_NE(RequestIds().Next().client_id(), first.client_id());
}

TEST(RequestIds, AChildAfterForkHasItsOwn) {
  RequestIds ids;
  const std::string mine = ids.Next().client_id();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::string theirs = ids.Next().client_id();
    const ssize_t written = write(ends[1], theirs.data(), theirs.size());
    _exit(written == 32 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  std::string theirs(32, ' ');
  ASSERT_EQ(read(ends[0], theirs.data(), theirs.size()), 32);
  EXPECT_NE(theirs, mine);
  EXPECT_EQ(ids.Next().client_id(), mine);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace caviar::client
