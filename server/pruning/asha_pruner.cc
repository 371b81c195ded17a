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

void AshaPruner::Reach(int32_t number, TrialRungs& trial, double value) {
  rungs_[trial.values.size()].table.Add(number, value);
  trial.values.push_back(value);
}

void AshaPruner::Measure(int32_t number, int64_t step, double value) {
  TrialRungs& trial = trials_[number];
  while (trial.values.size() < rungs_.size() && step >= rules_.rungs[trial.values.size()]) {
    Reach(number, trial, value);
  }
}

void AshaPruner::Complete(int32_t number, double value) {
  TrialRungs& trial = trials_[number];
  while (trial.values.size() < rungs_.size()) Reach(number, trial, value);
  trial.decided = rungs_.size();
  for (size_t rung = 0; rung < rungs_.size(); ++rung) {
    rungs_[rung].waiting.erase({Ranked(trial.values[rung]), number});
  }
}

Verdict AshaPruner::Decide(int32_t number) {
  TrialRungs& trial = trials_[number];
  Verdict verdict;
  while (verdict.act == Act::kContinue && trial.decided < trial.values.size()) {
    const size_t rung = trial.decided++;
    verdict = rules_.pause ? DecidePause(number, rung, trial.values[rung])
                           : DecideStop(number, rung, trial.values[rung]);
    verdict.step = rules_.rungs[rung];
    verdict.reason = absl::StrCat("step ", verdict.step, ": ", verdict.reason);
  }
  return verdict;
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

Verdict AshaPruner::DecidePause(int32_t number, size_t rung, double value) {
  const RungTable& table = rungs_[rung].table;
  const size_t best = table.size() / static_cast<size_t>(rules_.eta);
  Verdict verdict;
  if (table.Rank(number, value) < best) {
    verdict.reason =
        absl::StrCat(Show(value), " is among the best ", best, " of ", table.size(), ", goes on");
    return verdict;
  }
  rungs_[rung].waiting.emplace(Ranked(value), number);
  verdict.act = Act::kPause;
  verdict.reason = absl::StrCat(Show(value), " is not among the best ", best, " of ", table.size(),
                                ", waits for its promotion");
  return verdict;
}

std::optional<Promotion> AshaPruner::Promote(const std::set<int32_t>& paused, bool in_any_case) {
  for (size_t rung = rungs_.size(); rung-- > 0;) {
    Rung& here = rungs_[rung];
    const size_t best = here.table.size() / static_cast<size_t>(rules_.eta);
    for (auto entry = here.waiting.begin(); entry != here.waiting.end(); ++entry) {
      const auto [value, number] = *entry;
      if (!in_any_case && here.table.Rank(number, value) >= best) break;
      if (paused.count(number) == 0) continue;  // its checkpoint is on its way
      here.waiting.erase(entry);
      const int64_t step = rules_.rungs[rung];
      return Promotion{
          number,
          {Act::kPromote, step,
           in_any_case ? absl::StrCat("step ", step, ": ", Show(value),
                                      " is the best one, and none was trained to its end")
                       : absl::StrCat("step ", step, ": ", Show(value), " is among the best ", best,
                                      " of ", here.table.size())}};
    }
  }
  return std::nullopt;
}

void AshaPruner::Restore(int32_t number, int64_t step, Act act) {
  const auto at = std::find(rules_.rungs.begin(), rules_.rungs.end(), step);
  const auto trial = trials_.find(number);
  if (at == rules_.rungs.end() || trial == trials_.end()) return;
  const auto rung = static_cast<size_t>(at - rules_.rungs.begin());
  if (trial->second.values.size() <= rung) return;
  trial->second.decided = std::max(trial->second.decided, rung + 1);
  const std::pair<double, int32_t> entry(Ranked(trial->second.values[rung]), number);
  if (act == Act::kPause) rungs_[rung].waiting.insert(entry);
  if (act == Act::kPromote) rungs_[rung].waiting.erase(entry);
}

std::vector<double> AshaPruner::RungValues(int32_t number) const {
  const auto trial = trials_.find(number);
  return trial == trials_.end() ? std::vector<double>() : trial->second.values;
}

}  // namespace caviar::pruning
