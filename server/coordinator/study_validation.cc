#include "server/coordinator/study_validation.h"

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/vocabulary.h"
#include "server/coordinator/command_validation.h"
#include "server/coordinator/dataset_validation.h"
#include "server/coordinator/known_trials.h"
#include "server/coordinator/names.h"
#include "server/coordinator/objective_validation.h"
#include "server/coordinator/pruner_validation.h"
#include "server/coordinator/violations.h"
#include "server/pruning/pruner.h"
#include "server/sampling/sampler.h"
#include "server/search_space/search_space.h"

namespace caviar::coordinator {
namespace {

constexpr size_t kMaxStudyNameBytes = 63;
constexpr size_t kMaxDescriptionBytes = 4096;
constexpr int kMaxEpochs = 100000;
constexpr int kDefaultCheckpointEvery = 1;
constexpr int kMaxAttempts = 100;
constexpr int kDefaultAttempts = 3;
constexpr int kMaxRepeats = 100;
constexpr double kMinWeight = 0.001, kMaxWeight = 1000;
constexpr int kMaxWarmStarts = 16;
// What google.protobuf.Duration can hold: about 10,000 years.
constexpr int64_t kMaxDurationSeconds = 315576000000;

class StudyCheck {
 public:
  explicit StudyCheck(const v1::Study& study) : study_(study) {}

  std::vector<v1::FieldViolation> Run() && {
    CheckName();
    CheckObjectives(study_, violations_);
    CheckConstraints(study_, violations_);
    CheckTrainer();
    CheckMetrics(study_, violations_);
    CheckWorkers(study_, violations_);
    CheckCheckpoints(study_, violations_);
    CheckSampler();
    CheckLimits();
    CheckParameters();
    CheckPruner(study_, violations_);
    CheckRepeats();
    CheckWarmStart();
    violations_.CheckText("description", study_.description(), kMaxDescriptionBytes);
    return std::move(violations_.all());
  }

 private:
  void Add(absl::string_view field, std::string description) {
    violations_.Add(field, std::move(description));
  }

  void CheckName() {
    const std::string& name = study_.name();
    if (name.empty()) return Add("study", "is missing: the name of the study");
    if (name.size() > kMaxStudyNameBytes) {
      return Add("study", absl::StrCat(vocabulary::Quoted(name), " is ", name.size(),
                                       " bytes long; at most ", kMaxStudyNameBytes));
    }
    if (!IsName(name, [](char c) { return absl::ascii_isalnum(c); })) {
      Add("study",
          absl::StrCat(vocabulary::Quoted(name),
                       " is not a name: a letter or digit, then letters, digits, _ . or -"));
    }
  }

  void CheckTrainer() {
    switch (study_.trainer().kind_case()) {
      case v1::Trainer::kExternal:
        return;
      case v1::Trainer::KIND_NOT_SET:
        return Add("trainer", "is missing: batch_norm_network, command or external");
      case v1::Trainer::kCommand:
        return CheckCommand(study_, violations_);
      case v1::Trainer::kBatchNormNetwork:
        break;
    }
    const v1::BatchNormNetwork& network = study_.trainer().batch_norm_network();
    const std::string path = "trainer.batch_norm_network";
    if (network.epochs() == 0) {
      Add(path + ".epochs", absl::StrCat("is missing or 0; from 1 to ", kMaxEpochs));
    } else {
      violations_.CheckRange(path + ".epochs", network.epochs(), 1, kMaxEpochs);
    }
    violations_.CheckRange(path + ".checkpoint_every", network.checkpoint_every(), 0, kMaxEpochs);
    CheckDataset(network.data(), path + ".data", violations_);
  }

  void CheckSampler() {
    if (const auto sampler = sampling::MakeSampler(study_.sampler()); !sampler.ok()) {
      Add("sampler.algorithm", std::string(sampler.status().message()));
    }
  }

  void CheckLimits() {
    const v1::Limits& limits = study_.limits();
    CheckCount("limits.max_trials", limits.has_max_trials(), limits.max_trials());
    CheckCount("limits.parallel", limits.has_parallel(), limits.parallel());
    CheckCount("limits.max_failed", limits.has_max_failed(), limits.max_failed());
    if (limits.has_max_attempts()) {
      violations_.CheckRange("limits.max_attempts", limits.max_attempts(), 1, kMaxAttempts);
    }
    if (limits.has_max_steps() && limits.max_steps() < 1) {
      Add("limits.max_steps", absl::StrCat(limits.max_steps(), " is out of range; at least 1"));
    }
    // Written so that NaN is refused.
    if (limits.has_weight() && !(limits.weight() >= kMinWeight && limits.weight() <= kMaxWeight)) {
      Add("limits.weight",
          absl::StrCat(limits.weight(), " is out of range; from ", kMinWeight, " to ", kMaxWeight));
    }
    CheckCount("limits.no_gain.trials", limits.has_no_gain(), limits.no_gain().trials());
    if (!limits.has_max_duration()) return;
    const int64_t seconds = limits.max_duration().seconds();
    const int64_t nanos = limits.max_duration().nanos();
    if (nanos < 0 || nanos > 999999999 || seconds < 0 || seconds > kMaxDurationSeconds ||
        seconds + nanos == 0) {
      Add("limits.max_duration",
          absl::StrCat(seconds, " s and ", nanos,
                       " ns is out of range; above 0 and at most 10,000 years, such as 8h"));
    }
  }

