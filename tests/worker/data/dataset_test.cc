#include "worker/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <thread>

#include "tests/worker/data/zip.h"

namespace caviar::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Dataset CsvSpec(const std::string& train, const std::string& test = "",
                    double fraction = 0.25) {
  v1::Dataset spec;
  spec.mutable_csv()->set_train(train);
  spec.mutable_csv()->set_test(test);
  spec.mutable_csv()->set_label("class");
  spec.set_validation_fraction(fraction);
  return spec;
}

v1::Dataset NpySpec() {
  v1::Dataset spec;
  spec.mutable_npy()->set_train_inputs("x.npy");
  spec.mutable_npy()->set_train_labels("y.npy");
  spec.mutable_npy()->set_test_labels("y.npy");
  return spec;
}

// n rows a, b, class: class is i % 3, a is i, b is constant.
std::string CsvText(int n) {
  std::string text = "a,b,class\n";
  for (int i = 0; i < n; ++i) {
    text +=
        std::to_string(i) + ",5," + std::vector<std::string>{"red", "green", "blue"}[i % 3] + "\n";
  }
  return text;
}

std::vector<float> AllRows(const Split& split, int inputs) {
  std::vector<int32_t> rows(split.rows());
  for (int i = 0; i < split.rows(); ++i) rows[i] = i;
  std::vector<float> out(rows.size() * inputs, NAN);
  split.CopyRows(rows.data(), split.rows(), out.data());
  return out;
}

class DatasetTest : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const Dataset>> Get(const v1::Dataset& spec, uint32_t seed = 1) {
    return cache_.Get(spec, seed);
  }
  std::string Message(const v1::Dataset& spec) { return std::string(Get(spec).status().message()); }
  // Of two CSV files.
  std::string Message(const std::string& train, const std::string& test = "") {
    folder_.Write("train.csv", train);
    if (!test.empty()) folder_.Write("test.csv", test);
    return Message(CsvSpec("train.csv", test.empty() ? "" : "test.csv"));
  }
  TestFolder folder_;
  DatasetCache cache_{folder_.path()};
};

TEST_F(DatasetTest, SplitsAndStandardizesWithTheTrainingPartOnly) {
  folder_.Write("train.csv", CsvText(120));
  folder_.Write("test.csv", CsvText(9));
  const auto dataset = Get(CsvSpec("train.csv", "test.csv"));
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const Dataset& d = **dataset;
  EXPECT_EQ(d.inputs, 2);
  EXPECT_EQ(d.classes, 3);
  EXPECT_THAT(d.class_names, ElementsAre("blue", "green", "red"));
  EXPECT_EQ(d.train.rows(), 90);
  EXPECT_EQ(d.validation.rows(), 30);
  EXPECT_EQ(d.test.rows(), 9);
  const std::vector<float> train = AllRows(d.train, 2);
  double sum = 0, squares = 0;
  for (int i = 0; i < 90; ++i) {
    sum += train[2 * i];
    squares += train[2 * i] * train[2 * i];
    EXPECT_EQ(train[2 * i + 1], 0);  // constant
  }
  EXPECT_NEAR(sum / 90, 0, 1e-6);
  EXPECT_NEAR(squares / 90, 1, 1e-6);
  // The other parts go through the same numbers.
  const std::vector<float> test = AllRows(d.test, 2);
  for (int i = 0; i < 9; ++i) {
    EXPECT_FLOAT_EQ(test[2 * i], (static_cast<float>(i) - d.mean[0]) * d.inverse_deviation[0]);
    EXPECT_EQ(d.test.label(i), 2 - i % 3);
  }
}

TEST_F(DatasetTest, LabelsFollowTheirRows) {
  folder_.Write("train.csv", CsvText(120));
  const auto dataset = Get(CsvSpec("train.csv"));
  ASSERT_TRUE(dataset.ok());
  for (const Split* split : {&(*dataset)->train, &(*dataset)->validation}) {
    const std::vector<float> values = AllRows(*split, 2);
    for (int i = 0; i < split->rows(); ++i) {
      const double a = values[2 * i] / (*dataset)->inverse_deviation[0] + (*dataset)->mean[0];
      EXPECT_EQ(split->label(i), 2 - std::lround(a) % 3);
    }
  }
  EXPECT_EQ((*dataset)->test.rows(), 0);
}

TEST_F(DatasetTest, CopiesRowsInTheOrderAskedFor) {
  folder_.Write("train.csv", CsvText(120));
  const auto dataset = Get(CsvSpec("train.csv"));
  ASSERT_TRUE(dataset.ok());
  const std::vector<float> all = AllRows((*dataset)->train, 2);
  const int32_t rows[] = {7, 3, 7};
  std::vector<float> out(8, -99);
  (*dataset)->train.CopyRows(rows, 3, out.data());
  EXPECT_THAT(out, ElementsAre(all[14], all[15], all[6], all[7], all[14], all[15], -99, -99));
  (*dataset)->train.CopyRows(rows, 0, out.data());
  Split().CopyRows(rows, 0, out.data());
}

