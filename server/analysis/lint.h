// What an experienced colleague would remark about a study, before it runs and after.
//
// Each rule looks at one thing, says it with the numbers that it saw and what to do about it, and
// is silent where it is not sure. lint_scales.cc and lint_plan.cc read the definition alone,
// lint_results.cc and lint_curves.cc what was tried.
#ifndef CAVIAR_SERVER_ANALYSIS_LINT_H_
#define CAVIAR_SERVER_ANALYSIS_LINT_H_

#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/study_service.pb.h"
#include "server/analysis/trial_record.h"
#include "server/search_space/search_space.h"

namespace caviar::analysis {

// All findings, warnings first. `study` is valid, with its defaults filled in; `trials` are its
// own, with the first objective's values and curves; none for a study that has not run.
v1::LintStudyResponse Lint(const v1::Study& study, const std::vector<TrialRecord>& trials);

// What follows is internal to this room.

// What the rules look at.
struct LintSubject {
  const v1::Study& study;
  const search_space::SearchSpace& space;
  const std::vector<TrialRecord>& trials;
  v1::Objective::Goal goal;
  std::vector<size_t> best_first;  // indices of trials with a result
};

class Findings {
 public:
  void Warn(std::string code, std::string parameter, std::string message) {
    Add(v1::Finding::WARNING, std::move(code), std::move(parameter), std::move(message));
  }
  void Note(std::string code, std::string parameter, std::string message) {
    Add(v1::Finding::NOTE, std::move(code), std::move(parameter), std::move(message));
  }
  // Warnings first, otherwise in the order in which they were added.
  v1::LintStudyResponse Sorted() const;

 private:
  void Add(v1::Finding::Severity severity, std::string code, std::string parameter,
           std::string message);
  std::vector<v1::Finding> all_;
};

// linear_over_decades, learning_rate_scale, momentum_scale.
void LintScales(const LintSubject& subject, Findings& findings);
// no_limits, too_few_trials, parallel_too_large, wasteful_grid, late_rungs.
void LintPlan(const LintSubject& subject, Findings& findings);
// many_failed, many_infeasible, best_at_edge, unimportant.
void LintResults(const LintSubject& subject, Findings& findings);
// still_improving, flat_objective, first_rung_stops_all.
void LintCurves(const LintSubject& subject, Findings& findings);

// A number in a message, with at most three digits.
std::string ShowNumber(double number);
// Of a share in [0, 1]: "12 %".
std::string ShowPercent(double share);

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_LINT_H_
