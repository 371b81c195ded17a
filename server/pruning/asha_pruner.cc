#include "server/pruning/asha_pruner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace caviar::pruning {

std::vector<int64_t> MakeRungs(int64_t grace, int32_t eta, int64_t max_step) {
  std::vector<int64_t> rungs;
  // Written so that nothing overflows.
  for (int64_t rung = grace; rung < max_step; rung *= eta) {
    rungs.push_back(rung);
    if (rung > max_step / eta) break;
  }
  return rungs;
}

AshaPruner::AshaPruner(AshaRules rules, bool maximize)
    : Pruner(maximize), rules_(std::move(rules)), rungs_(rules_.rungs.size()) {}

void AshaPruner::Reach(int32_t number, TrialRungs& trial, int64_t step, double value) {
  rungs_[trial.values.size()].table.Add(number, value);
  trial.values.push_back({step, value});
}

void AshaPruner::Leave(int32_t number, const TrialRungs& trial) {
  for (size_t rung = 0; rung < trial.values.size(); ++rung) {
    rungs_[rung].waiting.erase({Ranked(trial.values[rung].value), number});
  }
}

void AshaPruner::Measure(int32_t number, int64_t step, double value) {
  TrialRungs& trial = trials_[number];
  // It came late: what was measured further on stands where it belongs.
  for (size_t rung = 0; rung < trial.values.size(); ++rung) {
    Value& here = trial.values[rung];
    if (step < rules_.rungs[rung] || step >= here.step) continue;
    Rung& others = rungs_[rung];
    others.table.Remove(number, here.value);
    others.table.Add(number, value);
    if (others.waiting.erase({Ranked(here.value), number}) > 0) {
      others.waiting.emplace(Ranked(value), number);
    }
    here = {step, value};
  }
  while (trial.values.size() < rungs_.size() && step >= rules_.rungs[trial.values.size()]) {
    Reach(number, trial, step, value);
  }
}

void AshaPruner::Complete(int32_t number, double value) {
  TrialRungs& trial = trials_[number];
  Leave(number, trial);
  while (trial.values.size() < rungs_.size()) {
    Reach(number, trial, rules_.rungs[trial.values.size()], value);
  }
  trial.decided = rungs_.size();
}

void AshaPruner::Rewind(int32_t number, int64_t after_step) {
  TrialRungs& trial = trials_[number];
  Leave(number, trial);
  while (!trial.values.empty() && trial.values.back().step > after_step) {
    rungs_[trial.values.size() - 1].table.Remove(number, trial.values.back().value);
    trial.values.pop_back();
  }
}

std::vector<Verdict> AshaPruner::Decide(int32_t number) {
  TrialRungs& trial = trials_[number];
  std::vector<Verdict> verdicts;
  while (trial.decided < trial.values.size() &&
         (verdicts.empty() || verdicts.back().act != Act::kStop)) {
    const size_t rung = trial.decided++;
    const double value = trial.values[rung].value;
    Verdict verdict =
        rules_.pause ? DecidePause(number, rung, value) : DecideStop(number, rung, value);
    verdict.step = rules_.rungs[rung];
    verdict.reason = absl::StrCat("step ", verdict.step, ": ", verdict.reason);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

Verdict AshaPruner::DecideStop(int32_t number, size_t rung, double value) const {
  const RungTable& table = rungs_[rung].table;
  const size_t count = table.size();
  const auto eta = static_cast<size_t>(rules_.eta);
  Verdict verdict;
  if (count < eta) {
    verdict.reason = absl::StrCat("only ", count, " values to compare, fewer than eta ", eta);
    return verdict;
  }
  const size_t best = (count + eta - 1) / eta;
  const bool good = table.Rank(number, value) < best;
  if (!good) verdict.act = Act::kStop;
  verdict.reason =
      absl::StrCat(Show(value), good ? " is" : " is not", " among the best ", best, " of ", count);
  return verdict;
}

Verdict AshaPruner::DecidePause(int32_t number, size_t rung, double value) const {
  const RungTable& table = rungs_[rung].table;
  const size_t best = table.size() / static_cast<size_t>(rules_.eta);
  const bool good = table.Rank(number, value) < best;
  Verdict verdict;
  if (!good) verdict.act = Act::kPause;
  verdict.reason =
      absl::StrCat(Show(value), good ? " is" : " is not", " among the best ", best, " of ",
                   table.size(), good ? ", goes on" : ", waits for its promotion");
  return verdict;
}

void AshaPruner::Pause(int32_t number) {
  const TrialRungs& trial = trials_[number];
  const size_t rungs = std::min(trial.decided, trial.values.size());
  if (rungs == 0) return;
  Leave(number, trial);
  rungs_[rungs - 1].waiting.emplace(Ranked(trial.values[rungs - 1].value), number);
}

std::optional<Promotion> AshaPruner::FindPromotion(bool in_any_case) const {
  for (size_t rung = rungs_.size(); rung-- > 0;) {
    const Rung& here = rungs_[rung];
    if (here.waiting.empty()) continue;
    const auto [value, number] = *here.waiting.begin();
    const size_t best = here.table.size() / static_cast<size_t>(rules_.eta);
    if (!in_any_case && here.table.Rank(number, value) >= best) continue;
    const int64_t step = rules_.rungs[rung];
    return Promotion{number,
                     {Act::kPromote, step,
                      absl::StrCat("step ", step, ": ", Show(value),
                                   in_any_case ? " is the best one, and none was trained to its end"
                                               : absl::StrCat(" is among the best ", best, " of ",
                                                              here.table.size()))}};
  }
  return std::nullopt;
}

void AshaPruner::Restore(int32_t number, int64_t step) {
  const auto at = std::find(rules_.rungs.begin(), rules_.rungs.end(), step);
  if (at == rules_.rungs.end()) return;
  size_t& decided = trials_[number].decided;
  decided = std::max(decided, static_cast<size_t>(at - rules_.rungs.begin()) + 1);
}

void AshaPruner::End(int32_t number) {
  const auto trial = trials_.find(number);
  if (trial != trials_.end()) Leave(number, trial->second);
}

std::vector<double> AshaPruner::RungValues(int32_t number) const {
  std::vector<double> values;
  const auto trial = trials_.find(number);
  if (trial == trials_.end()) return values;
  for (const Value& value : trial->second.values) values.push_back(value.value);
  return values;
}

}  // namespace caviar::pruning