TEST_F(DatasetTest, ReadsImages) {
  std::string pixels, labels;
  for (int i = 0; i < 40; ++i) {
    for (int p = 0; p < 6; ++p) pixels.push_back(static_cast<char>((i * 37 + p * 11) % 256));
    labels.push_back(static_cast<char>(i % 2 == 0 ? 10 : 9));
  }
  folder_.Write("images", Gzip(Idx(8, {40, 2, 3}, pixels)));
  folder_.Write("labels", Idx(8, {40}, labels));
  v1::Dataset spec;
  spec.mutable_idx()->set_train_images("images");
  spec.mutable_idx()->set_train_labels("labels");
  spec.mutable_idx()->set_test_images("images");
  spec.mutable_idx()->set_test_labels("labels");
  const auto dataset = Get(spec);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->inputs, 6);
  EXPECT_THAT((*dataset)->class_names, ElementsAre("9", "10"));
  EXPECT_EQ((*dataset)->train.rows(), 36);
  EXPECT_EQ((*dataset)->validation.rows(), 4);
  const std::vector<float> test = AllRows((*dataset)->test, 6);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ((*dataset)->test.label(i), i % 2 == 0 ? 1 : 0);
    for (int p = 0; p < 6; ++p) {
      EXPECT_EQ(test[i * 6 + p],
                (static_cast<float>((i * 37 + p * 11) % 256) - (*dataset)->mean[p]) *
                    (*dataset)->inverse_deviation[p]);
    }
  }
}

TEST_F(DatasetTest, WholeLabelsAreOrderedAsNumbers) {
  folder_.Write("train.csv", "a,class\n1,10\n2,9\n3,-1\n4,10\n5,9.0\n6,09\n");
  folder_.Write("test.csv", "a,class\n1,10.0\n");
  const auto dataset = Get(CsvSpec("train.csv", "test.csv"));
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT((*dataset)->class_names, ElementsAre("-1", "9", "10"));
  EXPECT_EQ((*dataset)->test.label(0), 2);
  folder_.Write("train.csv", "a,class\n1,10\n2,9\n3,x\n4,10\n");
  const auto words = Get(CsvSpec("train.csv"));
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_THAT((*words)->class_names, ElementsAre("10", "9", "x"));
}

TEST_F(DatasetTest, OutliersOutsideOfTheTrainingPartStayFinite) {
  folder_.Write("train.csv", "a,class\n1,x\n1.0000001,y\n1,x\n1.0000001,y\n");
  folder_.Write("test.csv", "a,class\n1e30,x\n-1e30,y\n");
  const auto dataset = Get(CsvSpec("train.csv", "test.csv"));
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_THAT(AllRows((*dataset)->test, 1), ElementsAre(1e6f, -1e6f));
}

TEST_F(DatasetTest, TheTestSetMustFitTheTrainingSet) {
  const std::string train = "a,b,class\n1,2,x\n3,4,y\n5,6,x\n";
  EXPECT_THAT(
      Message(train, "a,b,class\n1,2,z\n"),
      HasSubstr("test.csv\" has the label \"z\", which no training example has; those have x, y"));
  EXPECT_THAT(Message(train, "a,class\n1,x\n"),
              HasSubstr("test.csv\", line 1: no column has the name \"b\""));
  folder_.Write("x.npy", Npy("|u1", "(4, 2)", "abcdefgh"));
  folder_.Write("y.npy", Npy("|u1", "(4,)", "abab"));
  folder_.Write("x1.npy", Npy("|u1", "(4, 1)", "abcd"));
  v1::Dataset spec = NpySpec();
  spec.mutable_npy()->set_test_inputs("x1.npy");
  EXPECT_THAT(Message(spec), HasSubstr("x1.npy\" has 1 inputs an example, but"));
}

