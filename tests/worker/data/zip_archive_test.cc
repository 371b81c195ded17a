#include "worker/data/zip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/data/zip.h"

namespace caviar::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ZipArchiveTest : public testing::Test {
 protected:
  // The contents of an entry; "error: ..." where it cannot be had.
  std::string Contents(const std::string& bytes, const std::string& name = "a") {
    const auto archive = ZipArchive::Open(folder_.Write("file.npz", bytes));
    if (!archive.ok()) return Error(archive.status());
    if (!archive->Has(name)) return "error: no such entry";
    const auto entry = archive->OpenEntry(name, "array");
    if (!entry.ok()) return Error(entry.status());
    std::string contents;
    char buffer[7];
    while (true) {
      const auto count = (*entry)->Read(buffer, sizeof(buffer));
      if (!count.ok()) return Error(count.status());
      if (*count == 0) return contents;
      contents.append(buffer, *count);
    }
  }
  static std::string Error(const absl::Status& status) {
    return "error: " + std::string(status.message());
  }
  TestFolder folder_;
};

const std::string& Text() {
  static const auto& text = *new std::string("some text, some text, some more text, and a tail");
  return text;
}

ZipForm Deflated() {
  ZipForm form;
  form.deflated = true;
  return form;
}

TEST_F(ZipArchiveTest, ReadsStoredAndDeflatedEntriesWithAndWithoutZip64) {
  for (const bool deflated : {false, true}) {
    for (const bool zip64 : {false, true}) {
      ZipForm form;
      form.deflated = deflated;
      form.zip64 = zip64;
      const std::string bytes = Zip({{"b", "other"}, {"a", Text()}, {"empty", ""}}, form);
      EXPECT_EQ(Contents(bytes), Text()) << deflated << zip64;
      EXPECT_EQ(Contents(bytes, "b"), "other");
      EXPECT_EQ(Contents(bytes, "empty"), "");
      const auto archive = ZipArchive::Open(folder_ / "file.npz");
      EXPECT_THAT(archive->names(), ElementsAre("a", "b", "empty"));
    }
  }
}

TEST_F(ZipArchiveTest, MayEndInAComment) {
  ZipForm form;
  form.comment = std::string(65535, 'c');
  EXPECT_EQ(Contents(Zip({{"a", Text()}}, form)), Text());
}

TEST_F(ZipArchiveTest, LargeEntriesCrossTheBuffers) {
  std::string text;
  for (uint64_t i = 0; text.size() < (size_t{1} << 20); ++i) text += std::to_string(i * i);
  EXPECT_EQ(Contents(Zip({{"a", text}}, Deflated())), text);
  EXPECT_EQ(Contents(Zip({{"a", text}})), text);
}

TEST_F(ZipArchiveTest, TwoEntriesOfOneNameAreRefused) {
  EXPECT_THAT(Contents(Zip({{"a", "1"}, {"a", "2"}})),
              HasSubstr("two of its entries have the name \"a\""));
}

TEST_F(ZipArchiveTest, OtherFilesAreToldApart) {
  EXPECT_THAT(Contents("not an archive"), HasSubstr("is not an .npz archive"));
  EXPECT_THAT(Contents("x"), HasSubstr("is not an .npz archive"));
  EXPECT_THAT(Contents(Npy("<f4", "(1,)", "1234")), HasSubstr("write format: npy"));
}

TEST_F(ZipArchiveTest, WhatCannotBeReadIsSaid) {
  ZipForm encrypted;
  encrypted.flags = 1;
  EXPECT_THAT(Contents(Zip({{"a", Text()}}, encrypted)), HasSubstr("array is encrypted"));
  ZipForm packed;
  packed.method = 12;
  EXPECT_THAT(Contents(Zip({{"a", Text()}}, packed)), HasSubstr("array is packed by method 12"));
}

TEST_F(ZipArchiveTest, WrongLengthsAndChecksumsAreNoticed) {
  for (const bool deflated : {false, true}) {
    ZipForm form;
    form.deflated = deflated;
    form.checksum_xor = 1;
    EXPECT_EQ(Contents(Zip({{"a", Text()}}, form)),
              "error: array is damaged: its checksum does not match");
    form.checksum_xor = 0;
    form.bytes = static_cast<int64_t>(Text().size()) - 1;
    EXPECT_THAT(Contents(Zip({{"a", Text()}}, form)), HasSubstr("it has more than the 47 bytes"));
    form.bytes = static_cast<int64_t>(Text().size()) + 1;
    EXPECT_THAT(Contents(Zip({{"a", Text()}}, form)),
                HasSubstr("it has 48 bytes, but 49 according to its archive"));
  }
}

TEST_F(ZipArchiveTest, CutOffAtAnyLengthIsAnError) {
  for (const bool zip64 : {false, true}) {
    ZipForm form = Deflated();
    form.zip64 = zip64;
    const std::string bytes = Zip({{"a", Text()}, {"b", "other"}}, form);
    for (size_t length = 1; length < bytes.size(); ++length) {
      EXPECT_THAT(Contents(bytes.substr(0, length)), HasSubstr("error: ")) << length;
    }
    EXPECT_THAT(Contents(bytes.substr(0, bytes.size() - 1)),
                HasSubstr("is cut off: an archive's directory is at its end"));
    // The front is missing.
    EXPECT_THAT(Contents(bytes.substr(10)), HasSubstr("error: "));
  }
}

TEST_F(ZipArchiveTest, AFlippedBitGivesAnErrorOrTheRightContents) {
  for (const bool zip64 : {false, true}) {
    ZipForm form = Deflated();
    form.zip64 = zip64;
    const std::string bytes = Zip({{"a", Text()}, {"b", "other"}}, form);
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (const int bit : {0, 3, 7}) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
        const std::string contents = Contents(damaged);
        EXPECT_TRUE(contents == Text() || contents.substr(0, 6) == "error:") << i << " " << bit;
      }
    }
  }
}

TEST_F(ZipArchiveTest, SizesThatNoFileHasAreRefusedWithoutTryingToHoldThem) {
  ZipForm form;
  form.zip64 = true;
  form.bytes = int64_t{1} << 61;
  EXPECT_THAT(Contents(Zip({{"a", Text()}}, form)), HasSubstr("it has 48 bytes, but"));
  std::string bytes = Zip({{"a", Text()}});
  // The directory's size and place, in the last 22 bytes.
  for (const size_t at : {bytes.size() - 10, bytes.size() - 6}) {
    std::string wrong = bytes;
    wrong.replace(at, 4, LittleEndianBytes(0xfffffff0, 4));
    EXPECT_THAT(Contents(wrong), HasSubstr("its directory lies outside of the file"));
  }
}

}  // namespace
}  // namespace caviar::data
