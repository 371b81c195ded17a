// Ctrl-C without ending the process.
#ifndef CAVIAR_CLIENT_COMMANDS_INTERRUPTS_H_
#define CAVIAR_CLIENT_COMMANDS_INTERRUPTS_H_

#include <functional>
#include <memory>

namespace caviar::commands {

// While the returned object lives, the first SIGINT or SIGTERM calls `on_interrupt` on a thread of
// its own, and a second one ends the process with 130. Threads that are started after this call
// leave the signals alone; so call it before there are any.
std::shared_ptr<void> CatchInterrupts(std::function<void()> on_interrupt);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_INTERRUPTS_H_
