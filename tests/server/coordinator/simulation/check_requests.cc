// once: a call acts once, however often it comes. acknowledged-is-durable, of changes of studies.
#include "tests/server/coordinator/simulation/check_requests.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace caviar::coordinator::simulation {
namespace {

class RequestChecker {
 public:
  RequestChecker(const Past& past, Violations& violations) : past_(past), violations_(violations) {}

  // Studies were created, deleted, stopped and resumed as often as people said, and not more often.
  void CheckStudies() {
    std::map<std::pair<Verb, std::string>, int> done;
    for (const auto& [id, rows] : past_.studies) {
      const storage::StudyRow* before = nullptr;
      for (const auto& [place, row] : rows) {
        const std::string& name = row->definition.name();
        const v1::Study::State was =
            before == nullptr ? v1::Study::STATE_UNSPECIFIED : before->state;
        if (before == nullptr) ++done[{Verb::kCreateStudy, name}];
        if (row->deleted && !(before != nullptr && before->deleted)) {
          ++done[{Verb::kDeleteStudy, name}];
        }
        if (was == v1::Study::ACTIVE && row->state == v1::Study::STOPPED &&
            row->message == "stopped by a person") {
          ++done[{Verb::kStopStudy, name}];
        }
        if (was == v1::Study::STOPPED && row->state == v1::Study::ACTIVE) {
          ++done[{Verb::kResumeStudy, name}];
        }
        before = row;
      }
    }
    std::map<std::pair<Verb, std::string>, std::pair<int, int>> said;  // answered OK, and taken
    for (const Call& call : past_.history.calls) {
      auto& [answered, taken] = said[{call.verb, call.study}];
      answered += std::any_of(call.answers.begin(), call.answers.end(),
                              [](const Answer& answer) { return answer.ok(); })
                      ? 1
                      : 0;
      taken += call.taken.empty() ? 0 : 1;
    }
    for (const Verb verb :
         {Verb::kCreateStudy, Verb::kDeleteStudy, Verb::kStopStudy, Verb::kResumeStudy}) {
      const bool always_acts = verb == Verb::kCreateStudy || verb == Verb::kDeleteStudy;
      for (const auto& [what, times] : said) {
        if (what.first != verb) continue;
        const int found = done[what];
        if (always_acts && times.first > found) {
          Break(kAcknowledgedIsDurable,
                absl::StrCat("a change of study ", what.second, " was acknowledged ", times.first,
                             " times and is stored ", found, " times"));
        }
        if (found > times.second) {
          Break(kOnce, absl::StrCat("study ", what.second, " was changed ", found, " times by ",
                                    times.second, " calls"));
        }
      }
    }
  }

  // A request got no other attempt while the one that it had got was the newest of its trial. (Once
  // the trial is another's, what asked for it may get a new one.)
  void CheckRequests() {
    // By the call: from which commit on it had got one, and until which.
    std::map<std::pair<std::string, int64_t>, std::vector<std::pair<size_t, size_t>>> grants;
    for (const auto& [id, trial] : past_.trials) {
      const size_t gone = Gone(trial.study_id);
      for (auto one = trial.attempts.begin(); one != trial.attempts.end(); ++one) {
        const auto& [place, row] = *one->second.begin();
        const auto next = std::next(one);
        grants[{row->request_client_id, row->request_sequence}].emplace_back(
            place, next == trial.attempts.end() ? gone : next->second.begin()->first);
      }
    }
    for (auto& [call, times] : grants) {
      std::sort(times.begin(), times.end());
      for (size_t i = 1; i < times.size(); ++i) {
        if (times[i].first >= times[i - 1].second) continue;
        Break(kOnce, absl::StrCat("request ", call.first, "/", call.second, " got two attempts"));
      }
    }
  }

 private:
  void Break(const char* rule, std::string what) { violations_.push_back({rule, std::move(what)}); }

  // The commit that deleted the study; behind the last one: none did.
  size_t Gone(int64_t study_id) const {
    const auto study = past_.studies.find(study_id);
    if (study == past_.studies.end()) return past_.history.commits.size();
    for (const auto& [place, row] : study->second) {
      if (row->deleted) return place;
    }
    return past_.history.commits.size();
  }

  const Past& past_;
  Violations& violations_;
};

}  // namespace

void CheckRequests(const Past& past, Violations& violations) {
  RequestChecker checker(past, violations);
  checker.CheckStudies();
  checker.CheckRequests();
}

}  // namespace caviar::coordinator::simulation
