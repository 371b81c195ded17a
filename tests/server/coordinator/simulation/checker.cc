#include "tests/server/coordinator/simulation/checker.h"

#include <type_traits>
#include <utility>
#include <variant>

namespace caviar::coordinator::simulation {
namespace {

bool EndedAs(const storage::AttemptRow& row, const Call& finish) {
  switch (finish.outcome) {
    case v1::Attempt::OUTCOME_UNSPECIFIED:
      return false;
    case v1::Attempt::GIVEN_BACK:
      return row.outcome == v1::Attempt::GIVEN_BACK || row.outcome == v1::Attempt::PRUNED;
    case v1::Attempt::COMPLETED:
      return row.outcome == v1::Attempt::COMPLETED;
    default:
      return row.outcome == finish.outcome && row.message == finish.why;
  }
}

}  // namespace

Past::Past(const History& the_history) : history(the_history) {
  for (size_t place = 0; place < history.commits.size(); ++place) {
    const auto read = [&](const auto& row) {
      using Row = std::decay_t<decltype(row)>;
      if constexpr (std::is_same_v<Row, storage::StudyRow>) {
        studies[row.id][place] = &row;
      } else if constexpr (std::is_same_v<Row, storage::TrialRow>) {
        trials[row.id].study_id = row.study_id;
        trials[row.id].rows[place] = &row;
      } else if constexpr (std::is_same_v<Row, storage::AttemptRow>) {
        trials[row.trial_id].attempts[row.number][place] = &row;
        tokens.emplace(Token{row.token_epoch, row.token_counter},
                       std::pair(row.trial_id, row.number));
      } else if constexpr (std::is_same_v<Row, storage::LateMeasurementRow>) {
        late[row.value] = &row;
      }
    };
    for (const storage::Change& change : history.commits[place].batch) std::visit(read, change);
  }
  for (const storage::TrialRow& row : history.dump.rows.trials) stored[row.id] = &row;
}

const std::pair<int64_t, int32_t>* Past::Find(Token token) const {
  const auto found = tokens.find(token);
  return found == tokens.end() ? nullptr : &found->second;
}

bool Past::IsDeleted(int64_t study_id) const {
  const auto study = studies.find(study_id);
  return study != studies.end() && !study->second.empty() &&
         study->second.rbegin()->second->deleted;
}

bool Past::IsGone(Token token) const {
  const auto* place = Find(token);
  return place != nullptr && IsDeleted(trials.at(place->first).study_id);
}

std::optional<size_t> Past::FindEnd(const Call& finish) const {
  const auto* attempt = Find(finish.token);
  if (attempt == nullptr) return std::nullopt;
  for (const auto& [place, row] : trials.at(attempt->first).attempts.at(attempt->second)) {
    if (EndedAs(*row, finish)) return place;
  }
  return std::nullopt;
}

Violations Check(const History& history) {
  const Past past(history);
  Violations violations;
  CheckCalls(past, violations);
  CheckEnds(past, violations);
  CheckLeases(past, violations);
  CheckTrials(past, violations);
  CheckOrphans(past, violations);
  // What is read again from a store that lost rows means nothing.
  if (violations.empty()) CheckReplay(past, violations);
  return violations;
}

}  // namespace caviar::coordinator::simulation
