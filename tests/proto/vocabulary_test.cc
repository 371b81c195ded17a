#include "caviar/v1/vocabulary.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "caviar/v1/error_detail.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::vocabulary {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

v1::Study StudyOf(const std::string& text) {
  v1::Study study;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &study));
  return study;
}

const char kOptimizer[] = R"(
    parameters { name: "optimizer" type: CATEGORICAL
                 values { string_value: "sgd" } values { string_value: "adam" } } )";
const char kMomentum[] = R"(name: "momentum" type: DOUBLE min: 0.9 max: 0.99 )";

std::vector<v1::FieldViolation> Check(const std::string& text) {
  return CheckBatchNormNetworkParameters(StudyOf(text));
}

// "field: description" of the only violation.
std::string OnlyViolation(const std::string& text) {
  const auto violations = Check(text);
  if (violations.size() != 1) return std::to_string(violations.size()) + " violations";
  return violations[0].field() + ": " + violations[0].description();
}

TEST(NearestName, FindsAWordWithALetterWrongMissingOrSwapped) {
  const auto known = BatchNormNetworkParameterNames();
  EXPECT_EQ(NearestName("learning_rat", known), "learning_rate");
  EXPECT_EQ(NearestName("Learning_Rate", known), "learning_rate");
  EXPECT_EQ(NearestName("momentmu", known), "momentum");
  EXPECT_EQ(NearestName("hiden_layer", known), "hidden_layers");
  EXPECT_EQ(NearestName("beta_1", known), "beta1");
}

TEST(NearestName, FindsNothingWhereMoreThanAThirdDiffers) {
  EXPECT_EQ(NearestName("colour", BatchNormNetworkParameterNames()), "");
  EXPECT_EQ(NearestName("", {"a"}), "");
  EXPECT_EQ(NearestName("abc", {"axy"}), "");
  EXPECT_EQ(NearestName("abc", {"abd"}), "abd");
  EXPECT_EQ(NearestName(std::string(1 << 20, 'x'), BatchNormNetworkParameterNames()), "");
  EXPECT_EQ(NearestName("word", {}), "");
}

TEST(NearestName, CountsASwapOfNeighboursOnce) { EXPECT_EQ(NearestName("abc", {"acb"}), "acb"); }

TEST(FormatValue, WritesNumbersAsPeopleDo) {
  const auto format = [](double number) {
    v1::Value value;
    value.set_double_value(number);
    return FormatValue(value);
  };
  EXPECT_EQ(format(0.001), "0.001");
  EXPECT_EQ(format(1e-5), "1e-5");
  EXPECT_EQ(format(1e20), "1e20");
  EXPECT_EQ(format(-2.5e-300), "-2.5e-300");
  EXPECT_EQ(format(64), "64");
  EXPECT_EQ(format(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(FormatValue(v1::Value()), "(none)");
}

TEST(ValueKey, IsEqualForNumbersThatAreEqual) {
  v1::Value whole, real, zero, negative_zero, word;
  whole.set_int_value(1);
  real.set_double_value(1.0);
  word.set_string_value("1");
  zero.set_double_value(0.0);
  negative_zero.set_double_value(-0.0);
  EXPECT_EQ(ValueKey(whole), ValueKey(real));
  EXPECT_NE(ValueKey(whole), ValueKey(word));
  EXPECT_EQ(ValueKey(zero), ValueKey(negative_zero));
}

TEST(IsUtf8, TakesWhatIsWellFormedAndNothingElse) {
  EXPECT_TRUE(IsUtf8("plain"));
  EXPECT_TRUE(IsUtf8("η \xE2\x82\xAC \xF0\x9F\x90\x9F"));
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xC3", "\xC3(", "\xFF"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(Quoted, EscapesAndCuts) {
  EXPECT_EQ(Quoted("a\nb\x1b[31m"), "\"a\\nb\\x1b[31m\"");
  EXPECT_EQ(Quoted("\xff"), "\"\\xff\"");
  EXPECT_EQ(Quoted("η"), "\"η\"");
  EXPECT_EQ(Quoted(std::string(79, 'x') + "ηη"), "\"" + std::string(79, 'x') + "...\"");
  EXPECT_EQ(Quoted(std::string(100, 'x')), "\"" + std::string(80, 'x') + "...\"");
}

TEST(BatchNormNetworkParameters, StartWithTheLearningRate) {
  EXPECT_EQ(BatchNormNetworkParameterNames().front(), "learning_rate");
  EXPECT_THAT(BatchNormNetworkParameterNames(), SizeIs(33));
}

TEST(BatchNormNetworkParameters, AGoodStudyHasNothingWrong) {
  EXPECT_THAT(Check(R"(
      parameters { name: "learning_rate" type: DOUBLE min: 1e-4 max: 0.1 scale: LOG }
      parameters { name: "optimizer" type: CATEGORICAL
                   values { string_value: "sgd" } values { string_value: "adam" } }
      parameters { name: "momentum" type: DOUBLE min: 0.9 max: 0.999 scale: ONE_MINUS_LOG
                   when { parameter: "optimizer" values { string_value: "sgd" } } }
      parameters { name: "batch_size" type: ORDINAL values { int_value: 64 } values { int_value: 128 } }
      parameters { name: "hidden_units" type: INT min: 50 max: 300 scale: LOG }
      parameters { name: "decay_rate" type: DOUBLE min: 0.01 max: 1 scale: LOG }
      parameters { name: "beta1" value { double_value: 0.9 } }
      parameters { name: "l2" value { int_value: 0 } })"),
              IsEmpty());
}

TEST(BatchNormNetworkParameters, AnUnknownNameGetsTheNearestKnownOne) {
  EXPECT_EQ(OnlyViolation(R"(parameters { name: "learning_rat" value { double_value: 1 } })"),
            "parameters.learning_rat: the built-in trainer has no parameter \"learning_rat\"; did "
            "you mean "
            "learning_rate?");
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "depth" value { double_value: 1 } })"),
              HasSubstr("it has learning_rate, optimizer"));
}

