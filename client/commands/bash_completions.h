// The completion script for bash, as it is in deploy/completions/caviar.bash; compiled in, so that
// an installed binary needs no other file.
#ifndef CAVIAR_CLIENT_COMMANDS_BASH_COMPLETIONS_H_
#define CAVIAR_CLIENT_COMMANDS_BASH_COMPLETIONS_H_

namespace caviar::commands {

extern const char kBashCompletions[];

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_BASH_COMPLETIONS_H_
