#include "worker/training/command/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace caviar::command {
namespace {

class Parameters : public testing::Test {
 protected:
  v1::Value& Add(const std::string& name) {
    study_.add_parameters()->set_name(name);
    return (*trial_.mutable_parameters())[name];
  }
  std::string Text(size_t i) const { return ActiveParameters(study_, trial_)[i].text; }
  std::string Json() const { return ToJson(ActiveParameters(study_, trial_)); }

  v1::Study study_;
  v1::Trial trial_;
};

TEST_F(Parameters, AreAsTheStudyFileWritesThem) {
  Add("width").set_int_value(64);
  Add("whole").set_double_value(64);
  Add("rate").set_double_value(0.001);
  Add("nesterov").set_bool_value(true);
  Add("optimizer").set_string_value("adam \"w\"");
  EXPECT_EQ(Text(0), "64");
  EXPECT_EQ(Text(1), "64");
  EXPECT_EQ(Text(2), "0.001");
  EXPECT_EQ(Text(3), "true");
  EXPECT_EQ(Text(4), "adam \"w\"");
  EXPECT_EQ(Json(), R"({"width": 64, "whole": 64, "rate": 0.001, "nesterov": true, )"
                    R"("optimizer": "adam \"w\""})");
}

TEST_F(Parameters, InactiveOnesGiveNothing) {
  Add("a").set_int_value(1);
  study_.add_parameters()->set_name("momentum");
  EXPECT_EQ(Json(), R"({"a": 1})");
}

TEST_F(Parameters, DottedNamesNest) {
  Add("optimizer.lr").set_double_value(0.1);
  Add("a").set_int_value(1);
  Add("optimizer.adam.beta").set_double_value(0.9);
  EXPECT_EQ(Json(), R"({"optimizer": {"lr": 0.1, "adam": {"beta": 0.9}}, "a": 1})");
}

TEST_F(Parameters, ADottedNameStaysWholeWhereAValueIsInTheWay) {
  Add("optimizer.lr").set_double_value(0.1);
  Add("optimizer").set_string_value("adam");
  Add("odd.").set_int_value(1);
  EXPECT_EQ(Json(), R"({"optimizer.lr": 0.1, "optimizer": "adam", "odd.": 1})");
}

TEST_F(Parameters, ListsOfNumbersAreLists) {
  Add("hidden").set_string_value("512,256");
  study_.mutable_parameters(0)->add_values()->set_string_value("512,256");
  Add("other").set_string_value("512");
  study_.mutable_parameters(1)->add_values()->set_string_value("512");
  study_.mutable_parameters(1)->add_values()->set_string_value("64,32");
  Add("digit").set_string_value("7");
  study_.mutable_parameters(2)->add_values()->set_string_value("7");
  EXPECT_EQ(Text(0), "[512, 256]");
  EXPECT_EQ(Json(), R"({"hidden": [512, 256], "other": [512], "digit": "7"})");
}

}  // namespace
}  // namespace caviar::command