TEST(BatchNormNetworkParameters, AnUnknownNameThatHoldsATrapIsQuoted) {
  EXPECT_THAT(OnlyViolation("parameters { name: \"x\\ny\" value { double_value: 1 } }"),
              HasSubstr("\\n"));
}

TEST(BatchNormNetworkParameters, EveryBoundIsChecked) {
  EXPECT_EQ(OnlyViolation(R"(parameters { name: "learning_rate" type: DOUBLE min: 0 max: 1 })"),
            "parameters.learning_rate.min: 0 is out of range: learning_rate must be in (0, 1000]");
  EXPECT_EQ(OnlyViolation(R"(parameters { name: "hidden_layers" type: INT min: 0 max: 65 })"),
            "parameters.hidden_layers.max: 65 is out of range: hidden_layers must be in [0, 64]");
  EXPECT_EQ(OnlyViolation(
                std::string("parameters { name: \"optimizer\" value { string_value: \"sgd\" } }") +
                "parameters { name: \"momentum\" value { double_value: 1 } }"),
            "parameters.momentum.value: 1 is out of range: momentum must be in [0, 1)");
  EXPECT_EQ(OnlyViolation(R"(parameters { name: "batch_size" type: ORDINAL
                                          values { int_value: 64 } values { int_value: 0 } })"),
            "parameters.batch_size.values: 0 is out of range: batch_size must be in [1, 65536]");
}

TEST(BatchNormNetworkParameters, TypesHaveToFit) {
  EXPECT_THAT(
      OnlyViolation(R"(parameters { name: "hidden_units" type: DOUBLE min: 1 max: 2 })"),
      HasSubstr("parameters.hidden_units.type: hidden_units is a whole number: use type int"));
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "activation" type: INT min: 1 max: 2 })"),
              HasSubstr("type categorical with values among relu, leaky_relu"));
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "l2" type: BOOL })"),
              HasSubstr("bool does not fit"));
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "hidden_units" value { double_value: 1.5 } })"),
              HasSubstr("\"1.5\" is not a whole number"));
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "l2" value { string_value: "no" } })"),
              HasSubstr("\"no\" is not a number"));
  EXPECT_THAT(
      OnlyViolation(R"(parameters { name: "optimizer" value { string_value: "adagrad" } })"),
      HasSubstr("\"adagrad\" is not known: optimizer is sgd, nesterov, rmsprop, adam or adamw"));
  EXPECT_THAT(Check(R"(parameters { name: "l2" type: INT min: 0 max: 3 })"), IsEmpty());
}

