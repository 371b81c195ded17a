#include "worker/data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/worker/data/files.h"
#include "tests/worker/data/tables.h"

namespace caviar::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Reversed(std::string bytes, size_t width) {
  for (size_t i = 0; i < bytes.size(); i += width) {
    std::reverse(bytes.begin() + static_cast<ptrdiff_t>(i),
                 bytes.begin() + static_cast<ptrdiff_t>(i + width));
  }
  return bytes;
}

// Unicode text as NumPy keeps it, little-endian.
std::string Utf32(const std::u32string& text, size_t characters) {
  std::string bytes;
  for (size_t i = 0; i < characters; ++i) {
    bytes += LittleEndianBytes(i < text.size() ? text[i] : 0, 4);
  }
  return bytes;
}

const std::string& NpyLabels() {
  static const auto& bytes = *new std::string(Npy("<i8", "(2,)", Values<int64_t>({7, -3})));
  return bytes;
}

class NpyPair : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const LabeledTable>> Read(
      const std::string& inputs, const std::string& labels = NpyLabels()) {
    return ReadNpyPair(folder_.Write("x.npy", inputs), folder_.Write("y.npy", labels));
  }
  std::string Message(const std::string& inputs, const std::string& labels = NpyLabels()) {
    return std::string(Read(inputs, labels).status().message());
  }
  // The inputs of a file, whatever their type.
  std::vector<double> Inputs(const std::string& inputs) {
    const auto read = Read(inputs);
    EXPECT_TRUE(read.ok()) << read.status();
    if (!read.ok()) return {};
    return DenseValues((*read)->table);
  }
  std::vector<std::string> Names(const std::string& labels) {
    const auto read = Read(Npy("|u1", "(2, 1)", "ab"), labels);
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? (*read)->label_names : std::vector<std::string>();
  }
  TestFolder folder_;
};

TEST_F(NpyPair, BytesStayBytes) {
  for (const bool packed : {false, true}) {
    const std::string inputs = Npy("|u1", "(2, 1, 2)", Bytes({1, 2, 128, 255}));
    const auto read = Read(packed ? Gzip(inputs) : inputs);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ((*read)->table.rows, 2);
    EXPECT_EQ((*read)->table.inputs, 2);
    EXPECT_TRUE((*read)->table.one_unit);
    EXPECT_THAT(std::get<std::vector<uint8_t>>((*read)->table.values), ElementsAre(1, 2, 128, 255));
    EXPECT_THAT((*read)->labels, ElementsAre(0, 1));
    EXPECT_THAT((*read)->label_names, ElementsAre("7", "-3"));
  }
}

TEST_F(NpyPair, ReadsAllTypesInBothByteOrders) {
  const auto check = [&](const std::string& type, const std::string& values, size_t width, double a,
                         double b) {
    EXPECT_THAT(Inputs(Npy("<" + type, "(2, 1)", values)), ElementsAre(a, b)) << type;
    EXPECT_THAT(Inputs(Npy("=" + type, "(2, 1)", values)), ElementsAre(a, b)) << type;
    EXPECT_THAT(Inputs(Npy(">" + type, "(2, 1)", Reversed(values, width))), ElementsAre(a, b))
        << type;
  };
  check("b1", Bytes({0, 1}), 1, 0, 1);
  check("u1", Bytes({0, 200}), 1, 0, 200);
  check("i1", Bytes({-5, 100}), 1, -5, 100);
  check("u2", Values<uint16_t>({1, 65535}), 2, 1, 65535);
  check("i2", Values<int16_t>({-300, 300}), 2, -300, 300);
  check("u4", Values<uint32_t>({1, 4294967295}), 4, 1, 4294967295);
  check("i4", Values<int32_t>({-70001, 70001}), 4, -70001, 70001);
  check("u8", Values<uint64_t>({1, uint64_t{1} << 63}), 8, 1, 0x1p63);
  check("i8", Values<int64_t>({-5000000000, 5000000000}), 8, -5e9, 5e9);
  check("f4", Values<float>({-1.5, 3}), 4, -1.5, 3);
  check("f8", Values<double>({-1e-9, 0.1}), 8, -1e-9, 0.1);
  // Whatever is not 0 is true.
  EXPECT_THAT(Inputs(Npy("|b1", "(2, 1)", Bytes({0, 7}))), ElementsAre(0, 1));
}

