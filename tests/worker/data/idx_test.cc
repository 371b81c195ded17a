#include "worker/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "tests/worker/data/files.h"
#include "tests/worker/data/tables.h"

namespace caviar::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kUint8 = 0x08;

// Three examples of 2 x 2, labels 7 3 7.
const std::string& Images() {
  static const auto& bytes =
      *new std::string(Idx(kUint8, {3, 2, 2}, Bytes({1, 2, 3, 4, 5, 6, 7, 8, 0, 128, 254, 255})));
  return bytes;
}
const std::string& IdxLabels() {
  static const auto& bytes = *new std::string(Idx(kUint8, {3}, Bytes({7, 3, 7})));
  return bytes;
}

class IdxPair : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const LabeledTable>> Read(const std::string& images,
                                                           const std::string& labels) {
    return ReadIdxPair(folder_.Write("images", images), folder_.Write("labels", labels));
  }
  std::string Message(const std::string& images, const std::string& labels) {
    return std::string(Read(images, labels).status().message());
  }
  TestFolder folder_;
};

TEST_F(IdxPair, IsReadAsBytes) {
  for (const bool packed : {false, true}) {
    const auto read =
        packed ? Read(Gzip(Images()), Gzip(IdxLabels())) : Read(Images(), IdxLabels());
    ASSERT_TRUE(read.ok()) << read.status();
    const LabeledTable& labeled = **read;
    EXPECT_EQ(labeled.table.rows, 3);
    EXPECT_EQ(labeled.table.inputs, 4);
    EXPECT_THAT(std::get<std::vector<uint8_t>>(labeled.table.values),
                ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 0, 128, 254, 255));
    EXPECT_THAT(labeled.labels, ElementsAre(0, 1, 0));
    EXPECT_THAT(labeled.label_names, ElementsAre("7", "3"));
  }
}

TEST_F(IdxPair, ReadsAllTypesAndAnyNumberOfDimensions) {
  const std::string labels =
      Idx(0x0c, {2}, BigEndianBytes(uint32_t(-70000), 4) + BigEndianBytes(5, 4));
  const auto values = [&](int type, const std::string& bytes) {
    const auto read = Read(Idx(type, {2, 1, 1, 1}, bytes), labels);
    EXPECT_TRUE(read.ok()) << read.status();
    EXPECT_THAT((*read)->label_names, ElementsAre("-70000", "5"));
    return DenseValues((*read)->table);
  };
  EXPECT_THAT(values(0x09, Bytes({-3, 100})), ElementsAre(-3, 100));
  EXPECT_THAT(values(0x0b, BigEndianBytes(uint16_t(-300), 2) + BigEndianBytes(300, 2)),
              ElementsAre(-300, 300));
  EXPECT_THAT(values(0x0c, BigEndianBytes(uint32_t(-70001), 4) + BigEndianBytes(2147483647, 4)),
              ElementsAre(-70001, 2147483647));
  const auto float_bytes = [](float x) { return BigEndianBytes(std::bit_cast<uint32_t>(x), 4); };
  const auto double_bytes = [](double x) { return BigEndianBytes(std::bit_cast<uint64_t>(x), 8); };
  EXPECT_THAT(values(0x0d, float_bytes(-1.5) + float_bytes(3)), ElementsAre(-1.5, 3));
  EXPECT_THAT(values(0x0e, double_bytes(-1e-9) + double_bytes(0.1)), ElementsAre(-1e-9, 0.1));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(Message(Idx(0x0e, {2, 1}, double_bytes(1) + double_bytes(nan)), labels),
              HasSubstr("example 1, value 0: nan is not a finite number"));
}

TEST_F(IdxPair, CutOffAtAnyLengthGivesAnErrorThatNamesTheFile) {
  for (size_t length = 0; length < Images().size(); ++length) {
    const auto read = Read(Images().substr(0, length), IdxLabels());
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << length;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("/images\" ")) << length;
  }
  for (size_t length = 0; length < IdxLabels().size(); ++length) {
    EXPECT_THAT(Message(Images(), IdxLabels().substr(0, length)), HasSubstr("/labels\" "))
        << length;
  }
  EXPECT_THAT(
      Message(Images().substr(0, Images().size() - 1), IdxLabels()),
      HasSubstr(
          "is cut off: its header says 3 x 2 x 2 values, 12 bytes, but only 11 bytes follow"));
}

