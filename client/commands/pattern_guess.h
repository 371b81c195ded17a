// Lines of a program's output that look like a metric, and the patterns that would read them.
#ifndef CAVIAR_CLIENT_COMMANDS_PATTERN_GUESS_H_
#define CAVIAR_CLIENT_COMMANDS_PATTERN_GUESS_H_

#include <string>
#include <vector>

namespace caviar::commands {

struct PatternGuess {
  // The line as it was printed.
  std::string line;
  // A regular expression (RE2) with a group named after the metric, and one named `step` where the
  // line says an epoch or a step.
  std::string pattern;
};

// Of `lines`, those with a number behind words like those of the metric's name, the likeliest kinds
// first, each kind once: "val acc: 0.93" for validation_accuracy. At most `most`. None where the
// metric's name cannot be a group's.
std::vector<PatternGuess> GuessPatterns(const std::string& metric,
                                        const std::vector<std::string>& lines, size_t most);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_PATTERN_GUESS_H_
