// What came of one trial of a program, and what is missing for a study of it to work.
#ifndef CAVIAR_CLIENT_COMMANDS_TRY_REPORT_H_
#define CAVIAR_CLIENT_COMMANDS_TRY_REPORT_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "caviar/v1/measurement.pb.h"
#include "caviar/v1/study.pb.h"
#include "client/commands/local_trial.h"

namespace caviar::commands {

// Not thread safe.
class TryReport {
 public:
  explicit TryReport(v1::Study study) : study_(std::move(study)) {}

  // Returns the line as it is shown.
  std::string AddLine(absl::string_view line);
  void AddMeasurement(const v1::Measurement& measurement);
  void AddCheckpoint(int64_t step);

  // Whether all objectives and constraints were measured.
  bool is_complete() const;
  // The outcome, the metrics, and advice that can be pasted into the study file.
  std::string Text(const LocalOutcome& outcome, absl::Duration duration, bool colors) const;

 private:
  struct Metric {
    int times = 0;
    double last = 0;
    double lowest = 0;
    double highest = 0;
  };

  std::vector<std::string> NeededMetrics() const;
  std::string MetricsTable(bool colors) const;
  // Paragraphs, in the order of their importance.
  std::vector<std::string> Advice(const LocalOutcome& outcome) const;
  std::string AdviceForMissing(const std::string& metric) const;

  const v1::Study study_;
  std::deque<std::string> lines_;  // the last ones
  std::map<std::string, Metric> metrics_;
  std::optional<int64_t> last_step_;
  int measurements_ = 0;
  std::optional<int64_t> checkpoint_;
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_TRY_REPORT_H_
