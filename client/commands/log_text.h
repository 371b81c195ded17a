// What a program printed, for people.
#ifndef CAVIAR_CLIENT_COMMANDS_LOG_TEXT_H_
#define CAVIAR_CLIENT_COMMANDS_LOG_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace caviar::commands {

// The end of `text` that holds its last `count` lines, the last of which may lack its line end.
absl::string_view LastLines(absl::string_view text, int count);

// A line as a terminal would show it in the end: of a progress bar the last state, without control
// characters.
std::string ShownLine(absl::string_view line);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_LOG_TEXT_H_
