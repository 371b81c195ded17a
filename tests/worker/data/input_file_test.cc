#include "worker/data/input_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/worker/data/files.h"

namespace caviar::data {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::string> Contents(const std::string& path) {
  auto file = InputFile::Open(path);
  if (!file.ok()) return file.status();
  std::string contents;
  char buffer[7];
  while (true) {
    const auto count = (*file)->Read(buffer, sizeof(buffer));
    if (!count.ok()) return count.status();
    if (*count == 0) return contents;
    contents.append(buffer, *count);
  }
}

TEST(InputFile, ReadsPlainAndGzippedFilesAlike) {
  const TestFolder folder;
  const std::string text(10000, 'x');
  EXPECT_EQ(*Contents(folder.Write("plain", text)), text);
  EXPECT_EQ(*Contents(folder.Write("packed", Gzip(text))), text);
  EXPECT_EQ(*Contents(folder.Write("members", Gzip(text) + Gzip("more"))), text + "more");
  EXPECT_EQ(*Contents(folder.Write("empty.gz", Gzip(""))), "");
}

TEST(InputFile, SaysWhereGzipDataIsCutOffAtAnyLength) {
  const TestFolder folder;
  const std::string packed = Gzip("some text that is packed, some text that is packed");
  for (size_t length = 2; length < packed.size(); ++length) {
    const auto contents = Contents(folder.Write("cut", packed.substr(0, length)));
    EXPECT_THAT(std::string(contents.status().message()), HasSubstr("is cut off")) << length;
  }
}

TEST(InputFile, NoticesGzipDataThatIsDamaged) {
  const TestFolder folder;
  const std::string text = "some text that is packed, some text that is packed";
  const std::string packed = Gzip(text);
  for (size_t i = 0; i < packed.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = packed;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      const auto contents = Contents(folder.Write("damaged", damaged));
      // Some bits mean nothing: in the header, and those that fill the last byte before the
      // checksum.
      EXPECT_TRUE(i < 2 || !contents.ok() || *contents == text) << i;
    }
  }
  EXPECT_THAT(std::string(Contents(folder.Write("tail", packed + "tail")).status().message()),
              HasSubstr("has bytes after its gzip data"));
}

TEST(InputFile, OnlyRegularFilesWithContentsAreOpened) {
  const TestFolder folder;
  EXPECT_EQ(InputFile::Open(folder / "absent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(InputFile::Open(folder.path()).status().message()),
              HasSubstr("is a directory"));
  EXPECT_THAT(std::string(InputFile::Open(folder.Write("empty", "")).status().message()),
              HasSubstr("is empty"));
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(std::string(InputFile::Open(pipe).status().message()),
              HasSubstr("is not a regular file"));
}

TEST(InputFile, DoesNotFollowALinkThatWasPutInTheWay) {
  const TestFolder folder;
  const std::string target = folder.Write("target", "secret");
  std::filesystem::create_symlink(target, folder / "link");
  EXPECT_FALSE(InputFile::Open(folder / "link").ok());
  std::filesystem::create_directory(folder / "real");
  folder.Write("real/file", "text");
  std::filesystem::create_directory_symlink(folder / "real", folder / "alias");
  EXPECT_EQ(InputFile::Open(folder / "alias/file").status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(ResolvePath, StaysInTheDatasetDirectory) {
  const TestFolder folder;
  const std::string inside = folder.Write("data/images/a.idx", "a");
  const std::string outside = folder.Write("secret", "s");
  const std::string dir = folder / "data";
  std::filesystem::create_symlink(outside, folder / "data/escape");
  std::filesystem::create_symlink(inside, folder / "data/alias");
  std::filesystem::create_directory_symlink(folder.path(), folder / "data/up");

  EXPECT_EQ(*ResolvePath(dir, "images/a.idx"), inside);
  EXPECT_EQ(*ResolvePath(dir, inside), inside);
  EXPECT_EQ(*ResolvePath(dir, "alias"), inside);
  EXPECT_EQ(*ResolvePath(dir, "images/../images/./a.idx"), inside);
  EXPECT_EQ(*ResolvePath(dir + "/", "images/a.idx"), inside);
  for (const std::string& bad :
       {std::string("../secret"), outside, std::string("escape"), std::string("up/secret"),
        std::string("/etc/passwd"), std::string("images/../../secret"), std::string(".."),
        std::string("../absent"), std::string("/absent/file"), folder / "data2/x"}) {
    const auto resolved = ResolvePath(dir, bad);
    EXPECT_EQ(resolved.status().code(), absl::StatusCode::kPermissionDenied) << bad;
    EXPECT_THAT(std::string(resolved.status().message()), HasSubstr("--dataset-dir")) << bad;
  }
  EXPECT_EQ(ResolvePath(dir, "absent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ResolvePath(dir, "").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ResolvePath(dir, std::string("images/a.idx\0x", 14)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ResolvePath, TheDatasetDirectoryMayBeALinkItself) {
  const TestFolder folder;
  const std::string file = folder.Write("disk/a", "a");
  std::filesystem::create_directory_symlink(folder / "disk", folder / "data");
  EXPECT_EQ(*ResolvePath(folder / "data", "a"), file);
  EXPECT_EQ(*ResolvePath(folder / "data", folder / "data/a"), file);
  EXPECT_EQ(*ResolvePath(folder / "data", folder / "disk/a"), file);
}

TEST(ResolvePath, SaysThatTheDatasetDirectoryIsNotThere) {
  const TestFolder folder;
  EXPECT_THAT(std::string(ResolvePath(folder / "absent", "a").status().message()),
              HasSubstr("the dataset directory"));
}

TEST(ResolvePath, WithoutADatasetDirectoryAnyFileWillDo) {
  const TestFolder folder;
  const std::string file = folder.Write("a", "a");
  EXPECT_EQ(*ResolvePath("", file), file);
  EXPECT_EQ(ResolvePath("", folder / "absent").status().code(), absl::StatusCode::kNotFound);
}

TEST(FileIdentity, ChangesWhenTheFileIsReplaced) {
  const TestFolder folder;
  const std::string file = folder.Write("a", "a");
  const std::string before = *FileIdentity(file);
  EXPECT_EQ(*FileIdentity(file), before);
  std::filesystem::rename(folder.Write("b", "b"), file);
  EXPECT_NE(*FileIdentity(file), before);
}

}  // namespace
}  // namespace caviar::data
