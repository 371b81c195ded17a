// no-orphans: a trial runs exactly while an attempt at it is open, and no longer than its lease
// stands; retries stop at max_attempts and not before; a study whose limits are reached ends by
// itself.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"
#include "tests/server/coordinator/simulation/checker.h"

namespace caviar::coordinator::simulation {
namespace {

// Against max_attempts.
bool Counts(const storage::AttemptRow& row) {
  return row.outcome == v1::Attempt::LEASE_EXPIRED || row.outcome == v1::Attempt::RUN_AGAIN;
}

class OrphanChecker {
 public:
  OrphanChecker(const Past& past, Violations& violations)
      : past_(past), commits_(past.history.commits), violations_(violations) {
    for (const Call& call : past.history.calls) {
      if (call.verb != Verb::kRenew && call.verb != Verb::kReport) continue;
      auto& signs = signs_[call.token];
      signs.insert(signs.end(), call.taken.begin(), call.taken.end());
    }
    // Expiries are spread: so many a sweep, a sweep every half second.
    slack_ = absl::Seconds(1.0 + static_cast<double>(past.trials.size()) / 400);
  }

  void CheckTrial(int64_t id, const TrialPast& trial) {
    const auto study = past_.studies.find(trial.study_id);
    if (study == past_.studies.end()) return;
    CheckAttempts(id, trial);
    const int max_attempts = study->second.begin()->second->definition.limits().max_attempts();
    CheckLost(id, trial, max_attempts);
    CheckLetGo(id, trial, max_attempts);
    for (const auto& [number, rows] : trial.attempts) {
      std::optional<size_t> open;
      for (const auto& [place, row] : rows) {
        if (open && !IsOpen(*row)) {
          CheckLease(id, *row, commits_[*open].time, commits_[place].decided);
          open.reset();
        }
        if (!open && IsOpen(*row)) open = place;
      }
      if (!open || past_.IsDeleted(trial.study_id)) continue;
      CheckLease(id, *rows.rbegin()->second, commits_[*open].time, past_.history.end);
    }
  }

  void CheckStudy(const storage::StudyRow& study) {
    if (study.deleted || study.state == v1::Study::ENDED) return;
    const v1::Limits& limits = study.definition.limits();
    int64_t failed = 0;
    int64_t final = 0;
    for (const storage::TrialRow& row : past_.history.dump.rows.trials) {
      if (row.study_id != study.id) continue;
      failed += row.state == v1::Trial::FAILED ? 1 : 0;
      final += IsFinal(row.state) ? 1 : 0;
    }
    const bool all_done = limits.has_max_trials() &&
                          final >= int64_t{limits.max_trials()} * RepeatsOf(study.definition);
    if (all_done || (limits.has_max_failed() && failed >= limits.max_failed()) ||
        HasReachedTarget(study)) {
      Break(absl::StrCat("study ", study.definition.name(), " has reached a limit and goes on"));
    }
  }

 private:
  void Break(std::string what) { violations_.push_back({kNoOrphans, std::move(what)}); }

  void CheckAttempts(int64_t id, const TrialPast& trial) {
    std::set<size_t> places;
    for (const auto& [place, row] : trial.rows) places.insert(place);
    for (const auto& [number, rows] : trial.attempts) {
      for (const auto& [place, row] : rows) places.insert(place);
    }
    for (const size_t place : places) {
      const bool runs = Runs(trial.rows, place);
      bool open = false;
      for (const auto& [number, rows] : trial.attempts) {
        const auto after = rows.upper_bound(place);
        if (after != rows.begin()) open = IsOpen(*std::prev(after)->second);
      }
      if (runs == open) continue;
      return Break(absl::StrCat("trial with id ", id, runs ? " runs" : " does not run",
                                " after commit ", place, ", and its newest attempt is ",
                                open ? "open" : "closed"));
    }
  }

  static bool Runs(const Versions<storage::TrialRow>& rows, size_t place) {
    const auto after = rows.upper_bound(place);
    return after != rows.begin() && std::prev(after)->second->state == v1::Trial::RUNNING;
  }

