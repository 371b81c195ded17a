// All parts of one simulated history.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WORLD_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WORLD_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/server/coordinator/simulation/disk.h"
#include "tests/server/coordinator/simulation/frontend.h"
#include "tests/server/coordinator/simulation/history.h"
#include "tests/server/coordinator/simulation/network.h"
#include "tests/server/coordinator/simulation/plan.h"
#include "tests/server/coordinator/simulation/process.h"
#include "tests/server/coordinator/simulation/timeline.h"
#include "tests/server/coordinator/simulation/wrong.h"

namespace caviar::coordinator::simulation {

struct World {
  World(const Plan& the_plan, Wrong wrong)
      : plan(the_plan),
        time(plan.seed),
        disk(memory, time, history),
        store(MakeStore(wrong, disk)),
        wall_clock(time.clock()),
        process(
            time, history, *store,
            wrong == Wrong::kWallClockForLeases ? static_cast<Clock&>(wall_clock) : time.clock()),
        frontend(process),
        network(time, process, history) {
    history.prompt_sampler = !plan.slow_sampler;
    process.slow_sampler = plan.slow_sampler;
    if (wrong == Wrong::kChecksNoToken) {
      frontend.read_token = [this](Core& core, Token token) {
        return NewestTokenOfItsTrial(*store, core, token);
      };
    }
  }

  // The values that this attempt measured itself, by step.
  Curve StoredValues(Token token, const std::string& metric) {
    const auto attempt = store->FindAttempt(token.epoch, token.counter);
    if (!attempt.ok() || !*attempt) return {};
    const auto values = store->ReadMetric((*attempt)->trial_id, (*attempt)->number, metric);
    return Curve(values->begin(), values->end());
  }

  // Whether studies of this name have one.
  bool HasTestSet(const std::string& study) const {
    // One that learns is like the first one.
    for (const v1::Study& one : plan.studies) {
      if (one.name() == study || study == "learns") return simulation::HasTestSet(one);
    }
    return false;
  }

  // A value like no other of this history.
  double NewValue() { return time.Uniform(1); }

  void Fault(std::string what) {
    if (faults.size() < 20) faults.push_back(std::move(what));
  }

  const Plan plan;
  Timeline time;
  History history;
  storage::MemoryStore memory;
  Disk disk;
  std::unique_ptr<ForwardingStore> store;
  WallClock wall_clock;
  Process process;
  Frontend frontend;
  Network network;

  std::map<std::string, Curve> contents;  // of checkpoints, by file
  std::map<Token, Curve> finished;        // what attempts had measured whose end was answered
  std::map<Token, double> evaluated;      // what evaluations found whose end was answered
  bool is_over = false;                   // callers go home
  std::vector<std::string> faults;        // what the parts themselves found wrong
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WORLD_H_
