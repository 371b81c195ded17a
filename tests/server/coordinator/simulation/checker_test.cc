// The checker is checked: a right history breaks no promise, and each of many histories that are
// broken by hand breaks exactly the one that it was broken for.
#include "tests/server/coordinator/simulation/checker.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/coordinator/state.h"
#include "storage/trial_state.h"
#include "tests/server/coordinator/simulation/plan.h"
#include "tests/server/coordinator/simulation/story.h"

namespace caviar::coordinator::simulation {
namespace {

using storage::AttemptRow;
using storage::StudyRow;
using storage::TrialRow;

constexpr absl::Duration kSecond = absl::Seconds(1);

struct Broken {
  const char* rule;
  const char* how;
  std::function<void(History&)> by;
};

// The calls' tokens too.
void ExchangeTokens(History& history, int64_t one, int64_t other) {
  const auto exchange = [one, other](int64_t& counter) {
    counter = counter == one ? other : counter == other ? one : counter;
  };
  ForEachRow<AttemptRow>(history, [&](AttemptRow& row) { exchange(row.token_counter); });
  for (Call& call : history.calls) {
    exchange(call.token.counter);
    for (Answer& answer : call.answers) exchange(answer.token.counter);
  }
}

void RecountTrials(History& history) {
  v1::TrialCounts counts;
  for (const TrialRow& row : history.dump.rows.trials) storage::Count(counts, row.state, 1);
  history.dump.counts[1] = counts;
}

TrialRow& Stored(History& history, int number) {
  return history.dump.rows.trials[static_cast<size_t>(number)];
}

Answer& Refuse(Answer& answer) {
  answer.code = absl::StatusCode::kFailedPrecondition;
  answer.body.clear();
  return answer;
}

void Renew(History& history, int64_t counter, double seconds) {
  Call call = history.calls[kRenew1];
  call.token.counter = counter;
  call.taken = {absl::Seconds(seconds)};
  call.answers[0].taken = call.taken[0];
  history.calls.push_back(std::move(call));
}

Answer& LoseLease(Answer& answer) {
  answer.code = absl::StatusCode::kAborted;
  answer.lease_lost = true;
  return answer;
}

// From the commit on.
void SetLostLeases(History& history, size_t commit, int64_t trial, int32_t lost) {
  const auto set = [=](TrialRow& row) {
    row.lost_leases = row.id == trial ? lost : row.lost_leases;
  };
  for (; commit < history.commits.size(); ++commit) {
    ForEachRow<TrialRow>(history.commits[commit], set);
  }
  ForEachRow<TrialRow>(history.dump, set);
}

// A repeat of the call, taken a minute after it.
Answer& Repeat(Call& call) {
  Answer again = call.answers.front();
  again.taken += 60 * kSecond;
  again.came += 60 * kSecond;
  call.taken.push_back(again.taken);
  return call.answers.emplace_back(again);
}

const std::vector<Broken>& AcknowledgedIsDurable() {
  static const std::vector<Broken> all = {
      {kAcknowledgedIsDurable, "a created study is not stored",
       [](History& history) { history.commits.resize(kCreatedT); }},
      {kAcknowledgedIsDurable, "a deleted study is still there",
       [](History& history) { history.commits.resize(kDeletedT); }},
      {kAcknowledgedIsDurable, "a granted token is not stored",
       [](History& history) {
         history.calls.push_back(history.calls[kAcquire3]);
         history.calls.back().sequence = 9;
         history.calls.back().answers[0].token = {1, 99};
       }},
      {kAcknowledgedIsDurable, "a measurement is lost",
       [](History& history) { history.dump.measurements.clear(); }},
      {kAcknowledgedIsDurable, "a measurement is another one",
       [](History& history) { history.dump.measurements.begin()->second = 0.125; }},
      {kAcknowledgedIsDurable, "an outcome is lost",
       [](History& history) {
         Stored(history, 0).state = v1::Trial::WAITING;
         RecountTrials(history);
       }},
      {kAcknowledgedIsDurable, "the end of an attempt is stored too late",
       [](History& history) { history.commits[kLetGo3].time += 2 * kSecond; }},
      {kAcknowledgedIsDurable, "an added trial is another one",
       [](History& history) { history.calls[kAdd2].answers[0].number = 1; }},
  };
  return all;
}

const std::vector<Broken>& Once() {
  static const std::vector<Broken> all = {
      {kOnce, "a repeat gets another answer",
       [](History& history) { Repeat(history.calls[kCreateS]).body = "another"; }},
      {kOnce, "a repeat is refused",
       [](History& history) { Refuse(Repeat(history.calls[kCreateS])); }},
      {kOnce, "a repeat gets another trial",
       [](History& history) {
         Repeat(history.calls[kAcquire0]).token = {1, 2};
       }},
      {kOnce, "one request gets two attempts",
       [](History& history) {
         history.calls[kAcquire3].sequence = 1;
         ForEachRow<AttemptRow>(history, [](AttemptRow& row) {
           if (row.token_counter == 5) row.request_sequence = 1;
         });
       }},
      {kOnce, "one call adds two trials",
       [](History& history) {
         storage::Batch batch = history.commits[kAdded2].batch;
         auto& trial = std::get<TrialRow>(batch[0]);
         trial.id = 104;
         trial.number = 4;
         auto& attempt = std::get<AttemptRow>(batch[1]);
         attempt.trial_id = 104;
         attempt.token_counter = 9;
         attempt.request_sequence = 20;
         history.dump.rows.trials.push_back(trial);
         history.commits.push_back({1200 * kSecond, 1200 * kSecond, 21, batch});
         RecountTrials(history);
       }},
      {kOnce, "a refused call adds a trial",
       [](History& history) { Refuse(history.calls[kAdd2].answers[0]); }},
      {kOnce, "a repeat replaces a measurement",
       [](History& history) {
         Call again = history.calls[kReport0];
         again.value = 0.7;
         again.taken[0] += kSecond;
         again.answers[0].taken += kSecond;
         history.calls.push_back(again);
         history.dump.measurements.begin()->second = 0.7;
       }},
      {kOnce, "a repeat is a conflict and replaces a measurement",
       [](History& history) { history.calls[kReport0].answers[0].conflicts = 1; }},
      {kOnce, "a repeat is refused when the trial is another's",
       [](History& history) { LoseLease(history.calls[kRunAgain3].answers[1]); }},
      {kOnce, "a repeat is refused, and the first answer never came",
       [](History& history) {
         auto& answers = history.calls[kRunAgain3].answers;
         answers.erase(answers.begin());
         LoseLease(answers[0]);
       }},
      {kOnce, "the repeat of one that stopped is refused",
       [](History& history) { LoseLease(Repeat(history.calls[kStopped3])); }},
      {kOnce, "an attempt ends in another way too",
       [](History& history) {
         history.calls.push_back(history.calls[kRunAgain3]);
         history.calls.back().outcome = v1::Attempt::COMPLETED;
         history.calls.back().answers.resize(1);
       }},
      {kOnce, "an attempt is to run again for two reasons",
       [](History& history) {
         history.calls.push_back(history.calls[kRunAgain3]);
         history.calls.back().why = "another";
         history.calls.back().answers.resize(1);
       }},
      {kOnce, "another outcome is refused, but not since the lease is lost",
       [](History& history) {
         history.calls.push_back(history.calls[kRunAgain3]);
         history.calls.back().outcome = v1::Attempt::COMPLETED;
         for (Answer& answer : history.calls.back().answers) Refuse(answer);
       }},
      {kOnce, "a repeat is told that the trial runs",
       [](History& history) { history.calls[kRunAgain3].answers[1].state = v1::Trial::RUNNING; }},
      {kOnce, "one that let go is told what the trial became later",
       [](History& history) { history.calls[kStopped3].answers[0].state = v1::Trial::CANCELLED; }},
      {kOnce, "one call stops a study twice",
       [](History& history) {
         for (const StoryCommit place : {kStopped, kResumed}) {
           history.commits.insert(history.commits.begin() + kGranted3, history.commits[place]);
         }
         std::swap(history.commits[kGranted3], history.commits[kGranted3 + 1]);
       }},
      {kOnce, "one call creates a study twice",
       [](History& history) {
         Commit again = history.commits[kCreatedT];
         std::get<StudyRow>(again.batch[0]).id = 3;
         std::get<StudyRow>(again.batch[0]).deleted = false;
         history.commits.push_back(again);
       }},
  };
  return all;
}

const std::vector<Broken>& OneLease() {
  static const std::vector<Broken> all = {
      {kOneLease, "a later attempt has an older token",
       [](History& history) { ExchangeTokens(history, 2, 3); }},
      {kOneLease, "a trial is given away while its lease stands",
       [](History& history) {
         storage::Batch expiry = std::exchange(history.commits[kExpired1].batch, {});
         history.commits[kLate1].batch.push_back(expiry[1]);
         Renew(history, 2, 1100);
       }},
      {kOneLease, "a lease expires too early", [](History& history) { Renew(history, 2, 1100); }},
      {kOneLease, "a lease expires too early after a pause",
       [](History& history) {
         history.pauses.push_back({1080 * kSecond, 1100 * kSecond});
       }},
      {kOneLease, "a stale token is taken",
       [](History& history) {
         history.calls[kStaleReport1].answers[0].code = absl::StatusCode::kOk;
         history.calls[kStaleReport1].answers[0].lease_lost = false;
         history.dump.measurements[{101, 1, 1}] = 0.25;
       }},
      {kOneLease, "a stale token ends its attempt when the trial is another's",
       [](History& history) {
         storage::Batch& lost = history.commits[kRanAgain3].batch;
         history.commits[kLetGo3].batch.push_back(lost[1]);
         std::get<AttemptRow>(lost[1]).outcome = v1::Attempt::LEASE_EXPIRED;
         ForEachRow<AttemptRow>(history, [](AttemptRow& row) {
           if (row.token_counter == 5) row.lease_duration = 1;
         });
         Call& call = history.calls[kRunAgain3];
         call.taken.erase(call.taken.begin());
         call.answers.erase(call.answers.begin());
       }},
      {kOneLease, "an attempt ends as its holder did not say",
       [](History& history) { history.calls.erase(history.calls.begin() + kRunAgain3); }},
      {kOneLease, "what a stale token brought counts",
       [](History& history) {
         history.dump.measurements[{101, 1, 1}] = 0.25;
       }},
      {kOneLease, "what a stale token brought is thrown away",
       [](History& history) { history.commits[kLate1].batch.clear(); }},
  };
  return all;
}

const std::vector<Broken>& FinalIsFinal() {
  static const std::vector<Broken> all = {
      {kFinalIsFinal, "a later commit changes an objective",
       [](History& history) {
         TrialRow row = Stored(history, 0);
         row.objective = 0.9;
         history.commits[kResumed].batch.push_back(row);
       }},
      {kFinalIsFinal, "a later commit changes a state",
       [](History& history) {
         TrialRow row = Stored(history, 0);
         row.state = v1::Trial::PRUNED;
         history.commits[kResumed].batch.push_back(row);
       }},
      {kFinalIsFinal, "the objective that is stored is another one",
       [](History& history) { Stored(history, 0).objective = 0.9; }},
      {kFinalIsFinal, "the answer named another state",
       [](History& history) { history.calls[kFinish1].answers[0].state = v1::Trial::COMPLETED; }},
      {kFinalIsFinal, "the outcome is refused when it comes again",
       [](History& history) { LoseLease(Repeat(history.calls[kFinish0])); }},
      {kFinalIsFinal, "the outcome is refused when it comes again, and was never answered",
       [](History& history) {
         history.calls[kFinish0].answers.erase(history.calls[kFinish0].answers.begin());
         LoseLease(history.calls[kFinish0].answers[0]);
       }},
  };
  return all;
}

const std::vector<Broken>& NoOrphans() {
  static const std::vector<Broken> all = {
      {kNoOrphans, "an attempt is closed and its trial runs",
       [](History& history) {
         history.commits[kExpired1].batch.erase(history.commits[kExpired1].batch.begin());
       }},
      {kNoOrphans, "a trial waits and its attempt is open",
       [](History& history) {
         storage::Batch& batch = history.commits[kExpired1].batch;
         history.commits[kGranted1Again].batch.insert(history.commits[kGranted1Again].batch.begin(),
                                                      batch[1]);
         batch.pop_back();
       }},
      {kNoOrphans, "a trial runs on without a sign of life",
       [](History& history) { history.calls.erase(history.calls.begin() + kRenew1); }},
      {kNoOrphans, "retries go on after max_attempts",
       [](History& history) {
         ForEachRow<StudyRow>(
             history, [](StudyRow& row) { row.definition.mutable_limits()->set_max_attempts(1); });
       }},
      {kNoOrphans, "a lost lease is not counted",
       [](History& history) {
         ForEachRow<TrialRow>(history, [](TrialRow& row) { row.lost_leases = 0; });
       }},
      {kNoOrphans, "an attempt that is to run again is not counted",
       [](History& history) { SetLostLeases(history, kRanAgain3, 103, 0); }},
      {kNoOrphans, "an attempt that stopped as it was told is counted",
       [](History& history) { SetLostLeases(history, kLetGo3, 103, 2); }},
      {kNoOrphans, "a trial fails though it may run again",
       [](History& history) {
         ForEachRow<AttemptRow>(history.commits[kFinished1],
                                [](AttemptRow& row) { row.outcome = v1::Attempt::RUN_AGAIN; });
         SetLostLeases(history, kFinished1, 101, 2);
         history.calls[kFinish1].outcome = v1::Attempt::RUN_AGAIN;
       }},
      {kNoOrphans, "a study goes on beyond its target",
       [](History& history) {
         StudyRow& row = history.dump.rows.studies[0];
         row.definition.mutable_objective()->set_target(0.7);
         row.state = v1::Study::ACTIVE;
       }},
      {kNoOrphans, "a study goes on when all its trials are final",
       [](History& history) {
         ForEachRow<StudyRow>(
             history, [](StudyRow& row) { row.definition.mutable_limits()->set_max_trials(4); });
         history.dump.rows.studies[0].state = v1::Study::ACTIVE;
       }},
      {kNoOrphans, "a study goes on after max_failed",
       [](History& history) {
         history.dump.rows.studies[0].definition.mutable_limits()->set_max_failed(1);
         history.dump.rows.studies[0].state = v1::Study::ACTIVE;
       }},
  };
  return all;
}

const std::vector<Broken>& ConservationAndReplay() {
  static const std::vector<Broken> all = {
      {kConservation, "a number is missing",
       [](History& history) { Stored(history, 3).number = 4; }},
      {kConservation, "a number is there twice",
       [](History& history) { Stored(history, 3).number = 1; }},
      {kConservation, "a trial is lost",
       [](History& history) {
         history.dump.rows.trials.pop_back();
         RecountTrials(history);
       }},
      {kConservation, "counts are wrong",
       [](History& history) { history.dump.counts[1].set_waiting(1); }},
      {kConservation, "there are more trials than max_trials",
       [](History& history) {
         ForEachRow<StudyRow>(
             history, [](StudyRow& row) { row.definition.mutable_limits()->set_max_trials(3); });
       }},
      {kConservation, "more trials run than may",
       [](History& history) {
         ForEachRow<StudyRow>(
             history, [](StudyRow& row) { row.definition.mutable_limits()->set_parallel(0); });
       }},
      {kReplayable, "a configuration is not the sampler's",
       [](History& history) {
         ForEachRow<TrialRow>(history, [](TrialRow& row) {
           if (row.number == 1) row.parameters[kRate].set_double_value(0.01);
         });
       }},
      {kReplayable, "the verification of a study finds something",
       [](History& history) { history.dump.not_replayed.push_back("trial 3 of s differs"); }},
      {kReplayable, "a stand-in is where suggestions came at once",
       [](History& history) {
         ForEachRow<TrialRow>(history, [](TrialRow& row) {
           if (row.number == 3) row.origin = v1::Trial::STAND_IN;
         });
       }},
  };
  return all;
}

std::string Explain(const Violations& violations) {
  std::string text;
  for (const Violation& one : violations) absl::StrAppend(&text, one.rule, ": ", one.what, "\n");
  return text;
}

void ExpectFlagged(const std::vector<Broken>& all) {
  for (const Broken& broken : all) {
    History history = TellStory();
    broken.by(history);
    const Violations violations = Check(history);
    std::set<std::string> rules;
    for (const Violation& one : violations) rules.insert(one.rule);
    EXPECT_EQ(rules, std::set<std::string>{broken.rule}) << broken.how << ":\n"
                                                         << Explain(violations);
  }
}

TEST(Checker, ARightHistoryBreaksNoPromise) { EXPECT_EQ(Explain(Check(TellStory())), ""); }
TEST(Checker, SeesWhatWasAcknowledgedAndIsLost) { ExpectFlagged(AcknowledgedIsDurable()); }
TEST(Checker, SeesWhatActsTwice) { ExpectFlagged(Once()); }
TEST(Checker, SeesTwoLeases) { ExpectFlagged(OneLease()); }
TEST(Checker, SeesWhatWasFinalAndChanges) { ExpectFlagged(FinalIsFinal()); }
TEST(Checker, SeesOrphans) { ExpectFlagged(NoOrphans()); }
TEST(Checker, SeesWhatIsMiscountedOrCannotBeReplayed) { ExpectFlagged(ConservationAndReplay()); }

}  // namespace
}  // namespace caviar::coordinator::simulation
