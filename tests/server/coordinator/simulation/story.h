// A short right history, written by hand: what the checker's tests break.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_STORY_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_STORY_H_

#include <functional>
#include <variant>

#include "tests/server/coordinator/simulation/history.h"

namespace caviar::coordinator::simulation {

// Study s: trial 0 is measured and COMPLETED by worker 1; trial 1 is lost by worker 1, which
// reports too late, and FAILED by worker 2; trial 2 is added with its result; then the study is
// stopped and resumed. Worker 1 asks that trial 3 be run again, and once more when worker 2 has it,
// which stops as it was told; the study is ended by a person while worker 1 has it again. Study t
// is created and deleted. Tokens are 1 for trial 0, 2 and 3 for trial 1, 4 for trial 2 and 5, 6 and
// 7 for trial 3.
History TellStory();

// Where things stand in its calls.
enum StoryCall {
  kCreateS,
  kAcquire0,
  kReport0,
  kRenew0,
  kFinish0,
  kAcquire1,
  kRenew1,
  kAcquire1Again,
  kStaleReport1,
  kFinish1,
  kAdd2,
  kStop,
  kResume,
  kAcquire3,
  kRunAgain3,
  kAcquire3Again,
  kStopped3,
  kAcquire3Last,
  kEnd,
  kCreateT,
  kDeleteT,
};
// And in its commits.
enum StoryCommit {
  kCreatedS,
  kGranted0,
  kReported0,
  kFinished0,
  kGranted1,
  kExpired1,
  kGranted1Again,
  kLate1,
  kFinished1,
  kAdded2,
  kStopped,
  kResumed,
  kGranted3,
  kRanAgain3,
  kGranted3Again,
  kLetGo3,
  kGranted3Last,
  kEnded,
  kCreatedT,
  kDeletedT,
};

// Changes rows of one kind, in the commits and in the dump.
template <typename Row>
void ForEachRow(Dump&, const std::function<void(Row&)>&) {}
template <>
inline void ForEachRow<storage::TrialRow>(Dump& dump,
                                          const std::function<void(storage::TrialRow&)>& change) {
  for (storage::TrialRow& row : dump.rows.trials) change(row);
}
template <>
inline void ForEachRow<storage::StudyRow>(Dump& dump,
                                          const std::function<void(storage::StudyRow&)>& change) {
  for (storage::StudyRow& row : dump.rows.studies) change(row);
}
template <typename Row>
void ForEachRow(Commit& commit, const std::function<void(Row&)>& change) {
  for (storage::Change& one : commit.batch) {
    if (Row* row = std::get_if<Row>(&one)) change(*row);
  }
}
template <typename Row>
void ForEachRow(History& history, const std::function<void(Row&)>& change) {
  for (Commit& commit : history.commits) ForEachRow<Row>(commit, change);
  ForEachRow<Row>(history.dump, change);
}

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_STORY_H_
