#include "server/coordinator/study_validation.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "server/search_space/search_space.h"
#include "tests/server/coordinator/studies.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char kGood[] = R"(
    name: "fashion-mnist"
    objective { metric: "validation_accuracy" goal: MAXIMIZE }
    trainer { batch_norm_network {
      data { idx { train_images: "a" train_labels: "b" test_images: "c" test_labels: "d" }
             validation_fraction: 0.1 }
      epochs: 8 } }
    sampler { algorithm: SOBOL seed: 7 }
    limits { max_trials: 16 parallel: 2 max_duration { seconds: 60 } }
    parameters { name: "learning_rate" type: DOUBLE min: 1e-4 max: 0.1 scale: LOG } )";

v1::Study Good() { return StudyOf(kGood); }

v1::Study External() {
  v1::Study study = Good();
  study.mutable_trainer()->mutable_external();
  return study;
}

TEST(ValidateStudy, FindsNothingWrongWithAGoodOne) {
  EXPECT_THAT(ValidateStudy(Good()), IsEmpty());
  EXPECT_THAT(ValidateStudy(External()), IsEmpty());
}

TEST(ValidateStudy, RepeatsAreBoundedAndNotForPrunersOrSeveralObjectives) {
  v1::Study study = Good();
  for (const int repeats : {1, 100}) {
    study.set_repeats(repeats);
    EXPECT_THAT(ValidateStudy(study), IsEmpty());
  }
  for (const int repeats : {0, -1, 101}) {
    study.set_repeats(repeats);
    EXPECT_THAT(Only(study), HasSubstr(absl::StrCat("repeats: ", repeats, " is out of range")));
  }
  study.set_repeats(3);
  study.mutable_pruner()->set_algorithm(v1::Pruner::ASHA);
  EXPECT_THAT(Only(study), HasSubstr("repeats: a pruner ends single trials"));
  study.mutable_pruner()->set_algorithm(v1::Pruner::NONE);
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  study.add_objectives();
  bool found = false;
  for (const auto& violation : ValidateStudy(study)) found |= violation.field() == "repeats";
  EXPECT_TRUE(found);
}

TEST(ValidateStudy, WarmStartIsForSamplersThatLearn) {
  v1::Study study = Good();
  study.add_warm_start("earlier");
  for (const auto algorithm : {v1::Sampler::RANDOM, v1::Sampler::SOBOL, v1::Sampler::GRID}) {
    study.mutable_sampler()->set_algorithm(algorithm);
    EXPECT_THAT(Only(study), HasSubstr("does not learn from earlier trials"));
  }
  for (const auto algorithm : {v1::Sampler::AUTO, v1::Sampler::TPE, v1::Sampler::GP}) {
    study.mutable_sampler()->set_algorithm(algorithm);
    EXPECT_THAT(ValidateStudy(study), IsEmpty());
  }
  study.add_warm_start("earlier");
  EXPECT_EQ(Only(study), "warm_start[1]: \"earlier\" is named twice");
  study.clear_warm_start();
  for (int i = 0; i < 17; ++i) study.add_warm_start(absl::StrCat("s", i));
  EXPECT_EQ(Only(study), "warm_start: 17 are too many; at most 16");
  study.clear_warm_start();
  study.add_warm_start("earlier");
  study.add_objectives();
  bool found = false;
  for (const auto& violation : ValidateStudy(study)) found |= violation.field() == "warm_start";
  EXPECT_TRUE(found);
}

TEST(ValidateStudy, FindsAllThatIsMissingAtOnce) {
  std::vector<std::string> fields;
  for (const auto& violation : ValidateStudy(v1::Study())) fields.push_back(violation.field());
  EXPECT_THAT(fields, testing::ElementsAre("study", "objective", "trainer", "parameters"));
}

TEST(ValidateStudy, NamesAreFitForUrlsAndFiles) {
  v1::Study study = Good();
  for (const std::string& good :
       {std::string("a"), std::string("0"), std::string("A.b-c_9"), std::string(63, 'x')}) {
    study.set_name(good);
    EXPECT_THAT(ValidateStudy(study), IsEmpty()) << good;
  }
  for (const std::string& bad :
       {std::string("-a"), std::string(".."), std::string("a/b"), std::string("_a"),
        std::string("a b"), std::string("é"), std::string(64, 'x'), std::string("a\0", 2),
        std::string("\xff")}) {
    study.set_name(bad);
    EXPECT_THAT(Only(study), HasSubstr("study: \"")) << bad;
  }
}