TEST_F(NpyPair, KeepsNumbersInAsFewBytesAsHoldThem) {
  const auto holds = [&](const std::string& type, size_t width, auto kind) {
    const auto read = Read(Npy(type, "(2, 1)", std::string(2 * width, 0)));
    return std::holds_alternative<std::vector<decltype(kind)>>((*read)->table.values);
  };
  EXPECT_TRUE(holds("|b1", 1, uint8_t{}));
  EXPECT_TRUE(holds("<u2", 2, float{}));
  EXPECT_TRUE(holds("<f4", 4, float{}));
  EXPECT_TRUE(holds("<i4", 4, double{}));
  EXPECT_TRUE(holds("<f8", 8, double{}));
}

TEST_F(NpyPair, FortranOrderIsTurnedIntoRows) {
  // [2 x 2 x 3] of 0 to 11 in C order; in Fortran order the first index is the fastest.
  const std::string fortran = Bytes({0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11});
  const auto ascending = ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  EXPECT_THAT(Inputs(Npy("|u1", "(2, 2, 3)", fortran, true)), ascending);
  EXPECT_THAT(Inputs(Npy("|i1", "(2, 2, 3)", fortran, true)), ascending);
  EXPECT_THAT(Inputs(Gzip(Npy("|u1", "(2, 2, 3)", fortran, true))), ascending);
  EXPECT_THAT(Names(Npy("<i4", "(2, 1)", Values<int32_t>({5, 6}), true)), ElementsAre("5", "6"));
}

TEST_F(NpyPair, ImagesAndBytesHaveOneUnit) {
  const auto one_unit = [&](const std::string& inputs) { return (*Read(inputs))->table.one_unit; };
  EXPECT_TRUE(one_unit(Npy("<f4", "(2, 1, 1)", std::string(8, 0))));
  EXPECT_TRUE(one_unit(Npy("|u1", "(2, 1)", "ab")));
  EXPECT_FALSE(one_unit(Npy("<f4", "(2, 1)", std::string(8, 0))));
}

TEST_F(NpyPair, LabelsAreWholeNumbersBoolsOrWords) {
  EXPECT_THAT(Names(Npy("|u1", "(2,)", Bytes({3, 200}))), ElementsAre("3", "200"));
  EXPECT_THAT(Names(Npy(">i2", "(2, 1)", BigEndianBytes(uint16_t(-2), 2) + BigEndianBytes(9, 2))),
              ElementsAre("-2", "9"));
  EXPECT_THAT(Names(Npy("<u8", "(2,)", Values<uint64_t>({~uint64_t{0}, 1}))),
              ElementsAre("18446744073709551615", "1"));
  EXPECT_THAT(Names(Npy("|b1", "(2,)", Bytes({1, 0}))), ElementsAre("true", "false"));
  EXPECT_THAT(Names(Npy("<f8", "(2,)", Values<double>({-0.0, 1}))), ElementsAre("0", "1"));
  EXPECT_THAT(Names(Npy("|S4", "(2,)", std::string("cat\0bird", 8))), ElementsAre("cat", "bird"));
  const std::string words = Utf32(U"kat\u0119", 5) + Utf32(U"\U0001F41F", 5);
  EXPECT_THAT(Names(Npy("<U5", "(2,)", words)), ElementsAre("kat\u0119", "\U0001F41F"));
  EXPECT_THAT(Names(Npy(">U5", "(2,)", Reversed(words, 4))),
              ElementsAre("kat\u0119", "\U0001F41F"));
}

