#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <string>

#include "client/archive/archive.h"
#include "tests/client/archive/folder.h"
#include "tests/storage/no_room.h"

namespace caviar::archive {
namespace {

namespace fs = std::filesystem;

std::string Gzip(const std::string& bytes) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()), 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// One entry in the form of ustar. `type`: '0' a file, '1' a hard link, '2' a link, '5' a folder.
std::string Entry(const std::string& name, char type, const std::string& content,
                  const std::string& link = "") {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644");
  header.replace(108, 7, "0000000");
  header.replace(116, 7, "0000000");
  char size[12];
  snprintf(size, sizeof(size), "%011zo", content.size());
  header.replace(124, 11, size);
  header.replace(136, 11, "00000000000");
  header[156] = type;
  header.replace(157, link.size(), link);
  header.replace(257, 8, std::string("ustar\00000", 8));
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  char digits[8];
  snprintf(digits, sizeof(digits), "%06o", sum);
  header.replace(148, 7, std::string(digits, 7));
  std::string body = content;
  body.resize((content.size() + 511) / 512 * 512);
  return header + body;
}

std::string Tar(const std::string& entries) { return Gzip(entries + std::string(1024, '\0')); }

absl::StatusCode CodeOf(const std::string& packed, const Folder& to, int64_t max_bytes = 0) {
  return Unpack(packed, to.path(), max_bytes).code();
}

TEST(Unpack, ReadsPlainArchives) {
  const Folder to;
  ASSERT_EQ(CodeOf(Tar(Entry("./a/b", '0', "text") + Entry("c/", '5', "")), to),
            absl::StatusCode::kOk);
  EXPECT_EQ(to.Read("a/b"), "text");
  EXPECT_TRUE(fs::is_directory(to / "c"));
}

TEST(Unpack, NothingLandsOutside) {
  const Folder around;
  fs::create_directory(around / "to");
  const std::string to = around / "to";
  const auto refused = [&to](const std::string& entries) {
    return Unpack(Tar(entries), to, 0).code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(Entry("../x", '0', "x")));
  EXPECT_TRUE(refused(Entry("a/../../x", '0', "x")));
  EXPECT_TRUE(refused(Entry(around / "x", '0', "x")));
  EXPECT_TRUE(refused(Entry("link", '2', "", "..")));
  EXPECT_TRUE(refused(Entry("link", '2', "", "/etc")));
  EXPECT_TRUE(refused(Entry("hard", '1', "", "../to")));
  // A link that stays inside is not followed either.
  EXPECT_TRUE(refused(Entry("d/e", '0', "x") + Entry("l", '2', "", "d") + Entry("l/x", '0', "x")));
  EXPECT_TRUE(refused(Entry("m", '2', "", "d/e") + Entry("m", '0', "y")));
  EXPECT_FALSE(around.Has("x"));
  EXPECT_FALSE(around.Has("to/d/x"));
  EXPECT_EQ(around.Read("to/d/e"), "x");
}

TEST(Unpack, DevicesAreRefused) {
  const Folder to;
  EXPECT_EQ(CodeOf(Tar(Entry("tty", '3', "")), to), absl::StatusCode::kInvalidArgument);
}

TEST(Unpack, MoreThanThereIsRoomForIsRefused) {
  const std::string zeros(10'000'000, '\0');
  const Folder to;
  EXPECT_EQ(CodeOf(Tar(Entry("zeros", '0', zeros)), to, 1'000'000),
            absl::StatusCode::kInvalidArgument);
  EXPECT_LE(fs::file_size(to / "zeros"), 1'000'000u);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += Entry("f" + std::to_string(i), '0', "");
  const Folder other;
  EXPECT_EQ(CodeOf(Tar(many), other, 100'000), absl::StatusCode::kInvalidArgument);
  const Folder last;
  EXPECT_EQ(CodeOf(Gzip(Entry("a", '0', "") + zeros), last, 1'000'000),
            absl::StatusCode::kInvalidArgument);
}

TEST(Unpack, WhatTheDiskSaysIsNoFaultOfTheArchive) {
  const std::string packed = Tar(Entry("zeros", '0', std::string(100'000, '\0')));
  const Folder to;
  {
    const storage::NoRoom full(50'000);
    EXPECT_EQ(CodeOf(packed, to), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(Unpack(packed, to / "none", 0).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Unpack(packed, to / "zeros", 0).code(), absl::StatusCode::kUnavailable);
}

TEST(Unpack, ANameThatNoFileCanHaveIsTheArchives) {
  const Folder to;
  const std::string entries =
      Entry("././@LongLink", 'L', std::string(300, 'n')) + Entry("short", '0', "x");
  EXPECT_EQ(CodeOf(Tar(entries), to), absl::StatusCode::kInvalidArgument);
}

TEST(Unpack, NoDamageGoesUnseen) {
  const Folder from;
  from.Write("a", "some text that is compressed, and some text that is compressed");
  from.Write("b/c", "more");
  const std::string packed = Pack(from.path(), {}).value();
  for (size_t cut = 0; cut < packed.size(); cut += 3) {
    const Folder to;
    EXPECT_EQ(CodeOf(packed.substr(0, cut), to), absl::StatusCode::kInvalidArgument) << cut;
  }
  // Behind the header, whose time and system mean nothing.
  size_t refused = 0;
  for (size_t at = 10; at < packed.size(); at += 3) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const Folder to;
    // Some bits say only how to write the same: where in a run of zeros more are copied from.
    if (CodeOf(damaged, to) == absl::StatusCode::kOk) {
      EXPECT_EQ(Fingerprint(to.path(), {}).value(), Fingerprint(from.path(), {}).value()) << at;
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, packed.size() / 6);
  const Folder to;
  EXPECT_EQ(CodeOf(packed + "x", to), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("no archive", to), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace caviar::archive