TEST(BatchNormNetworkParameters, AParameterThatWouldBeIgnoredNeedsAWhen) {
  EXPECT_EQ(OnlyViolation(std::string(kOptimizer) + "parameters {" + kMomentum + "}"),
            "parameters.momentum.when: momentum is read only where optimizer is sgd or nesterov, "
            "but optimizer "
            "may be adam: add when: {optimizer: sgd}");
  EXPECT_EQ(OnlyViolation(std::string(kOptimizer) + "parameters {" + kMomentum +
                          R"(when { parameter: "optimizer" values { string_value: "adam" } } })"),
            "parameters.momentum: momentum is read only where optimizer is sgd or nesterov, but "
            "optimizer is "
            "always adam: remove momentum or set optimizer to sgd or nesterov");
  EXPECT_EQ(OnlyViolation(std::string("parameters {") + kMomentum + "}"),
            "parameters.momentum: momentum is read only where optimizer is sgd or nesterov, but "
            "optimizer is "
            "always adam (its default): remove momentum or set optimizer to sgd or nesterov");
}

TEST(BatchNormNetworkParameters, AWhenMayReachTheOtherParameterThroughAParent) {
  const std::string parent = std::string(kOptimizer) + R"(
      parameters { name: "l2" type: ORDINAL values { int_value: 0 } values { int_value: 1 }
                   when { parameter: "optimizer" values { string_value: "sgd" } } })";
  EXPECT_THAT(Check(parent + "parameters {" + kMomentum +
                    R"(when { parameter: "l2" values { int_value: 1 } } })"),
              IsEmpty());
}

TEST(BatchNormNetworkParameters, ADefaultCountsWhereTheOtherParameterMayBeInactive) {
  // Where l2 is 1, optimizer is inactive, and so adam.
  const std::string study = R"(
      parameters { name: "l2" type: ORDINAL values { int_value: 0 } values { int_value: 1 } }
      parameters { name: "optimizer" type: CATEGORICAL values { string_value: "sgd" }
                   when { parameter: "l2" values { int_value: 0 } } })";
  EXPECT_THAT(OnlyViolation(study + "parameters {" + kMomentum + "}"),
              HasSubstr("optimizer may be adam"));
  EXPECT_THAT(Check(study + "parameters {" + kMomentum +
                    R"(when { parameter: "l2" values { int_value: 0 } } })"),
              IsEmpty());
  EXPECT_THAT(OnlyViolation(study + "parameters {" + kMomentum +
                            R"(when { parameter: "l2" values { int_value: 1 } } })"),
              HasSubstr("optimizer is always adam"));
}

TEST(BatchNormNetworkParameters, AFixedValueMayBeIgnoredSometimesButNotAlways) {
  const std::string beta1 = R"(parameters { name: "beta1" value { double_value: 0.9 } })";
  EXPECT_THAT(Check(kOptimizer + beta1), IsEmpty());
  EXPECT_THAT(
      OnlyViolation(R"(parameters { name: "optimizer" value { string_value: "sgd" } })" + beta1),
      HasSubstr("parameters.beta1: beta1 is read only where optimizer is adam"));
}

TEST(BatchNormNetworkParameters, ADecayRateAloneChoosesItsSchedule) {
  const std::string decay = R"(parameters { name: "decay_rate" type: DOUBLE min: 0.01 max: 1 })";
  EXPECT_THAT(Check(decay), IsEmpty());
  EXPECT_THAT(OnlyViolation(decay + R"(parameters { name: "learning_rate_schedule" type: CATEGORICAL
                values { string_value: "constant" } values { string_value: "exponential" } })"),
              HasSubstr("learning_rate_schedule may be constant: add when: "
                        "{learning_rate_schedule: exponential}"));
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "step_factor" type: DOUBLE min: 0.1 max: 1 })"),
              HasSubstr("learning_rate_schedule is always constant (its default)"));
}