TEST_F(IdxPair, AFlippedByteNeverCrashes) {
  for (const bool packed : {false, true}) {
    const std::string images = packed ? Gzip(Images()) : Images();
    for (size_t i = 0; i < images.size(); ++i) {
      for (const int bit : {0, 3, 7}) {
        std::string damaged = images;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
        const auto read = Read(damaged, IdxLabels());
        // Byte 2 is the type, and int8 is as long as uint8.
        EXPECT_FALSE(!packed && i < 16 && i != 2 && read.ok()) << i << " " << bit;
      }
    }
  }
}

TEST_F(IdxPair, BytesAfterTheLastValueAreAnError) {
  EXPECT_THAT(Message(Images() + "x", IdxLabels()), HasSubstr("has bytes after its last value"));
  EXPECT_THAT(Message(Gzip(Images() + "x"), IdxLabels()),
              HasSubstr("has bytes after its last value"));
  EXPECT_THAT(Message(Images(), IdxLabels() + "x"), HasSubstr("/labels\" has bytes after"));
}

TEST_F(IdxPair, OtherFilesAreToldApart) {
  EXPECT_THAT(Message("P5 28 28 255", IdxLabels()),
              HasSubstr("is not an IDX file: it starts with the bytes 80 53 32 50"));
  EXPECT_THAT(Message("x", IdxLabels()), HasSubstr("is not an IDX file"));
  EXPECT_THAT(Message(Idx(0x0a, {3, 2}, Bytes({1, 2, 3, 4, 5, 6})), IdxLabels()),
              HasSubstr("is not an IDX file"));
  EXPECT_THAT(Message(Idx(kUint8, {}, ""), IdxLabels()), HasSubstr("is not an IDX file"));
  EXPECT_THAT(Message(IdxLabels(), Images()), HasSubstr("is it a file of labels?"));
  EXPECT_THAT(Message(Images(), Images()), HasSubstr("is it a file of images?"));
  EXPECT_THAT(Message(Images(), Idx(0x0d, {3}, std::string(12, 0))),
              HasSubstr("labels are whole numbers"));
}

TEST_F(IdxPair, CountsMustAgree) {
  EXPECT_THAT(Message(Images(), Idx(kUint8, {2}, Bytes({1, 2}))), HasSubstr("holds 2 labels, but"));
  EXPECT_THAT(Message(Images(), Idx(kUint8, {2}, Bytes({1, 2}))), HasSubstr("holds 3 examples"));
}

TEST_F(IdxPair, HeadersThatClaimTooMuchAreRefusedWithoutTryingToHoldIt) {
  const uint32_t most = 0xffffffff;
  EXPECT_THAT(Message(Idx(kUint8, {most, most, most, most}, ""), IdxLabels()),
              HasSubstr("is too large"));
  EXPECT_THAT(Message(Idx(kUint8, {65536, 65536, 65536, 65536}, ""), IdxLabels()),
              HasSubstr("is too large"));
  EXPECT_THAT(Message(Idx(0x0e, {1u << 30, 2}, ""), IdxLabels()), HasSubstr("is too large"));
  EXPECT_THAT(Message(Idx(kUint8, {1, 1u << 25}, ""), IdxLabels()), HasSubstr("is too large"));
  EXPECT_THAT(Message(Idx(kUint8, std::vector<uint32_t>(255, 1), ""), IdxLabels()),
              HasSubstr("is cut off"));
  EXPECT_THAT(Message(Idx(kUint8, {1u << 31, 3}, "abc"), IdxLabels()), HasSubstr("is too large"));
  EXPECT_THAT(Message(Idx(kUint8, {1u << 30, 7}, "abc"), IdxLabels()), HasSubstr("is cut off"));
  EXPECT_THAT(Message(Gzip(Idx(kUint8, {1u << 30, 7}, "abc")), IdxLabels()),
              HasSubstr("is cut off"));
}

TEST_F(IdxPair, DimensionsOfZeroHoldNothing) {
  EXPECT_THAT(Message(Idx(kUint8, {0, 2, 2}, ""), IdxLabels()), HasSubstr("holds nothing"));
  EXPECT_THAT(Message(Idx(kUint8, {3, 0}, ""), IdxLabels()), HasSubstr("holds nothing"));
}

}  // namespace
}  // namespace caviar::data
