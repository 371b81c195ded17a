#include "worker/training/command/metric_lines.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/last_step.h"
#include "caviar/v1/objectives.h"
#include "caviar/v1/vocabulary.h"
#include "worker/training/command/metric_json.h"

namespace caviar::command {
namespace {

constexpr char kAssignment[] =
    R"(([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*([+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:nan|inf(?:inity)?))))";

bool IsMetricName(absl::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  if (!absl::ascii_isalpha(static_cast<unsigned char>(name[0])) && name[0] != '_') return false;
  return std::all_of(name.begin(), name.end(), [](char letter) {
    return absl::ascii_isalnum(static_cast<unsigned char>(letter)) || letter == '_' ||
           letter == '.' || letter == '-';
  });
}

void Break(Reading& reading, absl::string_view why) {
  absl::StrAppend(&reading.broken, reading.broken.empty() ? "" : "; ", why);
}

// "4", "1.5", "9007199254740992": with all its digits.
std::string NumberText(double number) {
  v1::Value value;
  value.set_double_value(number);
  return vocabulary::FormatValue(value);
}

// Takes a step where it is a whole number in its range.
void TakeStep(Reading& reading, absl::string_view name, double value) {
  if (value >= 0 && value <= static_cast<double>(vocabulary::kLastStep) &&
      value == std::floor(value)) {
    reading.step = static_cast<int64_t>(value);
  } else {
    Break(reading, absl::StrCat(name, " is ", NumberText(value), ", not a whole number from 0 to ",
                                vocabulary::kLastStep));
  }
}

void TakeMetric(Reading& reading, absl::string_view name, double value) {
  if (IsMetricName(name)) {
    reading.metrics.emplace(name, value);
  } else {
    Break(reading, absl::StrCat(vocabulary::Quoted(name),
                                " is no name of a metric: those have letters, digits, _ . and -"));
  }
}

bool IsStepName(absl::string_view name, const std::set<std::string, std::less<>>& declared) {
  return (name == "step" || name == "epoch") && declared.find(name) == declared.end();
}

// A wrong step makes all of the line wrong: its metrics belong nowhere.
Reading Checked(Reading reading, bool step_is_wrong) {
  if (step_is_wrong) reading.metrics.clear();
  return reading;
}

}  // namespace

std::set<std::string, std::less<>> DeclaredMetrics(const v1::Study& study) {
  std::set<std::string, std::less<>> names(study.metrics().begin(), study.metrics().end());
  for (const v1::Objective& objective : vocabulary::ObjectivesOf(study)) {
    names.insert(objective.metric());
  }
  for (const v1::Constraint& constraint : study.constraints()) names.insert(constraint.metric());
  names.erase("");
  return names;
}

Reading ReadJson(absl::string_view text, const std::set<std::string, std::less<>>& declared) {
  Reading reading;
  auto object = ParseMetricJson(text);
  if (!object.ok()) {
    reading.broken = std::string(object.status().message());
    return reading;
  }
  const bool has_step = object->count("step") > 0 && IsStepName("step", declared);
  bool step_is_wrong = false;
  for (const auto& [name, value] : *object) {
    if (absl::StartsWith(name, "st_")) continue;
    if (!value) {
      Break(reading, absl::StrCat(vocabulary::Quoted(name), " is no number"));
      step_is_wrong = step_is_wrong || name == "step";
    } else if (IsStepName(name, declared) && (name == "step" || !has_step)) {
      TakeStep(reading, name, *value);
      step_is_wrong = !reading.step;
    } else {
      TakeMetric(reading, name, *value);
    }
  }
  if (reading.metrics.empty() && reading.broken.empty()) reading.broken = "it has no metric";
  return Checked(std::move(reading), step_is_wrong);
}

MetricLines::MetricLines() : assignment_(std::make_unique<RE2>(kAssignment)) {}

absl::StatusOr<MetricLines> MetricLines::Make(const v1::Study& study) {
  MetricLines lines;
  lines.declared_ = DeclaredMetrics(study);
  for (const std::string& pattern : study.trainer().command().patterns()) {
    lines.patterns_.push_back(std::make_unique<RE2>(pattern, RE2::Quiet));
    if (!lines.patterns_.back()->ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("trainer.command.patterns: ", vocabulary::Quoted(pattern),
                       " is no regular expression: ", lines.patterns_.back()->error()));
    }
  }
  return lines;
}

Reading MetricLines::Read(absl::string_view line) const {
  for (const absl::string_view mark : {"caviar: {", "[tune-metric]: {"}) {
    const size_t at = line.find(mark);
    if (at != line.npos) return ReadJson(line.substr(at + mark.size() - 1), declared_);
  }
  Reading reading = ReadPatterns(line);
  const bool matched = !reading.metrics.empty() || !reading.broken.empty();
  return matched || line.find('=') == line.npos ? reading : ReadAssignments(line);
}

Reading MetricLines::ReadPatterns(absl::string_view line) const {
  Reading reading;
  bool step_is_wrong = false;
  for (const std::unique_ptr<RE2>& pattern : patterns_) {
    std::vector<re2::StringPiece> groups(
        static_cast<size_t>(pattern->NumberOfCapturingGroups() + 1));
    if (!pattern->Match(re2::StringPiece(line.data(), line.size()), 0, line.size(), RE2::UNANCHORED,
                        groups.data(), static_cast<int>(groups.size()))) {
      continue;
    }
    for (const auto& [name, number] : pattern->NamedCapturingGroups()) {
      const re2::StringPiece& group = groups[static_cast<size_t>(number)];
      if (group.data() == nullptr) continue;  // of a branch that did not match
      double value = 0;
      const absl::string_view text(group.data(), group.size());
      const bool is_number = absl::SimpleAtod(text, &value);
      if (!is_number) {
        Break(reading, absl::StrCat(name, " is ", vocabulary::Quoted(text), ", not a number"));
      }
      if (name == "step") {
        if (is_number) TakeStep(reading, name, value);
        step_is_wrong = !reading.step;
      } else if (is_number) {
        TakeMetric(reading, name, value);
      }
    }
  }
  return Checked(std::move(reading), step_is_wrong);
}

Reading MetricLines::ReadAssignments(absl::string_view line) const {
  Reading reading;
  re2::StringPiece rest(line.data(), line.size());
  re2::StringPiece name_piece;
  re2::StringPiece value_piece;
  std::optional<double> step;
  while (RE2::FindAndConsume(&rest, *assignment_, &name_piece, &value_piece)) {
    // "0.9" of "0.9.1" or of "0.9abc" is no number.
    const char next = rest.empty() ? ' ' : rest[0];
    double value = 0;
    const absl::string_view name(name_piece.data(), name_piece.size());
    if (absl::ascii_isalnum(static_cast<unsigned char>(next)) || next == '_' ||
        !absl::SimpleAtod({value_piece.data(), value_piece.size()}, &value)) {
      continue;
    }
    if (declared_.find(name) != declared_.end()) {
      reading.metrics.emplace(name, value);
    } else if (name == "step" || (name == "epoch" && !step)) {
      step = value;
    }
  }
  // Other programs' words may well be such a line: what is no metric is not broken.
  if (step && !reading.metrics.empty()) TakeStep(reading, "step", *step);
  const bool is_wrong = step && !reading.step;
  return Checked(std::move(reading), is_wrong);
}

}  // namespace caviar::command
