// Tells which promises a history breaks. A pure function of the history: it knows rows and answers,
// not the coordinator's memory.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_CHECKER_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_CHECKER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/server/coordinator/simulation/history.h"

namespace caviar::coordinator::simulation {

// The promises, by their names.
inline constexpr char kAcknowledgedIsDurable[] = "acknowledged-is-durable";
inline constexpr char kOneLease[] = "one-lease";
inline constexpr char kFinalIsFinal[] = "final-is-final";
inline constexpr char kOnce[] = "once";
inline constexpr char kNoOrphans[] = "no-orphans";
inline constexpr char kReplayable[] = "replayable";
inline constexpr char kConservation[] = "conservation";

struct Violation {
  std::string rule;
  std::string what;
};
using Violations = std::vector<Violation>;

// All that it breaks; none: it keeps all promises.
Violations Check(const History& history);

inline bool IsOpen(const storage::AttemptRow& row) {
  return row.outcome == v1::Attempt::OUTCOME_UNSPECIFIED;
}

// What one row was over the commits that wrote it: the place of each in History::commits, and what
// the row was after it.
template <typename Row>
using Versions = std::map<size_t, const Row*>;

struct TrialPast {
  int64_t study_id = 0;
  Versions<storage::TrialRow> rows;
  std::map<int32_t, Versions<storage::AttemptRow>> attempts;  // by number
};

// A history's commits, by what they wrote.
struct Past {
  explicit Past(const History& history);

  // The trial and attempt of a token; nullptr: no commit granted it.
  const std::pair<int64_t, int32_t>* Find(Token token) const;
  // Whether the study was deleted at some time.
  bool IsDeleted(int64_t study_id) const;
  // That of the token's trial was.
  bool IsGone(Token token) const;
  // The place of the commit since when the attempt has ended as this Finish says; none: it has not.
  std::optional<size_t> FindEnd(const Call& finish) const;

  const History& history;
  std::map<int64_t, Versions<storage::StudyRow>> studies;  // by id
  std::map<int64_t, TrialPast> trials;                     // by id
  std::map<Token, std::pair<int64_t, int32_t>> tokens;
  std::map<double, const storage::LateMeasurementRow*> late;  // by value
  std::map<int64_t, const storage::TrialRow*> stored;         // the dump's, by id
};

// One file each.
void CheckCalls(const Past& past, Violations& violations);    // durable, once
void CheckEnds(const Past& past, Violations& violations);     // durable, once, final
void CheckLeases(const Past& past, Violations& violations);   // one-lease
void CheckTrials(const Past& past, Violations& violations);   // final, conservation
void CheckOrphans(const Past& past, Violations& violations);  // no-orphans
void CheckReplay(const Past& past, Violations& violations);   // replayable

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_CHECKER_H_