TEST_F(DatasetTest, WordsAndMissingValuesBecomeInputs) {
  folder_.Write("train.csv", "color,a,class\nred,1,x\nblue,3,y\nred,,x\n,5,y\nred,7,x\nblue,9,y\n");
  folder_.Write("test.csv", "class,a,color\nx,,green\ny,3,\n");
  v1::Dataset spec = CsvSpec("train.csv", "test.csv", 0.3);
  spec.mutable_csv()->add_categorical("color");
  spec.mutable_csv()->set_missing(v1::CsvFile::MEAN);
  const auto dataset = Get(spec);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const Dataset& d = **dataset;
  EXPECT_EQ(d.inputs, 3);
  EXPECT_THAT(d.input_names, ElementsAre("color=blue", "color=red", "a"));
  EXPECT_THAT(d.inverse_deviation[0], 1);
  EXPECT_THAT(d.inverse_deviation[1], 1);
  EXPECT_FLOAT_EQ(d.mean[0] + d.mean[1], 1);
  const std::vector<float> test = AllRows(d.test, 3);
  // A word that no training example has is none of the words; a missing number is the mean.
  EXPECT_FLOAT_EQ(test[0], -d.mean[0]);
  EXPECT_FLOAT_EQ(test[1], -d.mean[1]);
  EXPECT_NEAR(test[2], 0, 1e-6);
  // A missing word is the most frequent one.
  const bool blue = d.mean[0] >= 0.5f;
  EXPECT_FLOAT_EQ(test[3], (blue ? 1 : 0) - d.mean[0]);
  EXPECT_FLOAT_EQ(test[4], (blue ? 0 : 1) - d.mean[1]);
  EXPECT_FLOAT_EQ(test[5], (3 - d.mean[2]) * d.inverse_deviation[2]);
  for (const float value : AllRows(d.train, 3)) EXPECT_TRUE(std::isfinite(value));
}

TEST_F(DatasetTest, ReplacementsKnowNothingOfTheValidationPart) {
  // All but the missing values are the example's number; whatever is drawn, its mean is known.
  std::string text = "a,class\n";
  for (int i = 0; i < 40; ++i) {
    text += (i % 4 == 0 ? "?" : std::to_string(i)) + (i % 2 == 0 ? ",x\n" : ",y\n");
  }
  folder_.Write("train.csv", text);
  v1::Dataset spec = CsvSpec("train.csv", "", 0.5);
  spec.mutable_csv()->set_missing(v1::CsvFile::MEAN);
  std::set<float> means;
  for (const uint32_t seed : {1, 2, 3}) {
    const auto dataset = Get(spec, seed);
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    // With the mean in place of the missing values the mean of all is the mean of the others.
    double sum = 0;
    int count = 0;
    for (const float value : AllRows((*dataset)->train, 1)) {
      const double a = value / (*dataset)->inverse_deviation[0] + (*dataset)->mean[0];
      if (std::abs(a - (*dataset)->mean[0]) < 1e-4) continue;
      sum += a;
      ++count;
    }
    EXPECT_NEAR((*dataset)->mean[0], sum / count, 1e-4);
    means.insert((*dataset)->mean[0]);
  }
  EXPECT_EQ(means.size(), 3u);
}

TEST_F(DatasetTest, AColumnWithoutAnyValueIsRefused) {
  folder_.Write("train.csv", "a,b,class\n1,,x\n2,,y\n3,,x\n4,,y\n");
  v1::Dataset spec = CsvSpec("train.csv");
  spec.mutable_csv()->set_missing(v1::CsvFile::MEDIAN);
  EXPECT_THAT(Message(spec), HasSubstr("train.csv\": the column \"b\" has no value in any of the 3 "
                                       "training examples; write ignore: [b]"));
  spec.mutable_csv()->add_categorical("b");
  EXPECT_THAT(Message(spec), HasSubstr("the column \"b\" has no value in any"));
  spec.mutable_csv()->clear_categorical();
  spec.mutable_csv()->add_ignore("b");
  EXPECT_TRUE(Get(spec).ok());
}

TEST_F(DatasetTest, ReadsNumpysFiles) {
  folder_.Write("x.npy", Npy("<f4", "(4, 2)", Values<float>({0, 10, 1, 10, 2, 20, 3, 20})));
  folder_.Write("y.npy", Npy("|S3", "(4,)", "catdogcatdog"));
  v1::Dataset spec = NpySpec();
  spec.mutable_npy()->set_test_inputs("x.npy");
  const auto dataset = Get(spec);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->inputs, 2);
  EXPECT_THAT((*dataset)->class_names, ElementsAre("cat", "dog"));
  EXPECT_TRUE((*dataset)->input_names.empty());
  const std::vector<float> test = AllRows((*dataset)->test, 2);
  EXPECT_FLOAT_EQ(test[6], (3 - (*dataset)->mean[0]) * (*dataset)->inverse_deviation[0]);
  EXPECT_EQ((*dataset)->test.label(3), 1);
}