  void CheckCount(absl::string_view field, bool given, int count) {
    if (given && count < 1) Add(field, absl::StrCat(count, " is out of range; at least 1"));
  }

  void CheckRepeats() {
    if (!study_.has_repeats()) return;
    violations_.CheckRange("repeats", study_.repeats(), 1, kMaxRepeats);
    if (study_.repeats() <= 1) return;
    if (study_.pruner().algorithm() > v1::Pruner::NONE) {
      Add("repeats",
          "a pruner ends single trials, and the mean over repeats needs all of them: leave out "
          "repeats or the pruner");
    }
    if (study_.objectives_size() > 0) {
      Add("repeats", "has no meaning with several objectives; leave it out, or name one objective");
    }
  }

  void CheckWarmStart() {
    if (study_.warm_start_size() == 0) return;
    if (study_.warm_start_size() > kMaxWarmStarts) {
      return Add("warm_start",
                 absl::StrCat(study_.warm_start_size(), " are too many; at most ", kMaxWarmStarts));
    }
    for (int i = 1; i < study_.warm_start_size(); ++i) {
      const auto end = study_.warm_start().begin() + i;
      if (std::find(study_.warm_start().begin(), end, study_.warm_start(i)) != end) {
        Add(absl::StrCat("warm_start[", i, "]"),
            absl::StrCat(vocabulary::Quoted(study_.warm_start(i)), " is named twice"));
      }
    }
    const v1::Sampler::Algorithm algorithm = study_.sampler().algorithm();
    if (algorithm == v1::Sampler::RANDOM || algorithm == v1::Sampler::SOBOL ||
        algorithm == v1::Sampler::GRID) {
      Add("warm_start",
          absl::StrCat("the sampler ",
                       absl::AsciiStrToLower(v1::Sampler::Algorithm_Name(algorithm)),
                       " does not learn from earlier trials; auto, gp, tpe and cma_es do"));
    }
    if (study_.objectives_size() > 0) {
      Add("warm_start",
          "has no meaning with several objectives; leave it out, or name one "
          "objective");
    }
  }

  void CheckParameters() {
    std::vector<v1::FieldViolation> wrong =
        search_space::Validate(study_.parameters(), study_.linear_constraints());
    if (wrong.empty()) CheckConfigurations();
    // The trainer's check needs a space that is right.
    if (wrong.empty() && study_.trainer().has_batch_norm_network()) {
      wrong = vocabulary::CheckBatchNormNetworkParameters(study_);
      CheckEarlyStopping(study_, violations_);
    }
    if (wrong.empty()) CheckKnownTrials(study_, violations_);
    std::move(wrong.begin(), wrong.end(), std::back_inserter(violations_.all()));
  }

  // Bounds may be possible one by one and not together.
  void CheckConfigurations() {
    if (study_.linear_constraints().empty()) return;
    const auto space =
        search_space::SearchSpace::Create(study_.parameters(), study_.linear_constraints());
    if (!space.ok() || sampling::FindsConfigurations(*space, study_.sampler())) return;
    Add("linear_constraints",
        "no configuration was found that keeps all of them; widen them, or where real numbers have "
        "to add up exactly, leave one of the parameters to the trainer to compute");
  }

  const v1::Study& study_;
  Violations violations_;
};

}  // namespace

std::vector<v1::FieldViolation> ValidateStudy(const v1::Study& study) {
  return StudyCheck(study).Run();
}

void FillDefaults(v1::Study& study) {
  FillObjectiveDefaults(study);
  if (study.sampler().algorithm() == v1::Sampler::ALGORITHM_UNSPECIFIED) {
    study.mutable_sampler()->set_algorithm(v1::Sampler::AUTO);
  }
  pruning::FillDefaults(study);
  if (!study.limits().has_max_attempts()) {
    study.mutable_limits()->set_max_attempts(kDefaultAttempts);
  }
  if (study.trainer().has_batch_norm_network()) {
    v1::BatchNormNetwork& network = *study.mutable_trainer()->mutable_batch_norm_network();
    FillDatasetDefaults(*network.mutable_data());
    if (!network.has_checkpoint_every()) network.set_checkpoint_every(kDefaultCheckpointEvery);
  }
  FillCommandDefaults(study);
  for (v1::Parameter& parameter : *study.mutable_parameters()) {
    const bool number =
        parameter.type() == v1::Parameter::DOUBLE || parameter.type() == v1::Parameter::INT;
    if (number && parameter.scale() == v1::Parameter::SCALE_UNSPECIFIED) {
      parameter.set_scale(v1::Parameter::LINEAR);
    }
  }
  study.clear_state();
  study.clear_end_reason();
  study.clear_message();
  study.clear_create_time();
  study.clear_end_time();
  study.clear_trial_counts();
  study.clear_best_trial();
  study.clear_best_objective();
  study.clear_test_evaluation();
  study.clear_active_duration();
  study.clear_sampler_reason();
  study.clear_warm_start_trials();
  study.clear_warm_start_completed();
  study.clear_best_standard_error();
  study.clear_revision();
  study.clear_revision_time();
}

}  // namespace caviar::coordinator
