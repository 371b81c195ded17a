#include "server/analysis/lint.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace caviar::analysis {

void Findings::Add(v1::Finding::Severity severity, std::string code, std::string parameter,
                   std::string message) {
  v1::Finding finding;
  finding.set_severity(severity);
  finding.set_code(std::move(code));
  finding.set_parameter(std::move(parameter));
  finding.set_message(std::move(message));
  all_.push_back(std::move(finding));
}

v1::LintStudyResponse Findings::Sorted() const {
  v1::LintStudyResponse response;
  for (const auto severity : {v1::Finding::WARNING, v1::Finding::NOTE}) {
    for (const v1::Finding& finding : all_) {
      if (finding.severity() == severity) *response.add_findings() = finding;
    }
  }
  return response;
}

v1::LintStudyResponse Lint(const v1::Study& study, const std::vector<TrialRecord>& trials) {
  const auto space = search_space::SearchSpace::Create(study.parameters());
  if (!space.ok()) return {};
  const v1::Objective& objective =
      study.objectives().empty() ? study.objective() : study.objectives(0);
  const LintSubject subject{study, *space, trials, objective.goal(),
                            BestFirst(trials, objective.goal())};
  Findings findings;
  LintScales(subject, findings);
  LintPlan(subject, findings);
  LintResults(subject, findings);
  LintCurves(subject, findings);
  return findings.Sorted();
}

std::string ShowNumber(double number) { return absl::StrFormat("%.3g", number); }

std::string ShowPercent(double share) { return absl::StrFormat("%.3g %%", 100 * share); }

}  // namespace caviar::analysis
