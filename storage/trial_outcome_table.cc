#include "storage/trial_outcome_table.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "storage/real_columns.h"
#include "storage/statement.h"

namespace caviar::storage {

absl::Status WriteOutcome(const WriteContext& context, int64_t trial_id, const Outcome& outcome) {
  absl::StatusOr<Outcome> stored = ReadOutcome(context.connection, trial_id);
  if (!stored.ok()) return stored.status();
  if (AreSame(*stored, outcome)) return absl::OkStatus();
  if (!stored->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("trial ", trial_id, ": its outcome is there and never changes"));
  }
  for (const auto& [metric, value] : outcome) {
    Query insert(context.connection,
                 "INSERT INTO trial_outcome (trial_id, metric, value, not_finite, commit_number, "
                 "checksum) VALUES (?, ?, ?, ?, ?, ?)");
    insert.Bind(trial_id, metric, FiniteOrNull(value), NotFiniteOrNull(value), context.commit);
    if (absl::Status status = insert.BindChecksum().Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<Outcome> ReadOutcome(Connection& connection, int64_t trial_id) {
  Query query(connection, "SELECT * FROM trial_outcome WHERE trial_id = ?");
  query.Bind(trial_id);
  Outcome outcome;
  while (query.NextOf(kTrialOutcomeTable)) outcome.emplace(query.Text(1), ReadReal(query, 2));
  if (!query.status().ok()) return query.status();
  return outcome;
}

absl::Status ReadAllOutcomes(Connection& connection, std::vector<TrialRow>& trials) {
  absl::flat_hash_map<int64_t, TrialRow*> by_id;
  by_id.reserve(trials.size());
  for (TrialRow& trial : trials) by_id.emplace(trial.id, &trial);
  Query query(connection, "SELECT * FROM trial_outcome ORDER BY trial_id, metric");
  while (query.NextOf(kTrialOutcomeTable)) {
    const auto it = by_id.find(query.Integer(0));
    if (it == by_id.end()) continue;  // of a deleted study
    it->second->outcome.emplace(query.Text(1), ReadReal(query, 2));
  }
  return query.status();
}

absl::StatusOr<std::vector<Candidate>> ReadCandidates(
    Connection& connection, int64_t study_id, const std::vector<v1::Objective>& objectives) {
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < objectives.size(); ++i) {
    Query query(connection,
                "SELECT o.*, t.number FROM trial AS t JOIN trial_outcome AS o "
                "ON o.trial_id = t.id AND o.metric = ?2 "
                "WHERE t.study_id = ?1 AND t.state = 'COMPLETED' AND t.feasible IS NOT 0 "
                "AND o.value IS NOT NULL ORDER BY t.number");
    query.Bind(study_id, objectives[i].metric());
    size_t next = 0;
    while (query.NextOf(kTrialOutcomeTable)) {
      const int32_t number = query.Integer32(kTrialOutcomeTable.columns);
      const double loss = vocabulary::Loss(objectives[i], query.Real(2));
      if (i == 0) {
        candidates.push_back({number, {loss}});
        continue;
      }
      while (next < candidates.size() && candidates[next].number < number) ++next;
      if (next == candidates.size()) continue;
      if (candidates[next].number == number) candidates[next].losses.push_back(loss);
    }
    if (!query.status().ok()) return query.status();
    std::erase_if(candidates,
                  [i](const Candidate& candidate) { return candidate.losses.size() != i + 1; });
  }
  return candidates;
}

}  // namespace caviar::storage
