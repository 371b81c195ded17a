#include "storage/pruner_decision_table.h"

#include "absl/strings/str_cat.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

// Decisions in the order of their numbers.
constexpr absl::string_view kDecisionOrder =
    " ORDER BY d.trial_id, d.step, CASE d.decision "
    "WHEN 'CONTINUE' THEN 1 WHEN 'STOP' THEN 2 WHEN 'PAUSE' THEN 3 ELSE 4 END";

absl::StatusOr<std::vector<PrunerDecisionRow>> ReadDecisionRows(Query& query) {
  std::vector<PrunerDecisionRow> rows;
  while (query.NextOf(kPrunerDecisionTable)) {
    PrunerDecisionRow& row = rows.emplace_back();
    row.trial_id = query.Integer(0);
    row.step = query.Integer(1);
    row.decision = query.Word(2, &v1::PrunerDecision::Decision_Parse);
    row.reason = query.Text(3);
    row.time = query.Integer(4);
    row.at = {query.Integer(6), query.Integer32(5)};
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const PrunerDecisionRow& row) {
  Query query(context.connection,
              "INSERT INTO pruner_decision (trial_id, step, decision, reason, time, position, "
              "commit_number, checksum) VALUES (?,?,?,?,?,?,?,?) "
              "ON CONFLICT (trial_id, step, decision) DO UPDATE SET "
              "reason = excluded.reason, time = excluded.time, position = excluded.position, "
              "commit_number = excluded.commit_number, checksum = excluded.checksum");
  query.Bind(row.trial_id, row.step, v1::PrunerDecision::Decision_Name(row.decision), row.reason,
             TimeOrNull(row.time), context.position, context.commit);
  return query.BindChecksum().Run();
}

absl::StatusOr<std::vector<PrunerDecisionRow>> ReadAllPrunerDecisions(Connection& connection) {
  Query query(
      connection,
      absl::StrCat("SELECT d.* FROM pruner_decision AS d JOIN trial ON trial.id = d.trial_id "
                   "JOIN study ON study.id = trial.study_id WHERE study.deleted = 0",
                   kDecisionOrder));
  return ReadDecisionRows(query);
}

absl::StatusOr<std::vector<PrunerDecisionRow>> ReadPrunerDecisions(Connection& connection,
                                                                   int64_t trial_id) {
  Query query(connection, absl::StrCat("SELECT d.* FROM pruner_decision AS d WHERE d.trial_id = ?",
                                       kDecisionOrder));
  query.Bind(trial_id);
  return ReadDecisionRows(query);
}

}  // namespace caviar::storage