TEST(ValidateStudy, TheObjectiveIsAMetricThatTheTrainerMeasures) {
  v1::Study study = Good();
  study.mutable_objective()->set_metric("validation_acuracy");
  EXPECT_EQ(
      Only(study),
      "objective.metric: \"validation_acuracy\" is not an objective that the built-in trainer "
      "measures: validation_accuracy, validation_loss, train_accuracy, train_loss; did you mean "
      "validation_accuracy?");
  study.mutable_objective()->set_metric("learning_rate");
  EXPECT_THAT(Only(study), HasSubstr("objective.metric: "));
  study.mutable_objective()->set_metric("test_accuracy");
  EXPECT_THAT(Only(study), HasSubstr("objective.metric: "));
  study.mutable_objective()->clear_metric();
  EXPECT_THAT(Only(study), HasSubstr("objective.metric: is missing"));
}

TEST(ValidateStudy, AnExternalMetricMayHaveAnyName) {
  v1::Study study = External();
  study.mutable_objective()->set_metric("my.metric-1");
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("1a"),
                                 std::string(129, 'a'), std::string("\xff")}) {
    study.mutable_objective()->set_metric(bad);
    EXPECT_THAT(Only(study), HasSubstr("objective.metric: ")) << bad;
  }
}

TEST(ValidateStudy, TheGoalFitsTheMetric) {
  v1::Study study = Good();
  study.mutable_objective()->set_goal(v1::Objective::MINIMIZE);
  EXPECT_EQ(
      Only(study),
      "objective.goal: minimize does not fit validation_accuracy, which is better the higher: "
      "maximize");
  study.mutable_objective()->set_metric("train_loss");
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  study.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  EXPECT_THAT(Only(study), HasSubstr("better the lower: minimize"));
  study.mutable_objective()->clear_goal();
  EXPECT_EQ(Only(study), "objective.goal: is missing or unknown: minimize or maximize");
  study.mutable_objective()->set_goal(static_cast<v1::Objective::Goal>(9));
  EXPECT_THAT(Only(study), HasSubstr("objective.goal"));
}