TEST_F(NpyPair, WrongLabelsAreNamed) {
  const std::string inputs = Npy("|u1", "(2, 1)", "ab");
  EXPECT_THAT(Message(inputs, Npy("<f4", "(2,)", Values<float>({1, 0.5}))),
              HasSubstr("y.npy\" label 1: 0.5 is not a whole number"));
  EXPECT_THAT(Message(inputs, Npy("<f4", "(2,)", Values<float>({NAN, 0.5}))),
              HasSubstr("label 0: nan is not a whole number"));
  EXPECT_THAT(Message(inputs, Npy("|S1", "(2,)", std::string("a\0", 2))),
              HasSubstr("label 1: is empty"));
  EXPECT_THAT(Message(inputs, Npy("|S1", "(2,)", "a\xff")), HasSubstr("label 1: is not UTF-8"));
  EXPECT_THAT(Message(inputs, Npy("<U1", "(2,)", Values<uint32_t>({0xd800, 'a'}))),
              HasSubstr("label 0: is not UTF-8"));
  EXPECT_THAT(Message(inputs, Npy("<U1", "(2,)", Values<uint32_t>({'a', 0x110000}))),
              HasSubstr("label 1: is not UTF-8"));
  EXPECT_THAT(Message(inputs, Npy("|u1", "(3,)", "abc")), HasSubstr("holds 3 labels, but"));
  EXPECT_THAT(Message(inputs, Npy("|u1", "(2, 2)", "abcd")), HasSubstr("One-hot rows become"));
  EXPECT_THAT(Message(inputs, Npy("|u1", "()", "a")), HasSubstr("has 0 dimensions"));
}

TEST_F(NpyPair, InputsAreFiniteNumbersInRows) {
  EXPECT_THAT(Message(Npy("<f4", "(2, 2)", Values<float>({1, 2, 3, HUGE_VALF}))),
              HasSubstr("x.npy\" example 1, value 1: inf is not a finite number up to"));
  EXPECT_THAT(Message(Npy("<f8", "(2, 2)", Values<double>({1, 2, NAN, 3}), true)),
              HasSubstr("example 0, value 1: nan is not a finite number"));
  EXPECT_THAT(Message(NpyLabels()),
              HasSubstr("has one dimension, 2, but examples have at least two"));
  EXPECT_THAT(Message(Npy("|u1", "()", "a")), HasSubstr("has no dimension, but examples"));
  EXPECT_THAT(Message(Npy("|S1", "(2, 1)", "ab")), HasSubstr("holds words, but examples are"));
}

TEST_F(NpyPair, TypesThatAreNotReadAreNamed) {
  EXPECT_THAT(Message(Npy("<f2", "(2, 1)", "abcd")), HasSubstr("has the type \"<f2\""));
  for (const char* type : {"", "<", "<f", "<c8", "<f16", "<M8[ns]", "<u3", "f-4", "<U0", "|S0",
                           "<U99999999999", "|V8", "<i 4"}) {
    EXPECT_THAT(Message(Npy(type, "(2, 1)", std::string(64, 0))), HasSubstr("has the type"))
        << type;
  }
  EXPECT_THAT(Message(Npy("|O", "(2, 1)", "abcd")), HasSubstr("pickled Python objects"));
  std::string record = Npy("<f4", "(2, 1)", "12345678");
  const size_t at = record.find("'<f4'");
  record.replace(at, 20, "[('a','<i4',(2,))],  ");
  EXPECT_FALSE(Read(record).ok());
}

TEST_F(NpyPair, RecordsAreNotRead) {
  const std::string header =
      "{'descr': [('a', '<f4'), ('b', [('c', '<i8')])], 'fortran_order': False, 'shape': (2,)}\n";
  EXPECT_THAT(
      Message(std::string("\x93NUMPY\x01\x00", 8) + LittleEndianBytes(header.size(), 2) + header),
      HasSubstr("is an array of records"));
}

