#include "client/commands/findings.h"

#include "absl/strings/str_cat.h"
#include "client/render/text.h"

namespace caviar::commands {

std::string FindingLines(const v1::LintStudyResponse& response, bool colors) {
  std::string lines;
  for (const v1::Finding& finding : response.findings()) {
    const bool warning = finding.severity() == v1::Finding::WARNING;
    const std::string subject = finding.parameter().empty() ? "" : finding.parameter() + ": ";
    absl::StrAppend(
        &lines,
        render::Paint(warning ? "warning" : "note",
                      warning ? render::Color::kYellow : render::Color::kDim, colors),
        ": ",
        render::Printable(absl::StrCat(subject, finding.message(), " [", finding.code(), "]")),
        "\n");
  }
  return lines;
}

}  // namespace caviar::commands