TEST(BatchNormNetworkParameters, ConditionsThatBranchOnEachLevelAreNoTrap) {
  // Each depends on the two before it: a walk without memory would take 2^60 steps.
  v1::Study study = StudyOf(kOptimizer);
  study.mutable_parameters(0)->clear_when();
  const auto add = [&](int number, std::initializer_list<int> parents) {
    v1::Parameter& parameter = *study.add_parameters();
    parameter.set_name("p" + std::to_string(number));
    parameter.set_type(v1::Parameter::BOOL);
    for (const int parent : parents) {
      v1::Condition& condition = *parameter.add_when();
      condition.set_parameter("p" + std::to_string(parent));
      condition.add_values()->set_bool_value(true);
    }
  };
  add(0, {});
  add(1, {0});
  for (int i = 2; i < 90; ++i) add(i, {i - 1, i - 2});
  *study.mutable_parameters(0)->mutable_when() = study.parameters(90).when();
  v1::Parameter& momentum = *study.add_parameters();
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(kMomentum, &momentum));
  bool found = false;
  for (const auto& violation : CheckBatchNormNetworkParameters(study)) {
    found |= violation.field() == "parameters.momentum.when";
  }
  EXPECT_TRUE(found);
}

google::protobuf::Map<std::string, v1::Value> ConfigurationOf(const std::string& text) {
  v1::Trial trial;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &trial));
  return trial.parameters();
}

TEST(ToBatchNormNetworkParameters, FillsInAllDefaults) {
  const auto parameters = ToBatchNormNetworkParameters({});
  ASSERT_TRUE(parameters.ok()) << parameters.status();
  EXPECT_EQ(parameters->learning_rate(), 0.001);
  EXPECT_EQ(parameters->optimizer(), "adam");
  EXPECT_EQ(parameters->hidden_layers(), 2);
  EXPECT_EQ(parameters->learning_rate_schedule(), "constant");
  EXPECT_EQ(parameters->batch_norm_epsilon(), 1e-5);
  EXPECT_EQ(parameters->epsilon(), 1e-8);
  const auto* descriptor = parameters->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    EXPECT_TRUE(parameters->GetReflection()->HasField(*parameters, descriptor->field(i)))
        << descriptor->field(i)->name();
  }
}

TEST(ToBatchNormNetworkParameters, TakesValuesAndWholeNumbersForRealOnes) {
  const auto parameters = ToBatchNormNetworkParameters(ConfigurationOf(R"(
      parameters { key: "learning_rate" value { int_value: 1 } }
      parameters { key: "hidden_units" value { int_value: 77 } }
      parameters { key: "decay_rate" value { double_value: 0.5 } }
      parameters { key: "optimizer" value { string_value: "sgd" } })"));
  ASSERT_TRUE(parameters.ok()) << parameters.status();
  EXPECT_EQ(parameters->learning_rate(), 1.0);
  EXPECT_EQ(parameters->hidden_units(), 77);
  EXPECT_EQ(parameters->optimizer(), "sgd");
  EXPECT_EQ(parameters->learning_rate_schedule(), "inverse_time");
}

TEST(ToBatchNormNetworkParameters, AGivenScheduleStays) {
  const auto parameters = ToBatchNormNetworkParameters(ConfigurationOf(R"(
      parameters { key: "learning_rate_schedule" value { string_value: "exponential" } }
      parameters { key: "decay_rate" value { double_value: 0.5 } })"));
  ASSERT_TRUE(parameters.ok());
  EXPECT_EQ(parameters->learning_rate_schedule(), "exponential");
}

TEST(ToBatchNormNetworkParameters, RefusesWhatTheTrainerCannotRead) {
  for (const char* bad : {R"(parameters { key: "depth" value { double_value: 0.5 } })",
                          R"(parameters { key: "learning_rate" value { double_value: 0 } })",
                          R"(parameters { key: "learning_rate" value { double_value: nan } })",
                          R"(parameters { key: "learning_rate" value { double_value: inf } })",
                          R"(parameters { key: "hidden_units" value { double_value: 64 } })",
                          R"(parameters { key: "optimizer" value { int_value: 1 } })",
                          R"(parameters { key: "optimizer" value { } })"}) {
    const auto parameters = ToBatchNormNetworkParameters(ConfigurationOf(bad));
    EXPECT_EQ(parameters.status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_TRUE(error::HasReason(parameters.status(), error::kInvalidField)) << bad;
  }
}

TEST(ParseList, ReadsNumbersBetweenCommasAndNothingElse) {
  EXPECT_THAT(*ParseList("512,256,128"), ::testing::ElementsAre(512, 256, 128));
  EXPECT_THAT(*ParseList("1,2.5,1e-3"), ::testing::ElementsAre(1, 2.5, 1e-3));
  EXPECT_THAT(*ParseList("7"), ::testing::ElementsAre(7));
  for (const char* wrong :
       {"", ",", "1,", ",1", "1,,2", "1, 2", "a", "1e999", "nan", "inf", "0x1"}) {
    EXPECT_FALSE(ParseList(wrong)) << wrong;
  }
}

const char kUnits[] = R"(
    parameters { name: "units" type: CATEGORICAL values { string_value: "512,256" }
                 values { string_value: "64" } } )";

TEST(CheckBatchNormNetworkParameters, TakesListsOfUnitsAndRefusesWhatIsNone) {
  EXPECT_THAT(Check(kUnits), IsEmpty());
  EXPECT_EQ(OnlyViolation(R"(parameters { name: "units" value { string_value: "512,0" } })"),
            "parameters.units.value: 0 is out of range: units must be in [1, 65536]");
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "units" value { string_value: "512,1.5" } })"),
              HasSubstr("1.5 is not a whole number"));
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "units" value { int_value: 512 } })"),
              HasSubstr("a list of whole numbers in [1, 65536], such as [256, 128]"));
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "units" type: INT min: 4 max: 8 })"),
              HasSubstr("units is a list"));
}

