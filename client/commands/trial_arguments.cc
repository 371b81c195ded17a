#include "client/commands/trial_arguments.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "caviar/v1/vocabulary.h"
#include "client/commands/metric_arguments.h"
#include "client/render/number.h"
#include "client/study_file/scalar.h"

namespace caviar::commands {
namespace {

// A list of numbers is a text without brackets and spaces.
std::string WithoutBrackets(const std::string& text) {
  absl::string_view inner = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&inner, "[") || !absl::ConsumeSuffix(&inner, "]")) return text;
  return absl::StrReplaceAll(inner, {{" ", ""}});
}

v1::Value ToValue(const v1::Parameter& parameter, const std::string& text) {
  const std::string bare = WithoutBrackets(text);
  for (const v1::Value& value : parameter.values()) {
    if (render::FormatValue(value) == text) return value;
    if (value.has_string_value() && value.string_value() == bare) return value;
  }
  v1::Value value;
  const study_file::Scalar scalar = study_file::ResolvePlain(text);
  switch (scalar.kind) {
    case study_file::Scalar::Kind::kBool:
      value.set_bool_value(scalar.boolean);
      break;
    case study_file::Scalar::Kind::kInt:
      value.set_int_value(scalar.integer);
      break;
    case study_file::Scalar::Kind::kFloat:
      value.set_double_value(scalar.number);
      break;
    default:
      value.set_string_value(bare);
  }
  return value;
}

std::vector<std::string> MetricsOf(const v1::Study& study) {
  std::vector<std::string> metrics;
  if (study.has_objective()) metrics.push_back(study.objective().metric());
  for (const v1::Objective& objective : study.objectives()) metrics.push_back(objective.metric());
  for (const v1::Constraint& one : study.constraints()) metrics.push_back(one.metric());
  return metrics;
}

std::vector<std::string> ParametersOf(const v1::Study& study) {
  std::vector<std::string> parameters;
  for (const v1::Parameter& parameter : study.parameters()) parameters.push_back(parameter.name());
  return parameters;
}

absl::Status UnknownName(const v1::Study& study, const std::string& name) {
  const std::vector<std::string> parameters = ParametersOf(study);
  const std::vector<std::string> metrics = MetricsOf(study);
  std::vector<std::string> all = parameters;
  all.insert(all.end(), metrics.begin(), metrics.end());
  const std::string near = vocabulary::NearestName(name, all);
  return absl::InvalidArgumentError(absl::StrCat(
      study.name(), " has neither a parameter nor a metric ", vocabulary::Quoted(name),
      near.empty() ? "" : absl::StrCat("; did you mean ", near, "?"), "\nits parameters: ",
      absl::StrJoin(parameters, ", "), "\nits metrics: ", absl::StrJoin(metrics, ", ")));
}

}  // namespace

absl::StatusOr<TrialArguments> ParseTrial(const v1::Study& study,
                                          const std::vector<std::string>& words) {
  TrialArguments trial;
  const std::vector<std::string> known = MetricsOf(study);
  std::vector<std::string> metrics;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          vocabulary::Quoted(word), " is no value; write NAME=VALUE, such as learning_rate=0.01"));
    }
    const std::string name = word.substr(0, equals);
    const auto parameter =
        std::find_if(study.parameters().begin(), study.parameters().end(),
                     [&](const v1::Parameter& one) { return one.name() == name; });
    if (parameter == study.parameters().end()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        return UnknownName(study, name);
      }
      metrics.push_back(word);
    } else if (!trial.parameters.emplace(name, ToValue(*parameter, word.substr(equals + 1)))
                    .second) {
      return absl::InvalidArgumentError(absl::StrCat("the parameter ", name, " is given twice"));
    }
  }
  auto parsed = ParseMetrics(metrics);
  if (!parsed.ok()) return parsed.status();
  trial.metrics = *std::move(parsed);
  return trial;
}

}  // namespace caviar::commands
