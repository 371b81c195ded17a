#include "worker/data/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/worker/data/files.h"
#include "tests/worker/data/tables.h"

namespace caviar::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Csv : public testing::Test {
 protected:
  Csv() { spec_.set_label("class"); }
  absl::StatusOr<std::shared_ptr<const LabeledTable>> Read(const std::string& text) {
    return ReadCsv(folder_.Write("file.csv", text), spec_);
  }
  std::string Message(const std::string& text) {
    return std::string(Read(text).status().message());
  }
  // Of a test file, where `train` is the training file.
  absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadTest(const std::string& train,
                                                               const std::string& test) {
    const auto read = Read(train);
    EXPECT_TRUE(read.ok()) << read.status();
    return ReadCsv(folder_.Write("test.csv", test), spec_, read->get());
  }
  std::string TestMessage(const std::string& train, const std::string& test) {
    return std::string(ReadTest(train, test).status().message());
  }
  static const Columns& ColumnsOf(const LabeledTable& labeled) {
    return std::get<Columns>(labeled.table.values);
  }
  static std::vector<double> Values(const LabeledTable& labeled) {
    return ValuesOf(ColumnsOf(labeled).numbers);
  }
  static std::vector<int16_t> Words(const LabeledTable& labeled) {
    return ValuesOf(ColumnsOf(labeled).words);
  }
  static std::vector<std::string> Names(const LabeledTable& labeled) {
    std::vector<std::string> names;
    for (const auto& column : ColumnsOf(labeled).columns) names.push_back(column.name);
    return names;
  }
  v1::CsvFile spec_;
  TestFolder folder_;
};

TEST_F(Csv, HasNumbersAndANamedLabelAnywhere) {
  const auto read = Read("a,class,b\n1,yes,2.5\n-3e-2,no,+4\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(Names(**read), ElementsAre("a", "b"));
  EXPECT_THAT(Values(**read), ElementsAre(1, 2.5, -0.03, 4));
  EXPECT_THAT((*read)->labels, ElementsAre(0, 1));
  EXPECT_THAT((*read)->label_names, ElementsAre("yes", "no"));
  EXPECT_EQ((*read)->table.rows, 2);
  EXPECT_EQ((*read)->table.inputs, 2);
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
  spec_.set_label("the \"class\"");
  const auto read = Read("a,\"the \"\"class\"\"\"\n1,\"x, y\nand \"\"z\"\"\"\n2,w\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT((*read)->label_names, ElementsAre("x, y\nand \"z\"", "w"));
}

TEST_F(Csv, ErrorsNameFileLineColumnAndValue) {
  EXPECT_THAT(Message("age,class\n1,x\nabc,y\n"),
              HasSubstr("file.csv\", line 3, column \"age\": \"abc\" is not a number; write "
                        "categorical: [age] if the column holds words, or ignore: [age] to"));
  EXPECT_THAT(Message("the age,class\nabc,x\n"), HasSubstr("write categorical: [\"the age\"]"));
  EXPECT_THAT(Message("null,class\nabc,x\n"), HasSubstr("write categorical: [\"null\"]"));
  EXPECT_THAT(
      Message("age,class\n1,x\n,y\n"),
      HasSubstr("line 3, column \"age\": is empty; write missing: mean or missing: median"));
  EXPECT_THAT(Message("age,class\n1,\n"), HasSubstr("line 2, column \"class\": is empty"));
  EXPECT_THAT(Message("age,class\n-nan,x\n"), HasSubstr("\"-nan\" is not a finite number"));
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
  EXPECT_THAT(Message("class\nx\n"), HasSubstr("line 1: no column is an input"));
  EXPECT_THAT(Message("a,class\n"), HasSubstr("holds no examples"));
  EXPECT_THAT(Message("\n\n"), HasSubstr("is empty: its first line must name the columns"));
  EXPECT_THAT(Message(""), HasSubstr("is empty"));
}

