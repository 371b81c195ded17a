#include "worker/training/class_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/training/trainer.h"

namespace caviar::training {
namespace {

using testing::ElementsAre;

// Adds examples of class `label`, as many taken for each class as `taken` says.
void Add(int32_t label, const std::vector<int>& taken, ClassCounts& counts) {
  for (size_t i = 0; i < taken.size(); ++i) {
    std::vector<float> logits(taken.size(), -1.0f);
    logits[i] = 2.0f;
    for (int k = 0; k < taken[i]; ++k) counts.Add(&label, logits.data(), 1);
  }
}

TEST(ClassCounts, FollowTheDefinitions) {
  ClassCounts counts(3);
  Add(0, {6, 1, 1}, counts);
  Add(1, {2, 4, 2}, counts);
  Add(2, {0, 0, 4}, counts);
  const std::vector<v1::ClassResult> results = counts.Results({"a", "b", "c"});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].name(), "a");
  EXPECT_DOUBLE_EQ(results[0].precision(), 6.0 / 8);
  EXPECT_DOUBLE_EQ(results[0].recall(), 6.0 / 8);
  EXPECT_DOUBLE_EQ(results[0].f1(), 0.75);
  EXPECT_EQ(results[0].examples(), 8);
  EXPECT_THAT(results[0].predicted_as(), ElementsAre(6, 1, 1));
  EXPECT_DOUBLE_EQ(results[1].precision(), 4.0 / 5);
  EXPECT_DOUBLE_EQ(results[1].recall(), 4.0 / 8);
  EXPECT_DOUBLE_EQ(results[1].f1(), 2 * 0.8 * 0.5 / 1.3);
  EXPECT_DOUBLE_EQ(results[2].precision(), 4.0 / 7);
  EXPECT_DOUBLE_EQ(results[2].recall(), 1);
  EXPECT_DOUBLE_EQ(counts.MacroF1(), (results[0].f1() + results[1].f1() + results[2].f1()) / 3);
}

TEST(ClassCounts, AreZeroWhereNothingCanBeSaid) {
  ClassCounts counts(3);
  Add(0, {5, 0, 0}, counts);  // there is no example of the others, and none is taken for them
  const std::vector<v1::ClassResult> results = counts.Results({"a", "b", "c"});
  EXPECT_EQ(results[0].f1(), 1);
  EXPECT_EQ(results[1].precision(), 0);
  EXPECT_EQ(results[1].recall(), 0);
  EXPECT_EQ(results[1].f1(), 0);
  EXPECT_EQ(results[2].examples(), 0);
  EXPECT_DOUBLE_EQ(counts.MacroF1(), 1.0 / 3);
}

TEST(ClassCounts, TakeTheFirstOfEqualLogitsAndSeveralExamplesAtOnce) {
  ClassCounts counts(2);
  const std::vector<float> logits = {1, 1, 0, 3, 3, 3};
  const std::vector<int32_t> labels = {0, 1, 1};
  counts.Add(labels.data(), logits.data(), 3);
  const std::vector<v1::ClassResult> results = counts.Results({"a", "b"});
  EXPECT_THAT(results[0].predicted_as(), ElementsAre(1, 0));
  EXPECT_THAT(results[1].predicted_as(), ElementsAre(1, 1));
}

TEST(ClassCounts, OfManyClassesHaveAMacroF1ButNoTable) {
  ClassCounts most(kMaxReportedClasses);
  EXPECT_EQ(most.Results(std::vector<std::string>(kMaxReportedClasses, "x")).size(),
            static_cast<size_t>(kMaxReportedClasses));
  ClassCounts more(kMaxReportedClasses + 1);
  std::vector<float> logits(kMaxReportedClasses + 1, 0.0f);
  for (int32_t label = 0; label <= kMaxReportedClasses; ++label) {
    logits.assign(logits.size(), 0.0f);
    logits[static_cast<size_t>(label)] = 1;
    more.Add(&label, logits.data(), 1);
  }
  EXPECT_TRUE(more.Results(std::vector<std::string>(logits.size(), "x")).empty());
  EXPECT_DOUBLE_EQ(more.MacroF1(), 1);
}

}  // namespace
}  // namespace caviar::training
