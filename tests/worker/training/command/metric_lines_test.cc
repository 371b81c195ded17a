#include "worker/training/command/metric_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace caviar::command {
namespace {

using testing::HasSubstr;

class MetricLinesTest : public testing::Test {
 protected:
  MetricLinesTest() {
    study_.mutable_objective()->set_metric("accuracy");
    study_.add_metrics("train-loss");
    study_.add_constraints()->set_metric("size");
  }
  // "3: accuracy=0.5", "?: ..." where the step is to be counted, "" for nothing, and what is
  // broken.
  std::string Read(const std::string& line) const {
    const auto lines = MetricLines::Make(study_);
    if (!lines.ok()) return std::string(lines.status().message());
    const Reading reading = lines->Read(line);
    std::string text;
    if (!reading.metrics.empty()) {
      text = reading.step ? absl::StrCat(*reading.step, ":") : "?:";
      for (const auto& [name, value] : reading.metrics)
        absl::StrAppend(&text, " ", name, "=", value);
    }
    if (!reading.broken.empty()) absl::StrAppend(&text, "[", reading.broken, "]");
    return text;
  }

  v1::Study study_;
};

TEST_F(MetricLinesTest, CaviarsOwnForm) {
  EXPECT_EQ(Read(R"(caviar: {"step": 3, "accuracy": 0.5, "any": 1})"), "3: accuracy=0.5 any=1");
  EXPECT_EQ(Read(R"(caviar: {"accuracy": 1e-3})"), "?: accuracy=0.001");
  EXPECT_EQ(Read(R"(  50%|##   | 5/10caviar: {"step": 3.0, "accuracy": 1} )"), "3: accuracy=1");
  EXPECT_EQ(Read(R"(caviar: {"epoch": 4, "accuracy": 1})"), "4: accuracy=1");
}

TEST_F(MetricLinesTest, WhatIsNotFiniteIsReadAsPythonWritesIt) {
  EXPECT_EQ(Read(R"(caviar: {"step": 1, "a": NaN, "b": Infinity, "c": -Infinity, "d": "NaN"})"),
            "1: a=nan b=inf c=-inf d=nan");
}

TEST_F(MetricLinesTest, WhatIsBrokenIsSaid) {
  EXPECT_THAT(Read(R"(caviar: {"step": 3, "accuracy": )"), HasSubstr("has no }"));
  EXPECT_THAT(Read(R"(caviar: {'step': 3})"), HasSubstr("double quotes"));
  EXPECT_THAT(Read(R"(caviar: {"step": -1, "accuracy": 1})"), HasSubstr("[step is -1"));
  EXPECT_THAT(Read(R"(caviar: {"step": 1.5, "accuracy": 1})"), HasSubstr("[step is 1.5"));
  EXPECT_THAT(Read(R"(caviar: {"step": "x", "accuracy": 1})"), testing::StartsWith("[\"step\""));
  EXPECT_EQ(
      Read(R"(caviar: {"step": 1, "a/b": 1, "c": 2, "d": null})"),
      "1: c=2[\"a/b\" is no name of a metric: those have letters, digits, _ . and -; \"d\" is "
      "no number]");
  EXPECT_EQ(Read(R"(caviar: {"step": 9007199254740992, "c": 2})"),
            "[step is 9007199254740992, not a whole number from 0 to 9007199254740991]");
  EXPECT_THAT(Read(R"(caviar: {"step": 1})"), HasSubstr("no metric"));
  EXPECT_EQ(Read("caviar: no metrics here"), "");
}

TEST_F(MetricLinesTest, SyneTunesForm) {
  EXPECT_EQ(Read(R"([tune-metric]: {"epoch": 2, "accuracy": 0.5, "st_worker_iter": 1, )"
                 R"("st_worker_time": 0.1})"),
            "2: accuracy=0.5");
  EXPECT_EQ(Read(R"([tune-metric]: {"loss": 0.5, "st_worker_iter": 1})"), "?: loss=0.5");
}

TEST_F(MetricLinesTest, KatibsFormIsForDeclaredMetricsOnly) {
  EXPECT_EQ(Read("accuracy=0.5"), "?: accuracy=0.5");
  EXPECT_EQ(Read("epoch=3 accuracy = 0.5, train-loss=-1.5e-2 other=7"),
            "3: accuracy=0.5 train-loss=-0.015");
  EXPECT_EQ(Read("size=nan"), "?: size=nan");
  EXPECT_EQ(Read("other=7"), "");
  EXPECT_EQ(Read("my.accuracy=7"), "");
  EXPECT_EQ(Read("accuracy=high"), "");
  EXPECT_EQ(Read("accuracy=3x"), "");
  EXPECT_EQ(Read("step=3"), "");
  EXPECT_EQ(Read("accuracy: 0.5"), "");
}

TEST_F(MetricLinesTest, PatternsAreTheStudysOwn) {
  study_.mutable_trainer()->mutable_command()->add_patterns("acc: (?P<accuracy>[0-9.]+)");
  study_.mutable_trainer()->mutable_command()->add_patterns(
      R"(epoch (?P<step>\d+)(?:.*loss (?P<loss>\S+))?)");
  EXPECT_EQ(Read("epoch 4, acc: 0.5, loss nan"), "4: accuracy=0.5 loss=nan");
  EXPECT_EQ(Read("acc: 0.75"), "?: accuracy=0.75");
  EXPECT_EQ(Read("epoch 4"), "");
  EXPECT_EQ(Read("epoch 4, acc: 0.5, loss none"),
            "4: accuracy=0.5[loss is \"none\", not a number]");
  EXPECT_EQ(Read("accuracy=0.5"), "?: accuracy=0.5");
  study_.mutable_trainer()->mutable_command()->add_patterns("(");
  EXPECT_THAT(Read(""), HasSubstr("is no regular expression"));
}

}  // namespace
}  // namespace caviar::command
