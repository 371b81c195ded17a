// Metrics in what a program prints or sends.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_METRIC_LINES_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_METRIC_LINES_H_

#include <re2/re2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/study.pb.h"

namespace caviar::command {

// What one line says.
struct Reading {
  std::map<std::string, double> metrics;  // none: nothing
  std::optional<int64_t> step;            // not given: counted by whoever takes it
  // What is broken in it, for people: all of the line, or what is not in `metrics`.
  std::string broken;
};

// The names of all metrics that the study speaks of: `metrics`, the objectives', the constraints'.
std::set<std::string, std::less<>> DeclaredMetrics(const v1::Study& study);

// One JSON object, {"step": 3, "accuracy": 0.8}, in which NaN and Infinity stand as Python writes
// them; what is behind it does not matter. The step is `step`, or `epoch` where that is no declared
// metric; keys that begin with "st_" (Syne Tune's own) are left out.
Reading ReadJson(absl::string_view text, const std::set<std::string, std::less<>>& declared);

// Thread safe.
class MetricLines {
 public:
  // INVALID_ARGUMENT: a pattern of the study's is no regular expression.
  static absl::StatusOr<MetricLines> Make(const v1::Study& study);

  // The first of these forms that the line has:
  //   caviar: {"step": 3, "accuracy": 0.8}          anywhere in the line
  //   [tune-metric]: {"epoch": 3, "accuracy": 0.8}  Syne Tune's, anywhere in the line
  //   what the study's patterns match
  //   accuracy=0.8                                  Katib's, for declared metrics; any number of
  //                                                 them, and step=3 or epoch=3
  Reading Read(absl::string_view line) const;

  const std::set<std::string, std::less<>>& declared() const { return declared_; }

 private:
  MetricLines();
  Reading ReadPatterns(absl::string_view line) const;
  Reading ReadAssignments(absl::string_view line) const;

  std::set<std::string, std::less<>> declared_;
  std::vector<std::unique_ptr<RE2>> patterns_;
  std::unique_ptr<RE2> assignment_;
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_METRIC_LINES_H_