TEST_F(DatasetTest, AnArchiveHasATestPartWhereItHoldsOne) {
  const std::string x = Npy("|u1", "(4, 2)", "abcdefgh"), y = Npy("|u1", "(4,)", "abab");
  folder_.Write("train.npz", Zip({{"x_train.npy", x}, {"y_train.npy", y}}));
  folder_.Write(
      "both.npz",
      Zip({{"x_train.npy", x}, {"y_train.npy", y}, {"x_test.npy", x}, {"y_test.npy", y}}));
  v1::Dataset spec;
  spec.mutable_npz()->set_file("train.npz");
  const auto train = Get(spec);
  ASSERT_TRUE(train.ok()) << train.status();
  EXPECT_EQ((*train)->test.rows(), 0);
  spec.mutable_npz()->set_file("both.npz");
  const auto both = Get(spec);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ((*both)->test.rows(), 4);
  spec.mutable_npz()->set_test_inputs("x_tset");
  spec.mutable_npz()->set_test_labels("y_test");
  EXPECT_THAT(Message(spec), HasSubstr("has no array \"x_tset\"; did you mean \"x_test\"?"));
}

TEST_F(DatasetTest, StudiesWithOtherSplitsShareTheFilesContents) {
  folder_.Write("train.csv", CsvText(60));
  folder_.Write("test.csv", CsvText(30));
  const auto a = Get(CsvSpec("train.csv", "test.csv"), 1);
  const auto b = Get(CsvSpec("train.csv", "test.csv", 0.5), 2);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(*a, *b);
  EXPECT_TRUE((*a)->train.SharesMemoryWith((*a)->validation));
  EXPECT_TRUE((*a)->train.SharesMemoryWith((*b)->train));
  EXPECT_TRUE((*a)->test.SharesMemoryWith((*b)->test));
  EXPECT_FALSE((*a)->test.SharesMemoryWith((*a)->train));
  // Read in another way it is something else.
  v1::Dataset other = CsvSpec("train.csv", "test.csv");
  other.mutable_csv()->add_ignore("b");
  EXPECT_FALSE((*Get(other, 1))->train.SharesMemoryWith((*a)->train));
}

TEST_F(DatasetTest, OneClassIsNothingToLearn) {
  EXPECT_THAT(Message("a,class\n1,x\n2,x\n"), HasSubstr("all examples have the label \"x\""));
  EXPECT_THAT(Message("a,class\n1,x\n2,y\n"), HasSubstr("none of the 2 classes has two examples"));
}

TEST_F(DatasetTest, SpecsThatSayNothingAreRefused) {
  EXPECT_THAT(Message(v1::Dataset()), HasSubstr("names no data"));
  EXPECT_THAT(Message(CsvSpec("")), HasSubstr("is missing"));
  EXPECT_THAT(Message(CsvSpec("train.csv", "", NAN)), HasSubstr("validation_fraction"));
  EXPECT_THAT(Message(CsvSpec("../x")), HasSubstr("outside of the dataset directory"));
  EXPECT_EQ(Get(CsvSpec("absent")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DatasetTest, IsSharedByAllWhoAskForTheSame) {
  folder_.Write("train.csv", CsvText(60));
  std::vector<std::shared_ptr<const Dataset>> datasets(8);
  std::vector<std::thread> threads;
  for (auto& dataset : datasets) {
    threads.emplace_back([&] { dataset = Get(CsvSpec("train.csv")).value(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& dataset : datasets) EXPECT_EQ(dataset, datasets[0]);
  const Dataset* before = datasets[0].get();
  datasets.clear();
  EXPECT_EQ(Get(CsvSpec("train.csv"))->get(), before);
}

TEST_F(DatasetTest, TheSeedDecidesTheSplitAlone) {
  folder_.Write("train.csv", CsvText(60));
  const auto a = Get(CsvSpec("train.csv"), 1), b = Get(CsvSpec("train.csv"), 2);
  EXPECT_NE(AllRows((*a)->validation, 2), AllRows((*b)->validation, 2));
  DatasetCache other(folder_.path());
  EXPECT_EQ(AllRows((*a)->validation, 2),
            AllRows((*other.Get(CsvSpec("train.csv"), 1))->validation, 2));
}

TEST_F(DatasetTest, AFileThatIsRepairedWorksAtTheNextCall) {
  folder_.Write("train.csv", "a,class\nbroken,x\n");
  EXPECT_FALSE(Get(CsvSpec("train.csv")).ok());
  folder_.Write("train.csv", CsvText(60));
  EXPECT_TRUE(Get(CsvSpec("train.csv")).ok());
}

TEST_F(DatasetTest, AFileThatChangedIsReadAgain) {
  folder_.Write("train.csv", CsvText(60));
  EXPECT_EQ((*Get(CsvSpec("train.csv")))->train.rows(), 45);
  folder_.Write("train.csv", CsvText(120));
  EXPECT_EQ((*Get(CsvSpec("train.csv")))->train.rows(), 90);
}

}  // namespace
}  // namespace caviar::data
