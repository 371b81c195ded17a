#include "client/commands/test_report.h"

#include "absl/strings/str_cat.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::TestEvaluation ThreeClasses() {
  return Parse<v1::TestEvaluation>(R"(
    state: COMPLETED trial: 2
    metrics { key: "test_accuracy" value: 0.83 }
    classes { name: "T-shirt/top" precision: 0.85 recall: 0.8 f1: 0.8242 examples: 100
              predicted_as: 80 predicted_as: 0 predicted_as: 20 }
    classes { name: "Trouser" precision: 0.99 recall: 0.99 f1: 0.99 examples: 100
              predicted_as: 1 predicted_as: 99 predicted_as: 0 }
    classes { name: "Shirt" precision: 0.7 recall: 0.712345 f1: 0.7061 examples: 100
              predicted_as: 28 predicted_as: 1 predicted_as: 71 })");
}

TEST(TestReport, HasARowAClassTheMatrixAndTheLargestConfusions) {
  EXPECT_EQ(TestReport(ThreeClasses(), 80, false),
            "#  CLASS        PRECISION  RECALL      F1  EXAMPLES\n"
            "0  T-shirt/top     0.8500  0.8000  0.8242       100\n"
            "1  Trouser         0.9900  0.9900  0.9900       100\n"
            "2  Shirt           0.7000  0.7123  0.7061       100\n"
            "\n"
            "examples of the class in the row, taken for the one in the column\n"
            "#  CLASS         0   1   2\n"
            "0  T-shirt/top  80   .  20\n"
            "1  Trouser       1  99   .\n"
            "2  Shirt        28   1  71\n"
            "most often confused: Shirt taken for T-shirt/top 28 of 100, T-shirt/top taken for "
            "Shirt 20 of 100, Trouser taken for T-shirt/top 1 of 100\n");
}

TEST(TestReport, LeavesTheMatrixOutWhereThereIsNoRoom) {
  const std::string report = TestReport(ThreeClasses(), 20, false);
  EXPECT_THAT(report, Not(HasSubstr("taken for the one")));
  EXPECT_THAT(report, HasSubstr("most often confused: Shirt taken for"));
}

TEST(TestReport, PaintsTheDiagonal) {
  EXPECT_THAT(TestReport(ThreeClasses(), 80, true), HasSubstr("\033[32m99\033[0m"));
}

TEST(TestReport, OfManyClassesShowsTheWorst) {
  v1::TestEvaluation evaluation;
  for (int i = 0; i < 100; ++i) {
    v1::ClassResult& result = *evaluation.add_classes();
    result.set_name(absl::StrCat("c", i));
    result.set_f1(i < 90 ? 0.9 : 0.5);
    result.mutable_predicted_as()->Resize(100, 0);
  }
  const std::string report = TestReport(evaluation, 1000, false);
  EXPECT_THAT(report,
              HasSubstr("the 20 classes with the lowest F1 of 100; --output json has all\n"));
  EXPECT_THAT(report, HasSubstr("99  c99 "));
  EXPECT_THAT(report, HasSubstr(" 9  c9 "));
  EXPECT_THAT(report, Not(HasSubstr("c10 ")));
  EXPECT_THAT(report, HasSubstr("no example was taken for another class\n"));
}

TEST(TestReport, NamesAreCutAndMadePrintable) {
  v1::TestEvaluation evaluation = ThreeClasses();
  evaluation.mutable_classes(0)->set_name("\033[31m" + std::string(100, 'x'));
  const std::string report = TestReport(evaluation, 200, false);
  EXPECT_THAT(report, HasSubstr("xxx…"));
  EXPECT_THAT(report, Not(HasSubstr("\033")));
}

TEST(TestReport, OfAnOlderCoordinatorIsEmpty) {
  EXPECT_EQ(TestReport(v1::TestEvaluation(), 80, false), "");
}

TEST(TestReport, TakesRowsThatDoNotFit) {
  v1::TestEvaluation evaluation = ThreeClasses();
  evaluation.mutable_classes(0)->clear_predicted_as();
  evaluation.mutable_classes(1)->add_predicted_as(1'000'000);
  EXPECT_THAT(TestReport(evaluation, 80, false),
              HasSubstr("Shirt taken for T-shirt/top 28 of 100"));
}

using StudyReport = CommandTest;

TEST_F(StudyReport, StudyShowPrintsIt) {
  v1::Study study = TestStudy();
  *study.mutable_test_evaluation() = ThreeClasses();
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(::testing::Return(study));
  EXPECT_EQ(Run({"study", "show", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("test       test_accuracy 0.83 (trial 2)\n"));
  EXPECT_THAT(out(), HasSubstr("\n\ntest set, by class\n#  CLASS "));
  EXPECT_EQ(Run({"study", "show", "mnist", "--output", "json"}), kDone);
  const auto shirt = json()["test_evaluation"]["classes"][2];
  EXPECT_EQ(shirt["recall"], 0.712345);
  EXPECT_EQ(shirt["predicted_as"], nlohmann::json({28, 1, 71}));
}

}  // namespace
}  // namespace caviar::commands
