// Coordinators that are wrong on purpose, made at the seams of the real one. Each has to be caught.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WRONG_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WRONG_H_

#include <memory>

#include "tests/server/coordinator/simulation/disk.h"
#include "tests/server/coordinator/simulation/frontend.h"

namespace caviar::coordinator::simulation {

enum class Wrong {
  kNothing,
  kAnswersBeforeCommit,   // what is answered is written some commits later
  kChecksNoToken,         // reports and outcomes count for the trial, whoever holds it
  kReplacesMeasurements,  // the last value of a step counts, not the first
  kWallClockForLeases,
  kTwoTransactions,  // an expired attempt is closed by one, its trial goes back by the next
  kNoRequestLog,
  kForgetsWhoLetGo,  // of a trial, once it is another's
};

const char* NameOf(Wrong wrong);

// What the core writes to in such a coordinator.
std::unique_ptr<ForwardingStore> MakeStore(Wrong wrong, storage::Store& disk);

// What it takes a call's token for.
Token NewestTokenOfItsTrial(storage::Store& store, Core& core, Token token);

// Goes with the calendar's.
class WallClock : public Clock {
 public:
  explicit WallClock(Clock& clock) : clock_(clock) {}
  absl::Duration Steady() override { return clock_.Wall() - absl::UnixEpoch(); }
  absl::Time Wall() override { return clock_.Wall(); }

 private:
  Clock& clock_;
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WRONG_H_