TEST(ValidateStudy, ValueAndTargetOfTheObjectiveAreChecked) {
  v1::Study study = Good();
  study.mutable_objective()->set_target(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(Only(study), "objective.target: nan is not a finite number");
  study.mutable_objective()->set_target(0.95);
  study.mutable_objective()->set_value(static_cast<v1::Objective::ValueOf>(7));
  EXPECT_EQ(Only(study), "objective.value: is unknown: best or last");
}

TEST(ValidateStudy, TheTrainerNeedsEpochsAndData) {
  v1::Study study = Good();
  v1::BatchNormNetwork& network = *study.mutable_trainer()->mutable_batch_norm_network();
  for (const int epochs : {0, -1, 100001}) {
    network.set_epochs(epochs);
    EXPECT_THAT(Only(study), HasSubstr("trainer.batch_norm_network.epochs: ")) << epochs;
  }
  network.set_epochs(1);
  network.clear_data();
  EXPECT_EQ(Only(study),
            "trainer.batch_norm_network.data: is missing: format idx, csv, npy or npz, and its "
            "files");
}

TEST(ValidateStudy, IdxFilesComeInPairs) {
  v1::Study study = Good();
  v1::IdxFiles& idx =
      *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
  idx.clear_test_images();
  EXPECT_EQ(
      Only(study),
      "trainer.batch_norm_network.data.test_images: is missing, but test_labels is given: give "
      "both or neither");
  idx.clear_test_labels();
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  idx.clear_train_images();
  EXPECT_THAT(Only(study), HasSubstr("trainer.batch_norm_network.data.train_images: is missing"));
  idx.set_train_images(std::string("a\0b", 3));
  EXPECT_THAT(Only(study), HasSubstr("has a NUL byte"));
  idx.set_train_images("\xff");
  EXPECT_THAT(Only(study), HasSubstr("is not UTF-8"));
  idx.set_train_images(std::string(4097, 'a'));
  EXPECT_THAT(Only(study), HasSubstr("4097 bytes long"));
}

TEST(ValidateStudy, CsvFilesNeedALabel) {
  v1::Study study = Good();
  v1::Dataset& data = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data();
  data.mutable_csv()->set_train("a.csv");
  EXPECT_THAT(Only(study), HasSubstr("trainer.batch_norm_network.data.label: is missing"));
  data.mutable_csv()->set_label("class");
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  data.mutable_csv()->clear_train();
  EXPECT_THAT(Only(study), HasSubstr("trainer.batch_norm_network.data.train: is missing"));
}

// The data of a study, and what is wrong with it.
class ValidateData : public testing::Test {
 protected:
  ValidateData()
      : study_(Good()),
        data_(*study_.mutable_trainer()->mutable_batch_norm_network()->mutable_data()) {
    data_.Clear();
  }
  std::string Wrong() { return Only(study_); }
  v1::Study study_;
  v1::Dataset& data_;
};

TEST_F(ValidateData, NpyFilesComeInPairs) {
  v1::NpyFiles& npy = *data_.mutable_npy();
  npy.set_train_inputs("x.npy");
  EXPECT_EQ(Wrong(),
            "trainer.batch_norm_network.data.train_labels: is missing: a path, absolute or "
            "relative to the worker's --dataset-dir");
  npy.set_train_labels("y.npy");
  EXPECT_THAT(ValidateStudy(study_), IsEmpty());
  npy.set_test_labels("z.npy");
  EXPECT_EQ(Wrong(),
            "trainer.batch_norm_network.data.test_inputs: is missing, but test_labels is given: "
            "give both or neither");
  npy.set_test_inputs("\xff");
  EXPECT_THAT(Wrong(), HasSubstr("test_inputs: \"\\xff\" is not UTF-8"));
  npy.set_test_inputs(std::string(4097, 'a'));
  EXPECT_THAT(Wrong(), HasSubstr("test_inputs: is 4097 bytes long; at most 4096"));
}

TEST_F(ValidateData, AnNpzFileNeedsNothingElse) {
  v1::NpzFile& npz = *data_.mutable_npz();
  EXPECT_THAT(Wrong(), HasSubstr("trainer.batch_norm_network.data.file: is missing"));
  npz.set_file("data.npz");
  EXPECT_THAT(ValidateStudy(study_), IsEmpty());
  npz.set_test_inputs("a");
  EXPECT_THAT(Wrong(), HasSubstr("data.test_labels: is missing, but test_inputs is given"));
  npz.set_test_labels("b");
  EXPECT_THAT(ValidateStudy(study_), IsEmpty());
  npz.set_train_inputs(std::string(257, 'a'));
  EXPECT_THAT(Wrong(), HasSubstr("data.train_inputs: is 257 bytes long; at most 256"));
  npz.set_train_inputs(std::string("a\0b", 3));
  EXPECT_THAT(Wrong(), HasSubstr("has a NUL byte"));
}

TEST_F(ValidateData, EveryColumnOfACsvFileHasOneRole) {
  v1::CsvFile& csv = *data_.mutable_csv();
  csv.set_train("a.csv");
  csv.set_label("class");
  csv.add_categorical("color");
  csv.add_ignore("id");
  csv.set_missing(v1::CsvFile::MEDIAN);
  EXPECT_THAT(ValidateStudy(study_), IsEmpty());
  csv.set_ignore(0, "class");
  EXPECT_EQ(Wrong(),
            "trainer.batch_norm_network.data.ignore[0]: \"class\" is the label, which is no input "
            "anyway");
  csv.set_ignore(0, "color");
  EXPECT_EQ(Wrong(),
            "trainer.batch_norm_network.data.ignore[0]: \"color\" is named twice, in categorical "
            "or ignore");
  csv.set_ignore(0, "");
  EXPECT_THAT(Wrong(), HasSubstr("data.ignore[0]: is empty"));
  csv.set_ignore(0, std::string(257, 'a'));
  EXPECT_THAT(Wrong(), HasSubstr("data.ignore[0]: is 257 bytes long; at most 256"));
  csv.set_ignore(0, "id");
  csv.add_categorical("color");
  EXPECT_THAT(Wrong(), HasSubstr("data.categorical[1]: \"color\" is named twice"));
  csv.set_categorical(1, "size");
  csv.set_missing(static_cast<v1::CsvFile::Missing>(9));
  EXPECT_EQ(Wrong(), "trainer.batch_norm_network.data.missing: is unknown: refuse, mean or median");
}

TEST_F(ValidateData, ACsvFileHasAtMostAThousandNamedColumns) {
  v1::CsvFile& csv = *data_.mutable_csv();
  csv.set_train("a.csv");
  csv.set_label("class");
  for (int i = 0; i < 1000; ++i) csv.add_ignore("column" + std::to_string(i));
  EXPECT_THAT(ValidateStudy(study_), IsEmpty());
  csv.add_ignore("one more");
  EXPECT_THAT(Wrong(), HasSubstr("data.ignore: names 1001 columns; at most 1000"));
}

TEST(ValidateStudy, CheckpointsAreEverySoManyEpochs) {
  v1::Study study = Good();
  v1::BatchNormNetwork& network = *study.mutable_trainer()->mutable_batch_norm_network();
  for (const int good : {0, 1, 100000}) {
    network.set_checkpoint_every(good);
    EXPECT_THAT(ValidateStudy(study), IsEmpty()) << good;
  }
  for (const int bad : {-1, 100001}) {
    network.set_checkpoint_every(bad);
    EXPECT_EQ(Only(study), "trainer.batch_norm_network.checkpoint_every: " + std::to_string(bad) +
                               " is out of range; from 0 to 100000");
  }
}

TEST(ValidateStudy, EarlyStoppingDoesNotGoWithTheLastValue) {
  v1::Study study = Good();
  v1::Parameter& patience = *study.add_parameters();
  patience.set_name("early_stopping_patience");
  const std::string wrong =
      "parameters.early_stopping_patience: early stopping keeps the weights of the best epoch, but "
      "objective.value is last: write objective.value: best";
  const auto with = [&](const char* definition) {
    patience.Clear();
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(definition, &patience));
    patience.set_name("early_stopping_patience");
  };
  for (const char* some : {"value { int_value: 3 }", "type: INT min: 0 max: 5",
                           "type: ORDINAL values { int_value: 0 } values { int_value: 5 }"}) {
    with(some);
    study.mutable_objective()->set_value(v1::Objective::LAST);
    EXPECT_EQ(Only(study), wrong) << some;
    study.mutable_objective()->set_value(v1::Objective::BEST);
    EXPECT_THAT(ValidateStudy(study), IsEmpty()) << some;
  }
  study.mutable_objective()->set_value(v1::Objective::LAST);
  with("value { int_value: 0 }");
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  // An external program's parameter may have any name.
  with("value { int_value: 3 }");
  study.mutable_trainer()->mutable_external();
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
}

