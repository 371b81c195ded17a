// What a Finish says of its attempt stands: acknowledged-is-durable. once: an attempt ends in one
// way; who says that again is answered OK, also where the trial is another's by now, and who says
// something else gets LEASE_LOST. final-is-final, as far as answers tell. one-lease: only who holds
// an attempt ends it.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/coordinator/state_table.h"
#include "tests/server/coordinator/simulation/checker.h"

namespace caviar::coordinator::simulation {
namespace {

// Its trial is for others to train.
bool LetsGo(const Call& call) {
  return call.outcome == v1::Attempt::GIVEN_BACK || call.outcome == v1::Attempt::RUN_AGAIN;
}

class EndChecker {
 public:
  EndChecker(const Past& past, Violations& violations)
      : past_(past), commits_(past.history.commits), violations_(violations) {
    for (const Call& call : past.history.calls) {
      if (call.verb == Verb::kFinish) said_[call.token].push_back(&call);
    }
  }

  void CheckCall(const Call& call) {
    if (call.verb != Verb::kFinish || past_.IsGone(call.token)) return;
    const std::optional<size_t> end = past_.FindEnd(call);
    for (const Answer& answer : call.answers) {
      if (!answer.ok()) {
        CheckRefusal(call, answer, end);
      } else if (!end || commits_[*end].time > answer.came) {
        Break(HasEnded(call.token, answer.came) ? kOnce : kAcknowledgedIsDurable, call,
              "was answered OK, and its attempt did not end so");
      } else if (LetsGo(call)) {
        CheckStateOfLetGo(call, answer, *end);
      } else {
        CheckFinal(call, answer);
      }
    }
  }

  void CheckAttempt(const Versions<storage::AttemptRow>& rows) {
    const storage::AttemptRow& row = *rows.rbegin()->second;
    const bool is_said =
        row.outcome == v1::Attempt::COMPLETED || row.outcome == v1::Attempt::RUN_AGAIN;
    if (!is_said || row.worker_id.empty()) return;
    const Token token{row.token_epoch, row.token_counter};
    for (const Call* call : said_[token]) {
      const std::optional<size_t> end = past_.FindEnd(*call);
      const bool came = end && std::any_of(call->taken.begin(), call->taken.end(), [&](Time taken) {
                          return taken <= commits_[*end].decided;
                        });
      if (came) return;
    }
    violations_.push_back(
        {kOneLease,
         absl::StrCat("the attempt under ", token.epoch, "/", token.counter, " became ",
                      v1::Attempt::Outcome_Name(row.outcome), ", which its holder had not said")});
  }

 private:
  void Break(const char* rule, const Call& call, const char* what) {
    violations_.push_back(
        {rule, absl::StrCat("finish ", v1::Attempt::Outcome_Name(call.outcome), " of ", call.study,
                            " under ", call.token.epoch, "/", call.token.counter, " ", what)});
  }

  // By then.
  bool HasEnded(Token token, Time then) const {
    const auto* attempt = past_.Find(token);
    if (attempt == nullptr) return false;
    const auto& rows = past_.trials.at(attempt->first).attempts.at(attempt->second);
    return std::any_of(rows.begin(), rows.end(), [&](const auto& version) {
      return version.second->outcome != v1::Attempt::OUTCOME_UNSPECIFIED &&
             commits_[version.first].time <= then;
    });
  }

  void CheckRefusal(const Call& call, const Answer& answer, std::optional<size_t> end) {
    if (!answer.is_definite()) return;
    if (end && commits_[*end].time < answer.taken) {
      return Break(LetsGo(call) ? kOnce : kFinalIsFinal, call, "was refused when repeated");
    }
    if (!answer.lease_lost) Break(kOnce, call, "was refused, though not with LEASE_LOST");
  }

  void CheckFinal(const Call& call, const Answer& answer) {
    const auto row = past_.stored.find(past_.Find(call.token)->first);
    if (row == past_.stored.end() || !IsFinal(row->second->state)) {
      return Break(kAcknowledgedIsDurable, call, "ended a trial that is not final");
    }
    if (row->second->state != answer.state) {
      Break(kFinalIsFinal, call, "ended a trial that is something else now");
    }
  }

  void CheckStateOfLetGo(const Call& call, const Answer& answer, size_t end) {
    const auto* attempt = past_.Find(call.token);
    const TrialPast& trial = past_.trials.at(attempt->first);
    const auto next = trial.attempts.upper_bound(attempt->second);
    const bool went_on =
        next != trial.attempts.end() && commits_[next->second.begin()->first].time <= answer.came;
    // The batch that let go of it may have given it away, or ended its study.
    const bool right = answer.state == v1::Trial::WAITING
                           ? went_on || commits_[end].time >= answer.taken || WasThen(trial, answer)
                           : answer.state != v1::Trial::RUNNING && WasThen(trial, answer);
    if (!right) Break(kOnce, call, "was told a state that its trial did not have");
  }

  // Between when the call was taken and its answer.
  bool WasThen(const TrialPast& trial, const Answer& answer) const {
    const storage::TrialRow* before = nullptr;
    for (const auto& [place, row] : trial.rows) {
      if (commits_[place].time > answer.came) break;
      if (commits_[place].time < answer.taken) {
        before = row;
      } else if (row->state == answer.state) {
        return true;
      }
    }
    return before != nullptr && before->state == answer.state;
  }

  const Past& past_;
  const std::vector<Commit>& commits_;
  Violations& violations_;
  std::map<Token, std::vector<const Call*>> said_;
};

}  // namespace

void CheckEnds(const Past& past, Violations& violations) {
  EndChecker checker(past, violations);
  for (const Call& call : past.history.calls) checker.CheckCall(call);
  for (const auto& [id, trial] : past.trials) {
    for (const auto& [number, rows] : trial.attempts) checker.CheckAttempt(rows);
  }
}

}  // namespace caviar::coordinator::simulation
