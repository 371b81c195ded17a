// acknowledged-is-durable: what was answered OK is there at the end. once: a call gets one answer,
// however often it comes. final-is-final, as far as answers tell.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/coordinator/state_table.h"
#include "tests/server/coordinator/simulation/check_requests.h"
#include "tests/server/coordinator/simulation/checker.h"
#include "tests/server/coordinator/simulation/plan.h"

namespace caviar::coordinator::simulation {
namespace {

const Answer* FirstOk(const Call& call) {
  const Answer* first = nullptr;
  for (const Answer& answer : call.answers) {
    if (answer.ok() && (first == nullptr || answer.taken < first->taken)) first = &answer;
  }
  return first;
}

std::string NameOf(const Call& call) {
  return absl::StrCat("call ", call.client, "/", call.sequence, " of ", call.study, " under ",
                      call.token.epoch, "/", call.token.counter);
}

class CallChecker {
 public:
  CallChecker(const Past& past, Violations& violations) : past_(past), violations_(violations) {
    for (const Call& call : past.history.calls) {
      if (call.verb == Verb::kReport) reports_[{call.token, call.step}].push_back(&call);
    }
    for (const auto& [id, trial] : past.trials) {
      const storage::TrialRow& row = *trial.rows.begin()->second;
      if (row.origin != v1::Trial::ADDED) continue;
      const auto rate = row.parameters.find(kRate);
      if (rate != row.parameters.end()) added_[rate->second.double_value()].push_back(id);
    }
  }

  void Check(const Call& call) {
    CheckAnswers(call);
    switch (call.verb) {
      case Verb::kAcquire:
      case Verb::kAsk:
        return CheckGrant(call);
      case Verb::kReport:
        return CheckReport(call);
      case Verb::kTell:
        return CheckTold(call);
      case Verb::kAddTrial:
        return CheckAddition(call);
      default:
        return;
    }
  }

 private:
  void Break(const char* rule, std::string what) { violations_.push_back({rule, std::move(what)}); }

  // The same answer again.
  void CheckAnswers(const Call& call) {
    const Answer* first = FirstOk(call);
    if (first == nullptr) return;
    const bool is_logged = call.verb != Verb::kTell;
    for (const Answer& answer : call.answers) {
      if (answer.ok()) {
        if ((is_logged && answer.body != first->body) ||
            (call.verb != Verb::kAcquire && call.verb != Verb::kAsk &&
             answer.token != first->token)) {
          Break(kOnce, absl::StrCat(NameOf(call), " got two answers: ", absl::CEscape(first->body),
                                    " and ", absl::CEscape(answer.body)));
        }
      } else if (answer.taken > first->came && answer.is_definite()) {
        CheckRefusal(call);
      }
    }
  }

  // Refused after it had been answered OK.
  void CheckRefusal(const Call& call) {
    switch (call.verb) {
      case Verb::kTell:
        if (!past_.IsGone(call.token))
          Break(kFinalIsFinal, NameOf(call) + " was refused when repeated");
        return;
      case Verb::kCreateStudy:
      case Verb::kStopStudy:
      case Verb::kResumeStudy:
      case Verb::kDeleteStudy:
      case Verb::kAddTrial:
      case Verb::kRegister:
        return Break(kOnce, NameOf(call) + " was refused when repeated");
      default:
        return;
    }
  }

  void CheckGrant(const Call& call) {
    for (const Answer& answer : call.answers) {
      if (!answer.ok() || answer.token == Token()) continue;
      const auto* place = past_.Find(answer.token);
      if (place == nullptr) {
        Break(kAcknowledgedIsDurable, absl::StrCat(NameOf(call), " got token ",
                                                   answer.token.counter, ", which is not stored"));
        continue;
      }
      const storage::AttemptRow& row =
          *past_.trials.at(place->first).attempts.at(place->second).begin()->second;
      if (row.request_client_id != call.client || row.request_sequence != call.sequence) {
        Break(kOnce, NameOf(call) + " got what another call had got");
      }
    }
  }

  void CheckReport(const Call& call) {
    const auto* place = past_.Find(call.token);
    if (place == nullptr || past_.IsGone(call.token)) return;
    const auto found =
        past_.history.dump.measurements.find({place->first, place->second, call.step});
    for (const Answer& answer : call.answers) {
      if (!answer.ok()) continue;
      if (found == past_.history.dump.measurements.end()) {
        return Break(kAcknowledgedIsDurable,
                     absl::StrCat(NameOf(call), " measured step ", call.step, ", which is lost"));
      }
      if (answer.conflicts > 0 ? found->second == call.value : found->second != call.value) {
        CheckConflict(call, answer, found->second);
      }
    }
  }

  // The value that was stored first stays.
  void CheckConflict(const Call& call, const Answer& answer, double stored) {
    const std::string what = absl::StrCat(NameOf(call), " measured ", call.value, " at step ",
                                          call.step, ", and ", stored, " is stored");
    if (answer.conflicts > 0) return Break(kOnce, what + ", though another was there before");
    for (const Call* other : reports_[{call.token, call.step}]) {
      if (other->value != stored || other->taken.empty()) continue;
      if (other->taken.front() > answer.taken) Break(kOnce, what + ", which came later");
      return;
    }
    Break(kAcknowledgedIsDurable, what);
  }

  void CheckTold(const Call& call) {
    if (past_.IsGone(call.token)) return;
    const auto* place = past_.Find(call.token);
    for (const Answer& answer : call.answers) {
      if (!answer.ok()) continue;
      const auto row = place == nullptr ? past_.stored.end() : past_.stored.find(place->first);
      if (row == past_.stored.end() || !IsFinal(row->second->state)) {
        return Break(kAcknowledgedIsDurable, NameOf(call) + " ended a trial that is not final");
      }
      if (row->second->state != answer.state) {
        return Break(kFinalIsFinal, NameOf(call) + " ended a trial that is something else now");
      }
    }
  }

  void CheckAddition(const Call& call) {
    const auto found = added_.find(call.value);
    const size_t times = found == added_.end() ? 0 : found->second.size();
    const Answer* ok = FirstOk(call);
    if (times > 1) return Break(kOnce, absl::StrCat(NameOf(call), " added ", times, " trials"));
    if (ok == nullptr) {
      if (times > 0 && call.answers.size() == call.taken.size()) {
        Break(kOnce, NameOf(call) + " was refused and added a trial");
      }
      return;
    }
    if (times == 1 && past_.IsDeleted(past_.trials.at(found->second[0]).study_id)) return;
    const auto row = times == 0 ? past_.stored.end() : past_.stored.find(found->second[0]);
    if (row == past_.stored.end() || row->second->number != ok->number) {
      Break(kAcknowledgedIsDurable,
            absl::StrCat(NameOf(call), " added trial ", ok->number, ", which is lost"));
    }
  }

  const Past& past_;
  Violations& violations_;
  std::map<std::pair<Token, int64_t>, std::vector<const Call*>> reports_;
  std::map<double, std::vector<int64_t>> added_;  // trial ids, by the parameter
};

}  // namespace

void CheckCalls(const Past& past, Violations& violations) {
  CallChecker checker(past, violations);
  for (const Call& call : past.history.calls) checker.Check(call);
  CheckRequests(past, violations);
}

}  // namespace caviar::coordinator::simulation
