#include "server/coordinator/study_validation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/vocabulary.h"
#include "server/sampling/sampler.h"
#include "server/search_space/search_space.h"

namespace caviar::coordinator {
namespace {

constexpr size_t kMaxStudyNameBytes = 63;
constexpr size_t kMaxMetricNameBytes = 128;
constexpr size_t kMaxDescriptionBytes = 4096;
constexpr size_t kMaxPathBytes = 4096;
constexpr size_t kMaxColumnNameBytes = 256;
constexpr int kMaxEpochs = 100000;
constexpr int kMaxAttempts = 100;
constexpr int kDefaultAttempts = 3;
constexpr double kDefaultValidationFraction = 0.1;
// What google.protobuf.Duration can hold: about 10,000 years.
constexpr int64_t kMaxDurationSeconds = 315576000000;

// The objectives that the built-in trainer reports.
const std::vector<std::string>& Metrics() {
  static const auto& metrics = *new std::vector<std::string>{
      "validation_accuracy", "validation_loss", "train_accuracy", "train_loss"};
  return metrics;
}

// Letters, digits, `_`, `.` and `-` after a first byte that `first` accepts.
template <typename First>
bool IsName(const std::string& name, First first) {
  return !name.empty() && first(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
  });
}

class StudyCheck {
 public:
  explicit StudyCheck(const v1::Study& study) : study_(study) {}

  std::vector<v1::FieldViolation> Run() && {
    CheckName();
    CheckObjective();
    CheckTrainer();
    CheckSampler();
    CheckLimits();
    CheckParameters();
    CheckText("description", study_.description(), kMaxDescriptionBytes);
    return std::move(violations_);
  }

 private:
  void Add(absl::string_view field, std::string description) {
    v1::FieldViolation& violation = violations_.emplace_back();
    violation.set_field(std::string(field));
    violation.set_description(std::move(description));
  }

