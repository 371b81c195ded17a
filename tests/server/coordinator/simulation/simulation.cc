#include "tests/server/coordinator/simulation/simulation.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/coordinator/verification.h"
#include "tests/server/coordinator/simulation/faults.h"
#include "tests/server/coordinator/simulation/inspection.h"
#include "tests/server/coordinator/simulation/people.h"
#include "tests/server/coordinator/simulation/workers.h"
#include "tests/server/coordinator/simulation/world.h"

namespace caviar::coordinator::simulation {
namespace {

// Of these, each history ends long before.
// Idle workers make some too: crowds need more of them to get as far.
constexpr int kMostEvents = 1'000'000;
constexpr int kMostEventsOfWorker = 1'000;
constexpr Time kCalmAfter = absl::Hours(4);

bool HaveEnded(World& world, const People& people) {
  if (!world.process.up() || !people.Idle()) return false;
  const State& state = world.process.core().state();
  const auto is_evaluated = [](const auto& study) {
    const auto& evaluation = study.second.evaluation;
    return !evaluation || (evaluation->state != v1::TestEvaluation::WAITING &&
                           evaluation->state != v1::TestEvaluation::RUNNING);
  };
  return state.ending.empty() && state.erasing.empty() &&
         std::all_of(
             state.studies.begin(), state.studies.end(),
             [](const auto& study) { return study.second.row.state == v1::Study::ENDED; }) &&
         std::all_of(state.studies.begin(), state.studies.end(), is_evaluated);
}

// The next event or the core's next wake, whichever comes first.
void Step(World& world) {
  if (world.process.next_wake() <= world.time.next()) {
    world.time.AdvanceTo(world.process.next_wake());
    world.process.Settle();
  } else {
    world.time.RunNext();
    // Or calls come together and are decided as one batch.
    if (world.time.Chance(0.5)) world.process.Settle();
  }
}

// What the coordinator's own verification finds wrong with a study; "": nothing.
std::string Verify(World& world, const storage::StudyReading& reading) {
  const auto found = VerifyStudy(world.memory, reading, [](const auto&) { return true; });
  const std::string& name = reading.study.definition.name();
  if (!found.ok()) return absl::StrCat("study ", name, ": ", found.status().ToString());
  const bool all = found->equal() + found->equal_stand_ins() + found->equal_known() +
                       found->equal_repeats() + found->added() ==
                   found->trials();
  if (all && found->differences() == 0 && found->done()) return "";
  return absl::StrCat("study ", name,
                      " is not what its verification computes: ", found->ShortDebugString());
}

Dump MakeDump(World& world) {
  Dump dump;
  dump.rows = *world.store->Load();
  std::map<int64_t, std::string> metrics;
  for (const storage::StudyRow& study : dump.rows.studies) {
    metrics[study.id] = study.definition.objective().metric();
    const auto reading = world.memory.GetStudy(study.definition.name());
    if (!reading.ok() || reading->study.id != study.id) continue;
    dump.counts[study.id] = reading->counts;
    std::string wrong = Verify(world, *reading);
    if (!wrong.empty()) dump.not_replayed.push_back(std::move(wrong));
  }
  std::map<int64_t, int64_t> studies;
  for (const storage::TrialRow& trial : dump.rows.trials) studies[trial.id] = trial.study_id;
  for (const Commit& commit : world.history.commits) {
    for (const storage::Change& change : commit.batch) {
      const auto* attempt = std::get_if<storage::AttemptRow>(&change);
      if (attempt == nullptr || !studies.contains(attempt->trial_id)) continue;
      const auto values = world.store->ReadMetric(attempt->trial_id, attempt->number,
                                                  metrics[studies[attempt->trial_id]]);
      for (const auto& [step, value] : *values) {
        dump.measurements[{attempt->trial_id, attempt->number, step}] = value;
      }
    }
  }
  return dump;
}

}  // namespace

Outcome Simulate(const Plan& plan, Wrong wrong) {
  World world(plan, wrong);
  People people(world);
  Workers workers(world);
  Faults faults(world);
  std::deque<Asker> askers;
  const Time begin = world.time.now();
  faults.Start();
  people.Start();
  for (int i = 0; i < plan.workers; ++i) {
    world.time.Later(world.time.Uniform(10), [&workers] { workers.Start(); });
  }
  for (const v1::Study& study : plan.studies) {
    if (study.trainer().has_external()) askers.emplace_back(world, study.name()).Start();
  }
  int events = 0;
  const int most_events = std::max(kMostEvents, kMostEventsOfWorker * plan.workers);
  bool calm = false;
  // Crowds are looked at now and then: it takes as long as they are large.
  const double inspected = std::min(1.0, 20.0 / plan.workers);
  while (!HaveEnded(world, people) && ++events < most_events && world.faults.empty()) {
    if (!calm && world.time.now() - begin > kCalmAfter) {
      calm = true;
      faults.End();
    }
    Step(world);
    if (world.time.Chance(inspected)) Inspect(world);
  }
  if (events >= most_events) world.Fault("it does not come to an end");
  faults.End();
  world.is_over = true;
  world.process.Settle();
  if (world.process.up() && world.faults.empty()) InspectEnd(world);
  world.process.Kill();
  world.store->Reopen();
  world.history.end = world.time.now();
  world.history.dump = MakeDump(world);
  return {std::move(world.history), std::move(world.faults)};
}

std::string Digest(const History& history) {
  std::string text = absl::StrCat(history.commits.size(), " commits, ", history.calls.size(),
                                  " calls, until ", absl::FormatDuration(history.end));
  for (const Call& call : history.calls) {
    absl::StrAppend(&text, " ", call.taken.size(), ":", call.answers.size());
  }
  for (const storage::TrialRow& row : history.dump.rows.trials) {
    absl::StrAppend(&text, " ", row.study_id, "/", row.number, "=", row.state, ",",
                    row.objective.value_or(-1));
  }
  return text;
}

}  // namespace caviar::coordinator::simulation