  void CheckLost(int64_t id, const TrialPast& trial, int max_attempts) {
    for (const auto& [place, row] : trial.rows) {
      if (row->lost_leases < max_attempts) continue;
      if (row->state == v1::Trial::FAILED && row->lost_leases == max_attempts) continue;
      return Break(absl::StrCat("trial with id ", id, " lost ", row->lost_leases,
                                " leases of at most ", max_attempts, " and is ",
                                v1::Trial::State_Name(row->state)));
    }
    const auto lost =
        std::count_if(trial.attempts.begin(), trial.attempts.end(),
                      [](const auto& attempt) { return Counts(*attempt.second.rbegin()->second); });
    if (trial.rows.empty() || lost == trial.rows.rbegin()->second->lost_leases) return;
    Break(absl::StrCat("trial with id ", id, " counts not the ", lost, " leases it lost"));
  }

  // What one lost or let go of is for others to train, unless that was the last attempt.
  void CheckLetGo(int64_t id, const TrialPast& trial, int max_attempts) {
    for (const auto& [number, rows] : trial.attempts) {
      bool open = false;
      for (const auto& [place, row] : rows) {
        const bool ends = std::exchange(open, IsOpen(*row)) && !open;
        if (!ends || !(Counts(*row) || row->outcome == v1::Attempt::GIVEN_BACK)) continue;
        const auto after = trial.rows.upper_bound(place);
        if (after == trial.rows.begin()) continue;
        const storage::TrialRow& then = *std::prev(after)->second;
        const bool was_last = Counts(*row) && then.lost_leases >= max_attempts;
        if (!IsFinal(then.state) || then.state == v1::Trial::CANCELLED || was_last) continue;
        return Break(absl::StrCat("trial with id ", id, " became ",
                                  v1::Trial::State_Name(then.state), " in commit ", place,
                                  " when its attempt ", number, " let go of it"));
      }
    }
  }

  // Between `begin` and `end` there was never longer than the TTL no sign of life, while the
  // coordinator could act.
  void CheckLease(int64_t id, const storage::AttemptRow& row, Time begin, Time end) {
    const Time ttl =
        row.lease_duration == 0 ? past_.history.ttl : absl::Microseconds(row.lease_duration);
    std::vector<std::pair<Time, Time>>
        signs;  // from when it could not act, until the lease was fresh
    for (const Time sign : signs_[{row.token_epoch, row.token_counter}]) {
      signs.emplace_back(sign, sign);
    }
    for (const Pause& pause : past_.history.pauses) signs.emplace_back(pause.from, pause.to);
    std::sort(signs.begin(), signs.end());
    signs.emplace_back(end, end);
    Time last = begin;
    for (const auto& [from, to] : signs) {
      if (to <= begin || from > end) continue;
      if (from - last > ttl + slack_) {
        return Break(absl::StrCat("trial with id ", id, " ran for ",
                                  absl::FormatDuration(from - last), " without a sign of life"));
      }
      last = std::max(last, to);
    }
  }

  bool HasReachedTarget(const storage::StudyRow& study) const {
    const v1::Objective& objective = study.definition.objective();
    if (!objective.has_target() || RepeatsOf(study.definition) > 1) return false;
    const double sign = objective.goal() == v1::Objective::MINIMIZE ? -1 : 1;
    return std::any_of(past_.history.dump.rows.trials.begin(), past_.history.dump.rows.trials.end(),
                       [&](const auto& row) {
                         return row.study_id == study.id && row.state == v1::Trial::COMPLETED &&
                                sign * *row.objective >= sign * objective.target();
                       });
  }

  const Past& past_;
  const std::vector<Commit>& commits_;
  Violations& violations_;
  std::map<Token, std::vector<Time>> signs_;
  Time slack_;
};

}  // namespace

void CheckOrphans(const Past& past, Violations& violations) {
  OrphanChecker checker(past, violations);
  for (const auto& [id, trial] : past.trials) checker.CheckTrial(id, trial);
  for (const storage::StudyRow& study : past.history.dump.rows.studies) checker.CheckStudy(study);
}

}  // namespace caviar::coordinator::simulation
