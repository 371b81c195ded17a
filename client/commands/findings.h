// A colleague's remarks as lines.
#ifndef CAVIAR_CLIENT_COMMANDS_FINDINGS_H_
#define CAVIAR_CLIENT_COMMANDS_FINDINGS_H_

#include <string>

#include "caviar/v1/study_service.pb.h"

namespace caviar::commands {

// A line each: "warning: learning_rate: what was seen, and what to do [code]". Safe to print.
std::string FindingLines(const v1::LintStudyResponse& response, bool colors);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_FINDINGS_H_