TEST(ValidateStudy, TheValidationFractionLeavesBothParts) {
  v1::Study study = Good();
  v1::Dataset& data = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data();
  for (const double bad : {0.0, 1.0, -0.5, std::numeric_limits<double>::quiet_NaN()}) {
    data.set_validation_fraction(bad);
    EXPECT_THAT(Only(study), HasSubstr("data.validation_fraction: ")) << bad;
  }
}

TEST(ValidateStudy, LimitsAreAtLeastOne) {
  v1::Study study = Good();
  study.mutable_limits()->set_max_trials(0);
  EXPECT_EQ(Only(study), "limits.max_trials: 0 is out of range; at least 1");
  study = Good();
  study.mutable_limits()->set_parallel(-3);
  EXPECT_EQ(Only(study), "limits.parallel: -3 is out of range; at least 1");
  study = Good();
  study.mutable_limits()->set_max_failed(0);
  EXPECT_EQ(Only(study), "limits.max_failed: 0 is out of range; at least 1");
  study = Good();
  study.mutable_limits()->set_max_attempts(101);
  EXPECT_EQ(Only(study), "limits.max_attempts: 101 is out of range; from 1 to 100");
}

TEST(ValidateStudy, DurationsAreAboveZero) {
  v1::Study study = Good();
  const auto with = [&](int64_t seconds, int32_t nanos) {
    study.mutable_limits()->mutable_max_duration()->set_seconds(seconds);
    study.mutable_limits()->mutable_max_duration()->set_nanos(nanos);
    return ValidateStudy(study).size();
  };
  EXPECT_EQ(with(0, 1), 0u);
  EXPECT_EQ(with(0, 0), 1u);
  EXPECT_EQ(with(-1, 0), 1u);
  EXPECT_EQ(with(1, -1), 1u);
  EXPECT_EQ(with(1, 1000000000), 1u);
  EXPECT_EQ(with(std::numeric_limits<int64_t>::max(), 0), 1u);
}

