// replayable: each suggestion follows from stored numbers, by the coordinator's own verification of
// studies, which also computes the pruners' decisions again; and by one that is simpler. That one
// leaves out studies with a pruner, or that learn from others: what samplers see of them is not in
// the rows alone.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state.h"
#include "server/coordinator/state_table.h"
#include "tests/server/coordinator/simulation/checker.h"

namespace caviar::coordinator::simulation {
namespace {

class ReplayChecker {
 public:
  explicit ReplayChecker(const Past& past) {
    for (const auto& [id, trial] : past.trials) {
      for (const auto& [place, row] : trial.rows) {
        if (!IsFinal(row->state)) continue;
        final_[id] = past.history.commits[place].number;
        break;
      }
    }
  }

  // Whether the sampler says the same again.
  bool IsSameAgain(const StudyState& study, const TrialState& trial) const {
    const v1::Limits& limits = study.row.definition.limits();
    sampling::SamplerInput input;
    input.seed = study.row.definition.sampler().seed();
    input.number = trial.configuration;
    if (limits.has_max_trials()) input.max_trials = limits.max_trials();
    if (limits.has_parallel()) input.parallel = limits.parallel();
    if (study.sampler->UsesTriedPoints()) Show(study, trial, input);
    const auto sampler = sampling::MakeSampler(study.row.definition.sampler());
    const auto again = sampling::Suggest(**sampler, *study.space, input);
    return again && study.space->ToPoint(*again).value() == trial.point;
  }

 private:
  void Show(const StudyState& study, const TrialState& trial, sampling::SamplerInput& input) const {
    const int64_t seen = trial.row.suggestion_commit;
    for (size_t i = 0; i < study.history.size(); ++i) {
      if (WasFinal(study, study.history[i].number, seen)) input.history.Add(study.history[i]);
    }
    for (int32_t index = 0; index < trial.configuration; ++index) {
      if (!WasFinal(study, index, seen)) {
        input.pending.push_back({FirstTrial(study, index).point, {}});
      }
    }
  }

  bool WasFinal(const StudyState& study, int32_t index, int64_t commit) const {
    const auto& numbers = study.configurations[static_cast<size_t>(index)].trials;
    return !study.to_repeat.contains(index) &&
           std::all_of(numbers.begin(), numbers.end(), [&](int32_t number) {
             const auto found = final_.find(study.trials[static_cast<size_t>(number)].row.id);
             return found != final_.end() && found->second <= commit;
           });
  }

  std::map<int64_t, int64_t> final_;  // the commit that made it so, by trial id
};

}  // namespace

void CheckReplay(const Past& past, Violations& violations) {
  for (const std::string& what : past.history.dump.not_replayed) {
    violations.push_back({kReplayable, what});
  }
  auto state = MakeState(past.history.dump.rows);
  if (!state.ok()) {
    violations.push_back({kReplayable, state.status().ToString()});
    return;
  }
  const ReplayChecker checker(past);
  for (auto& [id, study] : state->studies) {
    const auto broken = [&, &name = study.row.definition.name()](const TrialState& trial,
                                                                 const char* what) {
      violations.push_back(
          {kReplayable, absl::StrCat("trial ", trial.row.number, " of ", name, what)});
    };
    const bool is_plain = !study.pruner && study.row.definition.warm_start().empty();
    if (is_plain) FillHistory(study);
    for (const TrialState& trial : study.trials) {
      const bool stands_in = trial.row.origin == v1::Trial::STAND_IN;
      if (stands_in &&
          (past.history.prompt_sampler || study.row.definition.limits().parallel() == 1)) {
        broken(trial, " is a stand-in where none may be");
      }
      if (trial.row.origin != v1::Trial::SAMPLER || !is_plain) continue;
      if (!checker.IsSameAgain(study, trial)) broken(trial, " cannot be computed again");
    }
  }
}

}  // namespace caviar::coordinator::simulation