TEST_F(NpyPair, HeadersMayBeWrittenInAllTheWaysOfTheFormat) {
  const auto with = [](const std::string& version, int length_bytes, const std::string& header) {
    return "\x93NUMPY" + version + LittleEndianBytes(header.size(), length_bytes) + header + "ab";
  };
  const std::string v1("\1\0", 2), v2("\2\0", 2), v3("\3\0", 2);
  const std::string usual = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }   \n";
  EXPECT_THAT(Inputs(with(v1, 2, usual)), ElementsAre('a', 'b'));
  EXPECT_THAT(Inputs(with(v2, 4, usual)), ElementsAre('a', 'b'));
  EXPECT_THAT(Inputs(with(v3, 4, usual)), ElementsAre('a', 'b'));
  EXPECT_THAT(Inputs(with(v1, 2, "{\"shape\":(2L,1L,),\"fortran_order\":False,\"descr\":\"u1\"}")),
              ElementsAre('a', 'b'));
  for (const char* wrong :
       {"", "{", "{}", "[]", "{'descr': '|u1', 'fortran_order': False}",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (2, 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, -1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': [2, 1]}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1)} x",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), 'shape': (2, 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), 'more': 1}",
        "{'descr': '|u1' 'fortran_order': False, 'shape': (2, 1)}",
        "{'descr': '|u1, 'fortran_order': False, 'shape': (2, 1)}",
        "{'descr': [1, 'fortran_order': False, 'shape': (2, 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 1)}"}) {
    EXPECT_THAT(Message(with(v1, 2, wrong)), HasSubstr("has a header that is not NumPy's"))
        << wrong;
  }
  EXPECT_THAT(Message(with(std::string("\4\0", 2), 4, usual)), HasSubstr("is of version 4"));
  EXPECT_THAT(Message("\x93NUMPY" + v2 + LittleEndianBytes(1 << 20, 4)),
              HasSubstr("has a header of 1048576 bytes"));
}

TEST_F(NpyPair, HeadersThatClaimTooMuchAreRefusedWithoutTryingToHoldIt) {
  EXPECT_THAT(Message(Npy("<f8", "(4294967296, 4294967296)", "")), HasSubstr("is too large"));
  EXPECT_THAT(Message(Npy("|u1", "(3000000000, 2)", "")), HasSubstr("is too large"));
  EXPECT_THAT(Message(Npy("|u1", "(1, 20000000)", "")), HasSubstr("is too large"));
  for (const bool fortran : {false, true}) {
    const std::string inputs = Npy("|u1", "(1000000000, 8)", "abc", fortran);
    EXPECT_THAT(Message(inputs), HasSubstr("is cut off: its header says 1000000000 x 8 values"));
    EXPECT_THAT(Message(Gzip(inputs)), HasSubstr("is cut off"));
  }
  EXPECT_THAT(Message(Npy("|u1", "(0, 2)", "")), HasSubstr("holds nothing"));
  EXPECT_THAT(Message(Npy("|u1", "(2, 0)", "")), HasSubstr("holds nothing"));
}

TEST_F(NpyPair, CutOffOrTooLongGivesAnErrorThatNamesTheFile) {
  const std::string inputs = Npy("<i4", "(2, 2)", std::string(16, 0));
  for (size_t length = 0; length < inputs.size(); ++length) {
    EXPECT_THAT(Message(inputs.substr(0, length)), HasSubstr("x.npy\" ")) << length;
    EXPECT_FALSE(Read(inputs.substr(0, length)).ok()) << length;
  }
  for (size_t length = 0; length < NpyLabels().size(); ++length) {
    EXPECT_THAT(Message(inputs, NpyLabels().substr(0, length)), HasSubstr("y.npy\" ")) << length;
  }
  EXPECT_THAT(Message(inputs + "x"), HasSubstr("has bytes after its last value"));
  EXPECT_THAT(Message(inputs, NpyLabels() + "x"), HasSubstr("y.npy\" has bytes after"));
}

TEST_F(NpyPair, AFlippedBitNeverCrashes) {
  const std::string inputs = Npy("<i4", "(2, 2)", std::string(16, 0));
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = inputs;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      (void)Read(damaged);
    }
  }
}

TEST_F(NpyPair, OtherFilesAreToldApart) {
  EXPECT_THAT(Message("PK\x03\x04 and so on"), HasSubstr("write format: npz"));
  EXPECT_THAT(Message("1,2,3\n"), HasSubstr("is not an .npy file: it starts with the bytes 49 44"));
  EXPECT_THAT(Message("x"), HasSubstr("is not an .npy file"));
}

}  // namespace
}  // namespace caviar::data