TEST(CheckBatchNormNetworkParameters, RefusesWidthAndDepthBesideAListOfUnits) {
  EXPECT_THAT(OnlyViolation(std::string(kUnits) +
                            R"(parameters { name: "hidden_units" type: INT min: 4 max: 8 })"),
              HasSubstr("hidden_units is read only where shape is constant or pyramid, but shape "
                        "is always units: remove hidden_units"));
  EXPECT_THAT(OnlyViolation(R"(
      parameters { name: "shape" type: CATEGORICAL values { string_value: "pyramid" }
                   values { string_value: "units" } }
      parameters { name: "units" value { string_value: "512,256" } }
      parameters { name: "hidden_units" type: INT min: 4 max: 8 })"),
              HasSubstr("add when: {shape: pyramid}"));
}

TEST(CheckBatchNormNetworkParameters, TakesTrueAndFalse) {
  EXPECT_THAT(Check(R"(parameters { name: "bias_correction" type: BOOL })"), IsEmpty());
  EXPECT_THAT(Check(R"(parameters { name: "bias_correction" value { bool_value: false } })"),
              IsEmpty());
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "bias_correction" value { int_value: 0 } })"),
              HasSubstr("bias_correction is true or false"));
  EXPECT_THAT(OnlyViolation(R"(parameters { name: "bias_correction" type: INT min: 0 max: 1 })"),
              HasSubstr("use type bool"));
}

TEST(ToBatchNormNetworkParameters, LetsWhatIsGivenChooseWhatReadsIt) {
  const auto read = [](const std::string& text) {
    v1::Trial trial;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &trial));
    return *ToBatchNormNetworkParameters(trial.parameters());
  };
  EXPECT_EQ(read("").shape(), "constant");
  EXPECT_TRUE(read("").bias_correction());
  EXPECT_EQ(read("parameters { key: 'units' value { string_value: '3,2' } }").shape(), "units");
  EXPECT_EQ(
      read("parameters { key: 'decay_rate' value { double_value: 1 } }").learning_rate_schedule(),
      "inverse_time");
  EXPECT_EQ(read("").weight_decay(), 0);
  EXPECT_EQ(read("parameters { key: 'optimizer' value { string_value: 'adamw' } }").weight_decay(),
            0.01);
}

}  // namespace
}  // namespace caviar::vocabulary