TEST_F(Csv, CategoricalColumnsAreWordsInTheOrderOfTheirBytes) {
  spec_.add_categorical("color");
  spec_.add_categorical("size");
  const auto read =
      Read("color,a,size,class\nred,1,XL,x\n Blue ,2,3,y\n\"re,d\",3,3.0,x\nred,4,XL,x\n");
  ASSERT_TRUE(read.ok()) << read.status();
  const Columns& columns = ColumnsOf(**read);
  EXPECT_THAT(Names(**read), ElementsAre("color", "a", "size"));
  EXPECT_THAT(columns.columns[0].words, ElementsAre("Blue", "re,d", "red"));
  EXPECT_TRUE(columns.columns[0].is_words);
  EXPECT_FALSE(columns.columns[1].is_words);
  EXPECT_THAT(columns.columns[2].words, ElementsAre("3", "3.0", "XL"));
  EXPECT_THAT(Words(**read), ElementsAre(2, 2, 0, 0, 1, 1, 2, 2));
  EXPECT_THAT(Values(**read), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ((*read)->table.inputs, 7);
  EXPECT_THAT(Message("color,size,class\n\xff,1,x\n"),
              HasSubstr("column \"color\": \"\\xff\" is not UTF-8"));
}

TEST_F(Csv, AColumnHasAtMostAThousandWords) {
  spec_.add_categorical("id");
  std::string text = "id,class\n";
  for (int i = 0; i < 1000; ++i) text += "word" + std::to_string(i) + ",x\n";
  const auto read = Read(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->table.inputs, 1000);
  EXPECT_THAT(Message(text + "one more,x\n"),
              HasSubstr("line 1002, column \"id\": more than 1000 different words; write ignore: "
                        "[id] to leave the column out"));
  // A test file may have more: they are none of those.
  std::string test = text;
  for (int i = 1000; i < 1100; ++i) test += "word" + std::to_string(i) + ",x\n";
  EXPECT_TRUE(ReadTest(text, test).ok());
}

TEST_F(Csv, IgnoredColumnsMayHoldAnything) {
  spec_.add_ignore("id");
  spec_.add_ignore("note");
  const auto read = Read("id,a,note,class\n7b,1,,x\n?,2,\xff,y\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(Names(**read), ElementsAre("a"));
  EXPECT_THAT(Values(**read), ElementsAre(1, 2));
  EXPECT_THAT(Message("id,note,class\n1,2,x\n"), HasSubstr("no column is an input"));
}

TEST_F(Csv, NamesOfColumnsThatAreNotThereAreErrorsWithTheNearestOne) {
  spec_.add_categorical("colour");
  EXPECT_THAT(
      Message("color,class\nred,x\n"),
      HasSubstr("line 1: no column has the name that categorical gives, \"colour\"; did you "
                "mean \"color\"? There are \"color\", \"class\""));
  spec_.clear_categorical();
  spec_.add_ignore("nothing");
  EXPECT_THAT(Message("color,class\nred,x\n"),
              HasSubstr("no column has the name that ignore gives, \"nothing\". There are"));
}

TEST_F(Csv, MissingValuesAreKeptOnlyWhereTheyAreFilledIn) {
  spec_.add_categorical("color");
  for (const std::string missing : {"", "?", "NA", "n/a", "NaN", "Null", "\"NULL\""}) {
    spec_.set_missing(v1::CsvFile::MISSING_UNSPECIFIED);
    const std::string number = "a,color,class\n1,red,x\n" + missing + ",red,y\n";
    const std::string word = "a,color,class\n1,red,x\n2," + missing + ",y\n";
    EXPECT_THAT(Message(number), HasSubstr("line 3, column \"a\": ")) << missing;
    EXPECT_THAT(Message(word), HasSubstr("line 3, column \"color\": ")) << missing;
    spec_.set_missing(v1::CsvFile::REFUSE);
    EXPECT_THAT(Message(word), HasSubstr("write missing: mean or missing: median")) << missing;
    spec_.set_missing(v1::CsvFile::MEDIAN);
    EXPECT_TRUE(std::isnan(Values(**Read(number))[1])) << missing;
    const auto read = Read(word);
    EXPECT_THAT(Words(**read), ElementsAre(0, Columns::kMissingWord)) << missing;
    EXPECT_THAT(ColumnsOf(**read).columns[1].words, ElementsAre("red")) << missing;
    EXPECT_THAT(Message("a,color,class\n1,red," + missing + "\n"),
                HasSubstr("line 2, column \"class\": "))
        << missing;
  }
  EXPECT_THAT(Message("a,color,class\n1,red,?\n"),
              HasSubstr("\"?\" is no value; every example needs its class"));
  EXPECT_THAT(Message("a,color,class\n??,red,x\n"), HasSubstr("\"??\" is not a number"));
}

TEST_F(Csv, ATestFileHasTheColumnsOfTheTrainingFileInAnyOrder) {
  spec_.add_categorical("color");
  spec_.add_ignore("id");
  const std::string train = "id,a,color,b,class\n1,2,red,3,x\n1,4,blue,5,y\n";
  const auto read = ReadTest(train, "class,b,a,color\ny,30,20,green\nx,50,40,red\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(Names(**read), ElementsAre("a", "color", "b"));
  EXPECT_THAT(Values(**read), ElementsAre(20, 30, 40, 50));
  EXPECT_THAT(Words(**read), ElementsAre(Columns::kUnknownWord, 1));
  EXPECT_THAT(ColumnsOf(**read).columns[1].words, ElementsAre("blue", "red"));
  EXPECT_EQ((*read)->table.inputs, 4);
  EXPECT_THAT(TestMessage(train, "a,color,class\n1,red,x\n"),
              HasSubstr("test.csv\", line 1: no column has the name \"b\", an input of \""));
  EXPECT_THAT(TestMessage(train, "a,color,b,c,class\n1,red,2,3,x\n"),
              HasSubstr("line 1: has the column \"c\", which \""));
  EXPECT_THAT(TestMessage(train, "a,color,b,label\n1,red,2,x\n"),
              HasSubstr("line 1: no column has the label's name \"class\""));
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
        EXPECT_EQ((*read)->labels.size(), static_cast<size_t>((*read)->table.rows));
        EXPECT_EQ(Values(**read).size(),
                  (*read)->labels.size() * static_cast<size_t>((*read)->table.inputs));
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
  ASSERT_EQ((*read)->table.rows, kRows);
  EXPECT_EQ((*read)->label_names.size(), 7u);
  const std::vector<double> values = Values(**read);
  for (int i = 0; i < kRows; ++i) {
    ASSERT_EQ(values[i], i);
    ASSERT_EQ((*read)->labels[i], i % 7);
  }
}

}  // namespace
}  // namespace caviar::data
