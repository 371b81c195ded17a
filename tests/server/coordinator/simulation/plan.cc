#include "tests/server/coordinator/simulation/plan.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/server/coordinator/command_study.h"
#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator::simulation {
namespace {

void SetPruner(uint64_t choice, v1::Study& study) {
  if (choice == 0) return;
  v1::Pruner& pruner = *study.mutable_pruner();
  pruner.set_algorithm(choice == 1   ? v1::Pruner::MEDIAN
                       : choice <= 3 ? v1::Pruner::ASHA
                                     : v1::Pruner::HYPERBAND);
  if (choice == 1) {
    pruner.set_warm_up(2);
    return;
  }
  if (choice == 3 || choice == 5) pruner.set_mode(v1::Pruner::PROMOTE);
  // Of a program; networks train their epochs.
  if (study.trainer().has_command()) pruner.set_max_step(kEpochs);
  pruner.set_grace(1);
  pruner.set_eta(2);
}

// Trials measure values that are uniform on [0, 1] at each of their steps.
void SetLimit(uint64_t choice, v1::Study& study) {
  v1::Limits& limits = *study.mutable_limits();
  switch (choice) {
    case 0:
      return study.mutable_objective()->set_target(0.97);
    case 1:
      return limits.set_max_failed(2);
    case 2:
      return limits.set_max_steps(25);
    case 3:
      return limits.mutable_no_gain()->set_trials(4);
    case 4:
      return limits.mutable_max_duration()->set_seconds(400);
    default:
      return;
  }
}

}  // namespace

bool HasTestSet(const v1::Study& study) {
  return !study.trainer().batch_norm_network().data().idx().test_images().empty();
}

Plan MakePlan(uint64_t seed) {
  std::mt19937_64 random(seed * 2 + 1);
  const auto below = [&random](uint64_t n) { return random() % n; };
  Plan plan;
  plan.seed = seed;
  plan.workers = 1 + static_cast<int>(below(8));
  plan.slow_sampler = below(2) == 0;
  plan.people_stop = below(3) == 0;
  plan.people_delete = below(4) == 0;
  plan.jumps = below(2) == 0;
  if (below(4) == 0) plan.kill = 0.05;
  if (below(8) == 0) plan.fail = 0.1;
  const int studies = below(2) == 0 ? 1 : 2 + static_cast<int>(below(2));
  for (int i = 0; i < studies; ++i) {
    const std::string name(1, static_cast<char>('s' + i));
    const int trials = 4 + static_cast<int>(below(7));
    const bool asked = i > 0 && below(2) == 0;
    const bool runs_program = !asked && (seed + static_cast<uint64_t>(i)) % 4 == 3;
    v1::Study study = asked          ? ExternalStudy(name, trials)
                      : runs_program ? CommandStudy(name, trials)
                                     : NetworkStudy(name, trials);
    study.mutable_limits()->set_max_attempts(1 + static_cast<int32_t>(below(4)));
    if (below(4) != 0) study.mutable_limits()->set_parallel(std::max(1, plan.workers - 1));
    const uint64_t sampler = below(4);
    if (sampler < 2) study.mutable_sampler()->set_algorithm(v1::Sampler::TPE);
    if (sampler == 2) study.mutable_sampler()->set_algorithm(v1::Sampler::RANDOM);
    if (!asked) {
      if (!runs_program) {
        study.mutable_trainer()->mutable_batch_norm_network()->set_epochs(kEpochs);
      }
      if (below(6) == 0) {
        study.set_repeats(3);
        study.mutable_limits()->set_max_trials(4);
      } else {
        SetPruner(below(6), study);
      }
      if (below(3) == 0 && !runs_program) {
        auto& idx =
            *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
        idx.set_test_images("test-images");
        idx.set_test_labels("test-labels");
      }
    }
    SetLimit(below(10), study);
    plan.studies.push_back(std::move(study));
  }
  plan.people_learn = below(3) == 0;
  return plan;
}

Plan MakeCalmPlan(uint64_t seed) {
  Plan plan = MakePlan(seed);
  plan.fail = plan.stall = plan.kill = 0;
  plan.jumps = plan.freezes = false;
  return plan;
}

Plan MakeCrowd(uint64_t seed, int workers) {
  Plan plan;
  plan.seed = seed;
  plan.workers = workers;
  plan.people_add = false;
  plan.kill = 0.002;
  plan.fail = 0.002;
  v1::Study study = NetworkStudy("s", workers + workers / 10);
  study.mutable_sampler()->set_algorithm(v1::Sampler::RANDOM);
  study.mutable_trainer()->mutable_batch_norm_network()->set_epochs(kEpochs);
  study.mutable_limits()->set_max_steps(workers);
  plan.studies.push_back(std::move(study));
  return plan;
}

}  // namespace caviar::coordinator::simulation
