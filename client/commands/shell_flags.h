// A configuration as arguments of a program.
#ifndef CAVIAR_CLIENT_COMMANDS_SHELL_FLAGS_H_
#define CAVIAR_CLIENT_COMMANDS_SHELL_FLAGS_H_

#include <string>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::commands {

// "--learning_rate=0.01 --layers=3", in the study's order; values as a study file writes them. What
// a POSIX shell would take for more than itself is in single quotes.
std::string ShellFlags(const v1::Study& study, const v1::Trial& trial);

// A value as a line shows it and bash reads it back: plain ones as they are, others in single
// quotes, and what would break the line, or act on a terminal, as $'x\ny'.
std::string QuotedValue(const std::string& value);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_SHELL_FLAGS_H_
