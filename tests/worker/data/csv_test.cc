#include "worker/data/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/data/files.h"

namespace caviar::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Csv : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const LabeledTable>> Read(const std::string& text,
                                                           const std::string& label = "class") {
    return ReadCsv(folder_.Write("file.csv", text), label);
  }
  std::string Message(const std::string& text, const std::string& label = "class") {
    return std::string(Read(text, label).status().message());
  }
  static const std::vector<double>& Values(const LabeledTable& labeled) {
    return std::get<std::vector<double>>(labeled.table->values);
  }
  TestFolder folder_;
};

TEST_F(Csv, HasNumbersAndANamedLabelAnywhere) {
  const auto read = Read("a,class,b\n1,yes,2.5\n-3e-2,no,+4\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT((*read)->columns, ElementsAre("a", "b"));
  EXPECT_THAT(Values(**read), ElementsAre(1, 2.5, -0.03, 4));
  EXPECT_THAT((*read)->labels, ElementsAre(0, 1));
  EXPECT_THAT((*read)->label_names, ElementsAre("yes", "no"));
  EXPECT_EQ((*read)->table->rows, 2);
  EXPECT_EQ((*read)->table->inputs, 2);
}

TEST_F(Csv, MayBeWrittenInTheWaysThatProgramsWriteIt) {
  for (const std::string text :
       {"a,class\n1,x\n2,y", "a,class\r\n1,x\r\n2,y\r\n",
        "\xEF\xBB\xBF"
        "a,class\n1,x\n2,y\n",
        "a , class\n 1 ,\tx\n2, y \n", "\"a\",\"class\"\n\"1\",\"x\"\n\"2\",\"y\"\n",
        "\n\na,class\n\n1,x\n\r\n2,y\n\n", "a,class\r1,x\r2,y\r",
        "a,class\n1, \"x\" \n2,\"y\"\n"}) {
    const auto read = Read(text);
    ASSERT_TRUE(read.ok()) << text << read.status();
    EXPECT_THAT(Values(**read), ElementsAre(1, 2)) << text;
    EXPECT_THAT((*read)->label_names, ElementsAre("x", "y")) << text;
  }
  const auto packed = Read(Gzip("a,class\n1,x\n2,y\n"));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(Values(**packed), ElementsAre(1, 2));
}

TEST_F(Csv, QuotesMayHoldCommasLinesAndQuotes) {
  const auto read =
      Read("a,\"the \"\"class\"\"\"\n1,\"x, y\nand \"\"z\"\"\"\n2,w\n", "the \"class\"");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT((*read)->label_names, ElementsAre("x, y\nand \"z\"", "w"));
}

TEST_F(Csv, ErrorsNameFileLineColumnAndValue) {
  EXPECT_THAT(Message("age,class\n1,x\nabc,y\n"),
              HasSubstr("file.csv\", line 3, column \"age\": \"abc\" is not a number"));
  EXPECT_THAT(Message("age,class\n1,x\n,y\n"), HasSubstr("line 3, column \"age\": is empty"));
  EXPECT_THAT(Message("age,class\n1,\n"), HasSubstr("line 2, column \"class\": is empty"));
  EXPECT_THAT(Message("age,class\nnan,x\n"), HasSubstr("\"nan\" is not a finite number"));
  EXPECT_THAT(Message("age,class\ninf,x\n"), HasSubstr("not a finite number"));
  EXPECT_EQ(Values(**Read("age,class\n1e-999,x\n"))[0], 0);
  EXPECT_THAT(Message("age,class\n1e999,x\n"), HasSubstr("not a finite number"));
  for (const std::string bad : {"0x10", "+-1", "+", "-", "1 2", "1e", "1;5", "."}) {
    EXPECT_THAT(Message("age,class\n\"" + bad + "\",x\n"), HasSubstr("line 2")) << bad;
  }
  EXPECT_THAT(Message("age,class\n1,x,2\n"),
              HasSubstr("line 2: 3 fields, but the header names 2 columns"));
  EXPECT_THAT(Message("age,class\n1\n"), HasSubstr("line 2: 1 fields"));
  EXPECT_THAT(Message("age,class\n1,\xff\n"),
              HasSubstr("column \"class\": \"\\xff\" is not UTF-8"));
  EXPECT_THAT(Message("age,class\n1,\"x\ny\"\n\nz,w\n"),
              HasSubstr("line 5, column \"age\": \"z\""));
  EXPECT_THAT(Message("age,class\r\n1,x\r\nz,w\r\n"), HasSubstr("line 3, column \"age\": \"z\""));
}

TEST_F(Csv, QuotesMustMatch) {
  EXPECT_THAT(Message("a,class\n1,\"x\n2,y\n"),
              HasSubstr("line 2: a quote is opened and not closed"));
  EXPECT_THAT(Message("a,class\n1,\"x\"y\n"),
              HasSubstr("line 2: after the closing quote of \"x\""));
  EXPECT_THAT(Message("a,class\n1,\"" + std::string(70000, 'x')),
              HasSubstr("is a quote not closed?"));
  EXPECT_THAT(Message("a,class\n" + std::string(70000, '1')), HasSubstr("a field is longer"));
}

TEST_F(Csv, TheHeaderMustNameTheLabelAndEveryColumnOnce) {
  EXPECT_THAT(Message("a,clas\n1,x\n"),
              HasSubstr("line 1: no column has the label's name \"class\"; did you mean \"clas\"? "
                        "There are \"a\", \"clas\""));
  EXPECT_THAT(Message("a,a,class\n1,2,x\n"), HasSubstr("line 1: two columns have the name \"a\""));
  EXPECT_THAT(Message("a,,class\n1,2,x\n"), HasSubstr("line 1: column 2 has no name"));
  EXPECT_THAT(Message("class\nx\n"), HasSubstr("the label is the only column"));
  EXPECT_THAT(Message("a,class\n"), HasSubstr("holds no examples"));
  EXPECT_THAT(Message("\n\n"), HasSubstr("is empty: its first line must name the columns"));
  EXPECT_THAT(Message(""), HasSubstr("is empty"));
}

TEST_F(Csv, CutOffOrDamagedNeverCrashes) {
  const std::string text = "\xEF\xBB\xBF\"a\",b,class\r\n1,2.5,\"x \"\"y\"\"\"\r\n3,4,z\r\n";
  for (size_t length = 0; length < text.size(); ++length) {
    (void)Read(text.substr(0, length));
  }
  for (size_t i = 0; i < text.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      const auto read = Read(damaged);
      if (read.ok()) {
        EXPECT_EQ((*read)->labels.size(), static_cast<size_t>((*read)->table->rows));
        EXPECT_EQ(Values(**read).size(),
                  (*read)->labels.size() * static_cast<size_t>((*read)->table->inputs));
      }
    }
  }
}

TEST_F(Csv, FieldsMayCrossTheReadersBuffer) {
  std::string text = "a,class\n";
  constexpr int kRows = 60000;
  for (int i = 0; i < kRows; ++i)
    text += std::to_string(i) + ",\"word " + std::to_string(i % 7) + "\"\r\n";
  ASSERT_GT(text.size(), size_t{2} << 18);
  const auto read = Read(text);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ((*read)->table->rows, kRows);
  EXPECT_EQ((*read)->label_names.size(), 7u);
  for (int i = 0; i < kRows; ++i) {
    ASSERT_EQ(Values(**read)[i], i);
    ASSERT_EQ((*read)->labels[i], i % 7);
  }
}

}  // namespace
}  // namespace caviar::data
