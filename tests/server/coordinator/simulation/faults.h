// What goes wrong around the coordinator: its disk, its machine, its calendar.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_FAULTS_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_FAULTS_H_

#include "tests/server/coordinator/simulation/world.h"

namespace caviar::coordinator::simulation {

class Faults {
 public:
  explicit Faults(World& world) : world_(world) {}
  void Start();
  // Nothing goes wrong any more, and what is down comes up.
  void End();

 private:
  absl::Status BeforeCommit();
  void AfterCommit();
  void KillPerhaps();
  // kill -9 between two batches.
  void KillNowAndThen(double later);
  void StallNowAndThen();
  void JumpNowAndThen();
  // At once, or after a while.
  void ComeUpAgain();
  void ComeUp();

  World& world_;
  bool over_ = false;
  int commits_ = 0;     // tried, that could go wrong
  bool armed_ = false;  // commits may go wrong
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_FAULTS_H_