TEST(ValidateStudy, TheSamplerIsKnown) {
  v1::Study study = Good();
  study.mutable_sampler()->set_algorithm(static_cast<v1::Sampler::Algorithm>(50));
  EXPECT_EQ(
      Only(study),
      "sampler.algorithm: there is no sampler 50; there are random, sobol, grid, coarse_to_fine, "
      "tpe, gp, cma_es and auto");
  study.clear_sampler();
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
}

TEST(ValidateStudy, TrialsThatAreNamedLieInTheSpace) {
  v1::Study study = Good();
  const auto space = search_space::SearchSpace::Create(study.parameters()).value();
  const search_space::Configuration middle =
      space.ToConfiguration(search_space::Point(static_cast<size_t>(space.dimensions()), 0.5));
  study.add_trials()->mutable_parameters()->insert(middle.begin(), middle.end());
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  const std::string name = space.axis(0).name();
  study.add_trials()->mutable_parameters()->insert(middle.begin(), middle.end());
  (*study.mutable_trials(1)->mutable_parameters())[name].set_string_value("x");
  EXPECT_THAT(Only(study), testing::StartsWith(absl::StrCat("trials[1].", name, ": ")));
  study.mutable_trials(1)->mutable_parameters()->erase(name);
  EXPECT_EQ(Only(study), absl::StrCat("trials[1].", name, ": is missing"));
}

TEST(ValidateStudy, ThePrunerFitsTheStudy) {
  v1::Study study = Good();
  v1::Pruner& pruner = *study.mutable_pruner();
  pruner.set_algorithm(v1::Pruner::ASHA);
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  pruner.set_eta(1);
  EXPECT_THAT(Only(study), testing::StartsWith("pruner.eta: "));
  pruner.set_eta(3);
  pruner.set_grace(1 << 20);
  EXPECT_THAT(Only(study), testing::StartsWith("pruner.grace: "));
  pruner.clear_grace();
  pruner.set_p_value(0.1);
  EXPECT_EQ(Only(study), "pruner.p_value: has no meaning for the pruner asha");
  pruner.clear_p_value();
  pruner.set_max_step(9);
  EXPECT_THAT(Only(study), testing::StartsWith("pruner.max_step: is the trainer's epochs"));
  pruner.clear_max_step();
  study.mutable_trainer()->mutable_batch_norm_network()->set_epochs(1);
  EXPECT_THAT(Only(study), testing::StartsWith("pruner.algorithm: trials of 1 step"));
}

TEST(ValidateStudy, TheDescriptionIsTextOfLimitedLength) {
  v1::Study study = Good();
  study.set_description(std::string(4097, 'x'));
  EXPECT_EQ(Only(study), "description: is 4097 bytes long; at most 4096");
  study.set_description("\xC3");
  EXPECT_THAT(Only(study), HasSubstr("description: "));
}

TEST(ValidateStudy, TheSpaceIsCheckedBeforeTheTrainersSettings) {
  v1::Study study = Good();
  study.mutable_parameters(0)->set_min(0);
  EXPECT_EQ(Only(study),
            "parameters.learning_rate.min: 0 does not fit: on scale log, min is above 0");
  study.mutable_parameters(0)->set_min(1);
  study.mutable_parameters(0)->set_max(1001);
  EXPECT_THAT(Only(study), HasSubstr("parameters.learning_rate.max: 1001 is out of range"));
}

