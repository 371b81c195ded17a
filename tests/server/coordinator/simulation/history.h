// What happened in a history, as its outside saw it: which calls were made and answered, what was
// committed, when leases got a fresh TTL, and what was stored at its end. Plain data; the checker
// (checker.h) is a pure function of it.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_HISTORY_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_HISTORY_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "server/coordinator/lease_table.h"
#include "storage/store.h"
#include "tests/server/coordinator/simulation/timeline.h"

namespace caviar::coordinator::simulation {

enum class Verb {
  kCreateStudy,
  kStopStudy,
  kResumeStudy,
  kDeleteStudy,
  kAddTrial,
  kRegister,
  kAcquire,
  kAsk,
  kRenew,
  kReport,
  kFinish,
  kTell,
  kGiveBack,
  kCheckpoint,
  kEvaluate,  // the end of a test evaluation; its token is no trial's
};

// An answer that came back to its caller.
struct Answer {
  Time taken;  // when the coordinator took the copy of the call that is answered
  Time came;
  absl::StatusCode code = absl::StatusCode::kOk;
  bool lease_lost = false;
  std::string body;     // of what a repeat has to get again, the bytes
  int32_t number = -1;  // of the trial that it names
  Token token;          // that it grants
  v1::Trial::State state = v1::Trial::STATE_UNSPECIFIED;  // that its trial has now
  int32_t conflicts = 0;
  bool held = false;  // the lease that was renewed stands

  bool ok() const { return code == absl::StatusCode::kOk; }
  // What is stored of one who said that something may be tried again says nothing.
  bool is_definite() const {
    return code != absl::StatusCode::kUnavailable && code != absl::StatusCode::kInternal;
  }
};

// A call, however often it was sent: all copies have the same request id and body.
struct Call {
  Call() = default;
  explicit Call(Verb the_verb) : verb(the_verb) {}

  Verb verb = Verb::kCreateStudy;
  Time sent;           // the first time
  std::string client;  // empty: it has no request id
  int64_t sequence = 0;
  std::string study;
  Token token;       // under which it was made
  int64_t step = 0;  // of the one value that is reported
  // The value that is reported, or the parameter of the trial that is added: like no other of the
  // history.
  double value = 0;
  // Of kFinish: how the attempt ended; GIVEN_BACK: it stopped as it was told.
  v1::Attempt::Outcome outcome = v1::Attempt::OUTCOME_UNSPECIFIED;
  std::string why;          // that says, where it matters
  std::vector<Time> taken;  // when the coordinator took its copies
  std::vector<Answer> answers;
};

struct Commit {
  Time decided;  // when it was handed to the store
  Time time;     // when it was durable
  int64_t number = 0;
  storage::Batch batch;
};

// The coordinator could not act (it was dead, stopped, or waited for its disk), and promised all
// leases a fresh TTL at its end.
struct Pause {
  Time from;
  Time to;
};

// What was stored at the end.
struct Dump {
  storage::Snapshot rows;
  // By trial id, attempt and step: the objective's values.
  std::map<std::tuple<int64_t, int32_t, int64_t>, double> measurements;
  std::map<int64_t, v1::TrialCounts> counts;  // as people see them, by study id
  // What `caviar study verify` finds that does not follow from what is stored.
  std::vector<std::string> not_replayed;
};

struct History {
  Time ttl = absl::Seconds(60);
  // Suggestions came at once, so that nothing ever stood in for them.
  bool prompt_sampler = false;
  std::vector<Call> calls;
  std::vector<Commit> commits;
  std::vector<Pause> pauses;  // in their order
  Time end;
  Dump dump;
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_HISTORY_H_
