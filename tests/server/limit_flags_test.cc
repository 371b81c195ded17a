// The flags that move limits.
#include "server/limit_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>

namespace caviar {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LimitFlagsTest : public testing::Test {
 protected:
  LimitFlagsTest() { AddLimitFlags(app_, serving_, stored_); }

  // "" where the line is right, else what is said of it.
  std::string Parse(const std::string& line) {
    try {
      app_.parse(line);
      return "";
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
  }

  CLI::App app_;
  server_api::ServerLimits serving_;
  coordinator::Limits stored_;
};

TEST_F(LimitFlagsTest, NumbersAndSizesAreTakenOver) {
  EXPECT_EQ(
      Parse("--max-studies 3 --max-workers 9 --max-trials 40 --max-parameters 5 --max-metrics 6 "
            "--max-measurements 70 --max-streams-per-connection 8"),
      "");
  EXPECT_EQ(stored_.studies, 3);
  EXPECT_EQ(stored_.workers, 9);
  EXPECT_EQ(stored_.trials, 40);
  EXPECT_EQ(stored_.parameters, 5);
  EXPECT_EQ(stored_.metrics, 6);
  EXPECT_EQ(stored_.measurements, 70);
  EXPECT_EQ(serving_.streams_of_connection, 8);
  EXPECT_EQ(Parse("--max-message-size 16MiB --max-upload-size 2MiB --max-code-size 4096 "
                  "--max-queued-bytes 1GiB"),
            "");
  EXPECT_EQ(serving_.message_bytes, 16 << 20);
  EXPECT_EQ(stored_.file_bytes, 2 << 20);
  EXPECT_EQ(stored_.code_bytes, 4096);
  EXPECT_EQ(serving_.queued_bytes, int64_t{1} << 30);
}

TEST_F(LimitFlagsTest, WhatIsOutOfRangeIsNamedWithItsValue) {
  for (const char* name : {"--max-studies", "--max-workers", "--max-trials", "--max-parameters",
                           "--max-metrics", "--max-measurements", "--max-streams-per-connection"}) {
    EXPECT_THAT(Parse(std::string(name) + " 0"), AllOf(HasSubstr(name), HasSubstr("0")));
    EXPECT_THAT(Parse(std::string(name) + " many"), AllOf(HasSubstr(name), HasSubstr("many")));
  }
  EXPECT_THAT(Parse("--max-parameters 257"), HasSubstr("257"));
  EXPECT_THAT(Parse("--max-message-size 1MiB"),
              AllOf(HasSubstr("--max-message-size"), HasSubstr("1048576"), HasSubstr("2MiB")));
  EXPECT_THAT(Parse("--max-upload-size 2GiB"),
              AllOf(HasSubstr("--max-upload-size"), HasSubstr("2147483648"), HasSubstr("1GiB")));
  EXPECT_THAT(Parse("--max-code-size 10miles"),
              AllOf(HasSubstr("--max-code-size"), HasSubstr("miles")));
}

TEST_F(LimitFlagsTest, AMessageFitsIntoWhatMayQueue) {
  EXPECT_THAT(Parse("--max-message-size 32MiB --max-queued-bytes 16MiB"),
              AllOf(HasSubstr("--max-queued-bytes"), HasSubstr("16MiB"), HasSubstr("32MiB")));
}

TEST_F(LimitFlagsTest, TheyHaveAGroupOfTheirOwnWithUnitsAndDefaults) {
  const std::string help = app_.help();
  EXPECT_THAT(help, HasSubstr("Limits:"));
  EXPECT_THAT(help, HasSubstr("--max-message-size SIZE"));
  EXPECT_THAT(help, HasSubstr("4MiB"));
  EXPECT_THAT(help, HasSubstr("10000"));
}

}  // namespace
}  // namespace caviar
