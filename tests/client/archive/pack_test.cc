#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "client/archive/archive.h"
#include "tests/client/archive/folder.h"

namespace caviar::archive {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int64_t kRoom = 1 << 20;

// Bytes that do not compress.
std::string Noise(size_t size) {
  std::string bytes;
  uint64_t state = 1;
  while (bytes.size() < size) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes.push_back(static_cast<char>(state >> 56));
  }
  return bytes;
}

TEST(Pack, AFolderComesBackAsItWas) {
  const Folder from;
  from.Write("train.py", "print(1)\n");
  from.Write("src/deep/net.py", "");
  from.Write("src/\xc3\xa4 b", Noise(100'000));
  from.Write(std::string(120, 'n') + "/" + std::string(200, 'm'), "long");
  fs::create_directory(from / "empty");
  fs::create_symlink("../train.py", from / "src/link");
  fs::permissions(from / "train.py", fs::perms(0754));
  const auto packed = Pack(from.path(), {.max_bytes = kRoom});
  ASSERT_TRUE(packed.ok()) << packed.status();
  const Folder to;
  ASSERT_TRUE(Unpack(*packed, to.path(), kRoom).ok());
  EXPECT_EQ(to.Read("train.py"), "print(1)\n");
  EXPECT_EQ(fs::status(to / "train.py").permissions(), fs::perms(0754));
  EXPECT_EQ(to.Read("src/deep/net.py"), "");
  EXPECT_EQ(to.Read("src/\xc3\xa4 b"), Noise(100'000));
  EXPECT_EQ(to.Read(std::string(120, 'n') + "/" + std::string(200, 'm')), "long");
  EXPECT_TRUE(fs::is_directory(to / "empty"));
  EXPECT_EQ(fs::read_symlink(to / "src/link"), "../train.py");
  EXPECT_EQ(Fingerprint(from.path(), {}).value(), Fingerprint(to.path(), {}).value());
}

TEST(Pack, TheSameContentGivesTheSameBytes) {
  const Folder one;
  const Folder other;
  one.Write("a", "1");
  one.Write("b/c", "2");
  other.Write("b/c", "2");
  other.Write("a", "1");
  fs::last_write_time(other / "a", fs::file_time_type::min() + std::chrono::hours(1'000'000));
  EXPECT_EQ(Pack(one.path(), {}).value(), Pack(other.path(), {}).value());
  EXPECT_EQ(Fingerprint(one.path(), {}).value(), Fingerprint(other.path(), {}).value());
  other.Write("a", "3");
  EXPECT_NE(Pack(one.path(), {}).value(), Pack(other.path(), {}).value());
  EXPECT_NE(Fingerprint(one.path(), {}).value(), Fingerprint(other.path(), {}).value());
}

TEST(Pack, AFileKeepsItsName) {
  const Folder from;
  from.Write("step-7", "weights");
  const auto packed = Pack(from / "step-7", {});
  ASSERT_TRUE(packed.ok()) << packed.status();
  const Folder to;
  ASSERT_TRUE(Unpack(*packed, to.path(), kRoom).ok());
  EXPECT_EQ(to.Read("step-7"), "weights");
}

TEST(Pack, WhatIsIgnoredIsLeftOut) {
  const Folder from;
  from.Write(".ignored", "data/\n*.tmp\n!keep.tmp\n");
  from.Write("data/big", "x");
  from.Write("a.tmp", "x");
  from.Write("keep.tmp", "x");
  from.Write(".git/HEAD", "x");
  const Folder to;
  ASSERT_TRUE(Unpack(Pack(from.path(), {.ignore_file = ".ignored"}).value(), to.path(), 0).ok());
  EXPECT_TRUE(to.Has("keep.tmp"));
  EXPECT_TRUE(to.Has(".ignored"));
  EXPECT_FALSE(to.Has("data"));
  EXPECT_FALSE(to.Has("a.tmp"));
  EXPECT_FALSE(to.Has(".git"));
  const Folder all;
  ASSERT_TRUE(Unpack(Pack(from.path(), {}).value(), all.path(), 0).ok());
  EXPECT_TRUE(all.Has(".git/HEAD"));
  EXPECT_TRUE(all.Has("data/big"));
}

TEST(Pack, TooLargeNamesTheLargest) {
  const Folder from;
  from.Write("small", Noise(10));
  from.Write("data/large", Noise(50'000));
  const auto packed = Pack(from.path(), {.max_bytes = 20'000});
  EXPECT_EQ(packed.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(packed.status().message(), HasSubstr("data/large (50000 bytes)"));
  EXPECT_EQ(Fingerprint(from.path(), {.max_bytes = 20'000}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Pack(from.path(), {.max_bytes = 60'000}).ok());
}

TEST(Pack, WhatCannotBePackedIsNamed) {
  const Folder from;
  fs::create_symlink("/etc/passwd", from / "out");
  EXPECT_THAT(Pack(from.path(), {}).status().message(), HasSubstr("/etc/passwd"));
  fs::remove(from / "out");
  fs::create_symlink("../../x", from / "out");
  EXPECT_EQ(Pack(from.path(), {}).status().code(), absl::StatusCode::kFailedPrecondition);
  fs::remove(from / "out");
  ASSERT_EQ(mkfifo((from / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(Pack(from.path(), {}).status().message(), HasSubstr("pipe"));
  EXPECT_EQ(Pack(from / "none", {}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace caviar::archive
