// final-is-final: what a trial came to never changes. conservation: no trial is lost or doubled,
// numbers are dense, counts are what is counted, no limit is exceeded.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state.h"
#include "server/coordinator/state_table.h"
#include "storage/trial_state.h"
#include "tests/server/coordinator/simulation/checker.h"

namespace caviar::coordinator::simulation {
namespace {

bool IsSame(const storage::TrialRow& a, const storage::TrialRow& b) {
  const auto equal = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.SerializeAsString() == y.second.SerializeAsString();
  };
  return a.state == b.state && a.objective == b.objective && a.objective_step == b.objective_step &&
         a.lost_leases == b.lost_leases &&
         std::equal(a.parameters.begin(), a.parameters.end(), b.parameters.begin(),
                    b.parameters.end(), equal);
}

void CheckFinal(const Past& past, int64_t id, const TrialPast& trial, Violations& violations) {
  const storage::TrialRow* final = nullptr;
  for (const auto& [place, row] : trial.rows) {
    if (final != nullptr && !IsSame(*final, *row)) {
      violations.push_back({kFinalIsFinal, absl::StrCat("trial with id ", id, " was ",
                                                        v1::Trial::State_Name(final->state),
                                                        " and changed in commit ", place)});
      return;
    }
    if (IsFinal(row->state)) final = row;
  }
  const auto stored = past.stored.find(id);
  if (final == nullptr || stored == past.stored.end()) return;
  if (IsFinal(stored->second->state) && !IsSame(*final, *stored->second)) {
    violations.push_back(
        {kFinalIsFinal, absl::StrCat("trial with id ", id, " is not stored as what it came to")});
  }
}

void CheckNumbers(const Past& past, const storage::StudyRow& study, Violations& violations) {
  std::set<int32_t> numbers;
  size_t rows = 0;
  v1::TrialCounts counts;
  for (const storage::TrialRow& row : past.history.dump.rows.trials) {
    if (row.study_id != study.id) continue;
    ++rows;
    numbers.insert(row.number);
    storage::Count(counts, row.state, 1);
  }
  const auto broken = [&](const std::string& what) {
    violations.push_back({kConservation, absl::StrCat("study ", study.definition.name(), what)});
  };
  if (numbers.size() != rows || (rows > 0 && *numbers.rbegin() != static_cast<int>(rows) - 1)) {
    broken(": its trials' numbers are not 0, 1, ...");
  }
  size_t created = 0;
  for (const auto& [id, trial] : past.trials) created += trial.study_id == study.id ? 1 : 0;
  if (created != rows) broken(absl::StrCat(": ", created, " trials became ", rows));
  const v1::Limits& limits = study.definition.limits();
  if (limits.has_max_trials() && rows > static_cast<size_t>(limits.max_trials()) *
                                            static_cast<size_t>(RepeatsOf(study.definition))) {
    broken(absl::StrCat(" has ", rows, " trials"));
  }
  const auto told = past.history.dump.counts.find(study.id);
  if (told == past.history.dump.counts.end() ||
      told->second.SerializeAsString() != counts.SerializeAsString()) {
    broken("'s counts are not what is counted");
  }
}

// After a commit that gave trials away, no more run than may.
void CheckParallel(const Past& past, Violations& violations) {
  struct Change {
    int running = 0;
    bool grants = false;
  };
  std::map<int64_t, std::map<size_t, Change>> changes;  // by study and commit
  for (const auto& [id, trial] : past.trials) {
    bool ran = false;
    for (const auto& [place, row] : trial.rows) {
      const bool runs = row->state == v1::Trial::RUNNING;
      changes[trial.study_id][place].running += (runs ? 1 : 0) - (ran ? 1 : 0);
      ran = runs;
    }
    for (const auto& [number, rows] : trial.attempts) {
      const auto& [place, row] = *rows.begin();
      if (row->outcome == v1::Attempt::OUTCOME_UNSPECIFIED) {
        changes[trial.study_id][place].grants = true;
      }
    }
  }
  for (const auto& [id, rows] : past.studies) {
    const v1::Limits& limits = rows.begin()->second->definition.limits();
    if (!limits.has_parallel()) continue;
    int running = 0;
    for (const auto& [place, change] : changes[id]) {
      running += change.running;
      if (!change.grants || running <= limits.parallel()) continue;
      violations.push_back({kConservation, absl::StrCat("study with id ", id, ": ", running,
                                                        " trials run after commit ", place)});
      break;
    }
  }
}

}  // namespace

void CheckTrials(const Past& past, Violations& violations) {
  for (const auto& [id, trial] : past.trials) CheckFinal(past, id, trial, violations);
  for (const storage::StudyRow& study : past.history.dump.rows.studies) {
    if (!study.deleted) CheckNumbers(past, study, violations);
  }
  CheckParallel(past, violations);
}

}  // namespace caviar::coordinator::simulation
