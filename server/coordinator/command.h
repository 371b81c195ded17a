// One call, as the sequencer and the core see it.
#ifndef CAVIAR_SERVER_COORDINATOR_COMMAND_H_
#define CAVIAR_SERVER_COORDINATOR_COMMAND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/coordinator/coordinator.h"
#include "server/coordinator/poll.h"

namespace caviar::coordinator {

class Core;

// What has to be well for a command to be decided; each needs what stands above it, too.
enum class Needs {
  kNothing,  // it touches only parked calls, which live outside of the state
  kState,    // also the state in memory, and it stores nothing
  kStore,
};

// One call, as the sequencer sees it.
struct Command {
  // Decides. Run again, against the state read anew, where a commit failed because of another
  // command; so it leaves what it captured as it is.
  std::function<void(Core&)> decide;
  // Called once with the fate of the commit.
  std::function<void(const absl::Status&)> answer;
  // Of measurements, that it brings: a batch takes no more of them than it bears.
  int64_t values = 0;
  Needs needs = Needs::kStore;
  // Nobody is there to try again: it is decided until a commit succeeds, perhaps more than once.
  bool lasting = false;
};

void NoteDamage(Core& core, const absl::Status& status);

// A command that answers `done` with what `decide` returned, once that is durable.
template <typename Response>
Command MakeCommand(std::function<absl::StatusOr<Response>(Core&)> decide, Done<Response> done) {
  auto result = std::make_shared<absl::StatusOr<Response>>(absl::UnknownError("not decided"));
  Command command;
  command.decide = [decide = std::move(decide), result](Core& core) {
    *result = decide(core);
    if (absl::IsDataLoss(result->status())) NoteDamage(core, result->status());
  };
  command.answer = [done = std::move(done), result](const absl::Status& commit) {
    done(commit.ok() ? std::move(*result) : absl::StatusOr<Response>(commit));
  };
  return command;
}

// A command that parks a call.
Command MakeParking(Poll poll);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_COMMAND_H_
