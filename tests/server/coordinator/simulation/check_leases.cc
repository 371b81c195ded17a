// one-lease: at no time do two live leases exist for a trial; tokens only grow; none expires before
// its time; what a stale token sends changes nothing and is kept apart.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/coordinator/simulation/checker.h"

namespace caviar::coordinator::simulation {
namespace {

Token TokenOf(const storage::AttemptRow& row) { return {row.token_epoch, row.token_counter}; }

class LeaseChecker {
 public:
  LeaseChecker(const Past& past, Violations& violations)
      : past_(past), commits_(past.history.commits), violations_(violations) {
    for (const Call& call : past.history.calls) {
      for (const Answer& answer : call.answers) {
        const bool renews =
            call.verb == Verb::kRenew ? answer.held : call.verb == Verb::kReport && answer.ok();
        if (renews) renewed_[call.token].push_back({call.verb, answer.taken});
      }
    }
  }

  void CheckTrial(int64_t id, const TrialPast& trial) {
    const Versions<storage::AttemptRow>* before = nullptr;
    for (const auto& [number, rows] : trial.attempts) {
      if (past_.Find(TokenOf(*rows.begin()->second)) == nullptr ||
          *past_.Find(TokenOf(*rows.begin()->second)) != std::pair(id, number)) {
        Break(id, "an attempt has the token of another one");
      }
      if (before != nullptr) CheckOrder(id, *before, rows);
      CheckExpiries(id, rows);
      before = &rows;
    }
  }

  void CheckCall(const Call& call) {
    const bool writes = call.verb == Verb::kReport || call.verb == Verb::kFinish ||
                        call.verb == Verb::kTell || call.verb == Verb::kCheckpoint;
    const auto* place = past_.Find(call.token);
    if (!writes || place == nullptr) return;
    for (const Answer& answer : call.answers) {
      if (answer.ok()) CheckNewest(call, answer, place->first);
    }
    if (call.verb == Verb::kReport) CheckRefused(call, *place);
  }

 private:
  void Break(int64_t trial, std::string what) {
    violations_.push_back({kOneLease, absl::StrCat("trial with id ", trial, ": ", what)});
  }

  void CheckOrder(int64_t id, const Versions<storage::AttemptRow>& older,
                  const Versions<storage::AttemptRow>& newer) {
    const size_t granted = newer.begin()->first;
    if (TokenOf(*older.begin()->second) >= TokenOf(*newer.begin()->second)) {
      Break(id, "a later attempt has an older token");
    }
    bool open = true;
    for (const auto& [place, row] : older) {
      if (place <= granted) open = IsOpen(*row);
      if (place > granted && IsOpen(*row)) open = true;
    }
    if (open) Break(id, "it was given away while another lease stood");
  }

  // Not earlier than the TTL after the last renewal that was answered, or a fresh TTL.
  void CheckExpiries(int64_t id, const Versions<storage::AttemptRow>& rows) {
    Time begun;
    for (const auto& [place, row] : rows) {
      if (IsOpen(*row)) begun = commits_[place].time;
      if (row->outcome != v1::Attempt::LEASE_EXPIRED) continue;
      const Time expired = commits_[place].decided;
      Time last = begun;
      const char* sign = "grant";
      const auto note = [&last, &sign](Time time, const char* what) {
        if (time > last) sign = what;
        last = std::max(last, time);
      };
      for (const auto& [verb, taken] : renewed_[TokenOf(*row)]) {
        // Only an asker's report renews.
        const bool renews = verb == Verb::kRenew || row->worker_id.empty();
        if (renews && taken <= expired) note(taken, "renewal");
      }
      for (const Pause& pause : past_.history.pauses) {
        if (pause.to > expired) break;
        // A commit that failed at the moment of this one came after it: it makes sweeps wait.
        if (pause.from == expired) continue;
        note(pause.to, "pause");
      }
      const Time ttl =
          row->lease_duration == 0 ? past_.history.ttl : absl::Microseconds(row->lease_duration);
      if (expired < last + ttl) {
        Break(id, absl::StrCat("the lease ", row->token_counter, " expired in commit ", place, ", ",
                               absl::FormatDuration(expired - last), " after its last ", sign));
      }
    }
  }

  void CheckNewest(const Call& call, const Answer& answer, int64_t trial) {
    const auto end = call.verb == Verb::kFinish ? past_.FindEnd(call) : std::nullopt;
    for (const auto& [number, rows] : past_.trials.at(trial).attempts) {
      if (TokenOf(*rows.begin()->second) <= call.token) continue;
      if (commits_[rows.begin()->first].time >= answer.taken) continue;
      // It said once more how its attempt had ended before.
      if (end && *end <= rows.begin()->first) continue;
      Break(trial, absl::StrCat("the token ", call.token.counter,
                                " was taken when a newer one was there"));
      return;
    }
  }

  // Of a deleted study nothing is left to look at.
  void CheckRefused(const Call& call, std::pair<int64_t, int32_t> place) {
    if (past_.IsDeleted(past_.trials.at(place.first).study_id)) return;
    const auto stored =
        past_.history.dump.measurements.find({place.first, place.second, call.step});
    const bool counts =
        stored != past_.history.dump.measurements.end() && stored->second == call.value;
    const auto lost = std::count_if(call.answers.begin(), call.answers.end(),
                                    [](const Answer& answer) { return answer.lease_lost; });
    if (lost == 0) return;
    if (counts && static_cast<size_t>(lost) == call.taken.size()) {
      Break(place.first, absl::StrCat("what the stale token ", call.token.counter,
                                      " measured counts, though it was refused"));
    }
    if (!counts && !past_.late.contains(call.value)) {
      Break(place.first,
            absl::StrCat("what the stale token ", call.token.counter, " measured was thrown away"));
    }
  }

  const Past& past_;
  const std::vector<Commit>& commits_;
  Violations& violations_;
  std::map<Token, std::vector<std::pair<Verb, Time>>> renewed_;
};

}  // namespace

void CheckLeases(const Past& past, Violations& violations) {
  LeaseChecker checker(past, violations);
  for (const auto& [id, trial] : past.trials) checker.CheckTrial(id, trial);
  for (const Call& call : past.history.calls) checker.CheckCall(call);
}

}  // namespace caviar::coordinator::simulation