  // UTF-8 of at most `max` bytes without NUL.
  void CheckText(absl::string_view field, const std::string& text, size_t max) {
    if (text.size() > max) {
      Add(field, absl::StrCat("is ", text.size(), " bytes long; at most ", max));
    } else if (!vocabulary::IsUtf8(text)) {
      Add(field, absl::StrCat(vocabulary::Quoted(text), " is not UTF-8"));
    } else if (text.find('\0') != std::string::npos) {
      Add(field, absl::StrCat(vocabulary::Quoted(text), " has a NUL byte"));
    }
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

  void CheckObjective() {
    if (!study_.has_objective()) return Add("objective", "is missing: a metric and a goal");
    const v1::Objective& objective = study_.objective();
    const bool good_metric = CheckMetric(objective.metric());
    const bool maximize = objective.goal() == v1::Objective::MAXIMIZE;
    if (!maximize && objective.goal() != v1::Objective::MINIMIZE) {
      Add("objective.goal", "is missing or unknown: minimize or maximize");
    } else if (good_metric && study_.trainer().has_batch_norm_network()) {
      const bool accuracy = absl::EndsWith(objective.metric(), "_accuracy");
      if (accuracy != maximize) {
        Add("objective.goal", absl::StrCat(maximize ? "maximize" : "minimize", " does not fit ",
                                           objective.metric(), ", which is better the ",
                                           accuracy ? "higher: maximize" : "lower: minimize"));
      }
    }
    if (objective.value() != v1::Objective::VALUE_OF_UNSPECIFIED &&
        objective.value() != v1::Objective::BEST && objective.value() != v1::Objective::LAST) {
      Add("objective.value", "is unknown: best or last");
    }
    if (objective.has_target() && !std::isfinite(objective.target())) {
      Add("objective.target", absl::StrCat(objective.target(), " is not a finite number"));
    }
  }

  bool CheckMetric(const std::string& metric) {
    const std::string shown = vocabulary::Quoted(metric);
    if (study_.trainer().has_batch_norm_network()) {
      if (std::find(Metrics().begin(), Metrics().end(), metric) != Metrics().end()) return true;
      const std::string nearest = vocabulary::NearestName(metric, Metrics());
      const std::string what = metric.empty() ? "is missing: the built-in trainer measures "
                                              : absl::StrCat(shown,
                                                             " is not an objective that the "
                                                             "built-in trainer measures: ");
      Add("objective.metric",
          absl::StrCat(what, absl::StrJoin(Metrics(), ", "),
                       nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")));
      return false;
    }
    if (metric.empty()) {
      Add("objective.metric", "is missing: the name of the metric that your program reports");
    } else if (metric.size() > kMaxMetricNameBytes) {
      Add("objective.metric",
          absl::StrCat(shown, " is ", metric.size(), " bytes long; at most ", kMaxMetricNameBytes));
    } else if (!IsName(metric, [](char c) { return absl::ascii_isalpha(c) || c == '_'; })) {
      Add("objective.metric",
          absl::StrCat(shown,
                       " is not a name: a letter or underscore, then letters, digits, _ . or -"));
    } else {
      return true;
    }
    return false;
  }

  void CheckTrainer() {
    switch (study_.trainer().kind_case()) {
      case v1::Trainer::kExternal:
        return;
      case v1::Trainer::KIND_NOT_SET:
        return Add("trainer", "is missing: batch_norm_network or external");
      case v1::Trainer::kBatchNormNetwork:
        break;
    }
    const v1::BatchNormNetwork& network = study_.trainer().batch_norm_network();
    const std::string path = "trainer.batch_norm_network";
    if (network.epochs() == 0) {
      Add(path + ".epochs", absl::StrCat("is missing or 0; from 1 to ", kMaxEpochs));
    } else if (network.epochs() < 0 || network.epochs() > kMaxEpochs) {
      Add(path + ".epochs",
          absl::StrCat(network.epochs(), " is out of range; from 1 to ", kMaxEpochs));
    }
    CheckData(network.data(), path + ".data");
  }

  void CheckData(const v1::Dataset& data, const std::string& path) {
    switch (data.format_case()) {
      case v1::Dataset::kIdx:
        CheckPath(path + ".train_images", data.idx().train_images(), true);
        CheckPath(path + ".train_labels", data.idx().train_labels(), true);
        CheckPath(path + ".test_images", data.idx().test_images(), false);
        CheckPath(path + ".test_labels", data.idx().test_labels(), false);
        if (data.idx().test_images().empty() != data.idx().test_labels().empty()) {
          const bool images = data.idx().test_images().empty();
          Add(path + (images ? ".test_images" : ".test_labels"),
              absl::StrCat("is missing, but ", images ? "test_labels" : "test_images",
                           " is given: give both or neither"));
        }
        break;
      case v1::Dataset::kCsv:
        CheckPath(path + ".train", data.csv().train(), true);
        CheckPath(path + ".test", data.csv().test(), false);
        if (data.csv().label().empty()) {
          Add(path + ".label", "is missing: the name of the column that holds the class");
        } else {
          CheckText(path + ".label", data.csv().label(), kMaxColumnNameBytes);
        }
        break;
      case v1::Dataset::FORMAT_NOT_SET:
        Add(path, "is missing: format idx or csv, and its files");
    }
    const double fraction = data.validation_fraction();
    if (data.has_validation_fraction() && !(fraction > 0 && fraction < 1)) {
      Add(path + ".validation_fraction",
          absl::StrCat(fraction, " is out of range; above 0 and below 1"));
    }
  }

  void CheckPath(const std::string& field, const std::string& file, bool required) {
    if (!file.empty()) {
      CheckText(field, file, kMaxPathBytes);
    } else if (required) {
      Add(field, "is missing: a path, absolute or relative to the worker's --dataset-dir");
    }
  }

  void CheckSampler() {
    if (!sampling::MakeSampler(study_.sampler().algorithm()).ok()) {
      Add("sampler.algorithm", "is unknown: random or sobol");
    }
  }

  void CheckLimits() {
    const v1::Limits& limits = study_.limits();
    CheckCount("limits.max_trials", limits.has_max_trials(), limits.max_trials());
    CheckCount("limits.parallel", limits.has_parallel(), limits.parallel());
    CheckCount("limits.max_failed", limits.has_max_failed(), limits.max_failed());
    if (limits.has_max_attempts() &&
        (limits.max_attempts() < 1 || limits.max_attempts() > kMaxAttempts)) {
      Add("limits.max_attempts",
          absl::StrCat(limits.max_attempts(), " is out of range; from 1 to ", kMaxAttempts));
    }
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

  void CheckParameters() {
    std::vector<v1::FieldViolation> wrong = search_space::Validate(study_.parameters());
    // The trainer's check needs a space that is right.
    if (wrong.empty() && study_.trainer().has_batch_norm_network()) {
      wrong = vocabulary::CheckBatchNormNetworkParameters(study_);
    }
    std::move(wrong.begin(), wrong.end(), std::back_inserter(violations_));
  }

  const v1::Study& study_;
  std::vector<v1::FieldViolation> violations_;
};

}  // namespace

std::vector<v1::FieldViolation> ValidateStudy(const v1::Study& study) {
  return StudyCheck(study).Run();
}

void FillDefaults(v1::Study& study) {
  if (study.objective().value() == v1::Objective::VALUE_OF_UNSPECIFIED) {
    study.mutable_objective()->set_value(v1::Objective::BEST);
  }
  if (study.sampler().algorithm() == v1::Sampler::ALGORITHM_UNSPECIFIED) {
    study.mutable_sampler()->set_algorithm(v1::Sampler::SOBOL);
  }
  if (!study.limits().has_max_attempts()) {
    study.mutable_limits()->set_max_attempts(kDefaultAttempts);
  }
  if (study.trainer().has_batch_norm_network()) {
    v1::Dataset& data = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data();
    if (!data.has_validation_fraction()) data.set_validation_fraction(kDefaultValidationFraction);
  }
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
}

}  // namespace caviar::coordinator