TEST(ValidateStudy, AnExternalTrainerTakesAnyParameter) {
  v1::Study study = External();
  study.mutable_parameters(0)->set_name("anything");
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
  study = Good();
  study.mutable_parameters(0)->set_name("anything");
  EXPECT_THAT(Only(study), HasSubstr("parameters.anything: the built-in trainer has no parameter"));
}

TEST(FillDefaults, WritesWhatWasLeftOutAndKeepsWhatWasSaid) {
  v1::Study study = StudyOf(R"(
      name: "s" objective { metric: "validation_loss" goal: MINIMIZE }
      trainer { batch_norm_network { data { csv { train: "a" label: "b" } } epochs: 1 } }
      parameters { name: "l2" type: DOUBLE min: 0 max: 1 }
      parameters { name: "batch_size" type: ORDINAL values { int_value: 2 } })");
  FillDefaults(study);
  EXPECT_EQ(study.objective().value(), v1::Objective::BEST);
  EXPECT_EQ(study.sampler().algorithm(), v1::Sampler::AUTO);
  EXPECT_FALSE(study.sampler().has_seed());
  EXPECT_EQ(study.limits().max_attempts(), 3);
  EXPECT_EQ(study.trainer().batch_norm_network().data().validation_fraction(), 0.1);
  EXPECT_EQ(study.trainer().batch_norm_network().data().csv().missing(), v1::CsvFile::REFUSE);
  EXPECT_EQ(study.trainer().batch_norm_network().checkpoint_every(), 1);
  EXPECT_EQ(study.parameters(0).scale(), v1::Parameter::LINEAR);
  EXPECT_EQ(study.parameters(1).scale(), v1::Parameter::SCALE_UNSPECIFIED);
  EXPECT_THAT(ValidateStudy(study), IsEmpty());

  study = Good();
  study.mutable_objective()->set_value(v1::Objective::LAST);
  study.mutable_sampler()->set_algorithm(v1::Sampler::RANDOM);
  study.mutable_limits()->set_max_attempts(9);
  study.mutable_trainer()->mutable_batch_norm_network()->set_checkpoint_every(0);
  FillDefaults(study);
  EXPECT_EQ(study.trainer().batch_norm_network().checkpoint_every(), 0);
  EXPECT_EQ(study.objective().value(), v1::Objective::LAST);
  EXPECT_EQ(study.sampler().algorithm(), v1::Sampler::RANDOM);
  EXPECT_EQ(study.sampler().seed(), 7u);
  EXPECT_EQ(study.limits().max_attempts(), 9);
}

TEST(FillDefaults, NamesTheUsualArraysOfAnArchive) {
  v1::Study study = Good();
  v1::Dataset& data = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data();
  data.mutable_npz()->set_file("a.npz");
  data.mutable_npz()->set_train_labels("labels");
  FillDefaults(study);
  EXPECT_EQ(data.npz().train_inputs(), "x_train");
  EXPECT_EQ(data.npz().train_labels(), "labels");
  EXPECT_EQ(data.npz().test_inputs(), "");
  EXPECT_THAT(ValidateStudy(study), IsEmpty());
}

TEST(FillDefaults, ClearsWhatOnlyTheCoordinatorMaySay) {
  v1::Study study = Good();
  v1::Study sent = study;
  sent.set_state(v1::Study::ENDED);
  sent.set_end_reason(v1::Study::TARGET);
  sent.set_message("done");
  sent.mutable_create_time()->set_seconds(1);
  sent.mutable_end_time()->set_seconds(1);
  sent.mutable_trial_counts()->set_completed(9);
  sent.set_best_trial(1);
  sent.set_best_objective(1);
  sent.mutable_test_evaluation()->set_trial(1);
  sent.mutable_active_duration()->set_seconds(1);
  FillDefaults(study);
  FillDefaults(sent);
  EXPECT_EQ(sent.DebugString(), study.DebugString());
}

}  // namespace
}  // namespace caviar::coordinator
