#include "storage/evaluation_table.h"

#include "absl/strings/str_cat.h"
#include "storage/evaluation_class_table.h"
#include "storage/real_columns.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

absl::Status ReadMetrics(Connection& connection, EvaluationRow& row) {
  Query query(connection, "SELECT * FROM evaluation_metric WHERE study_id = ?");
  query.Bind(row.study_id);
  while (query.NextOf(kEvaluationMetricTable)) {
    row.metrics.emplace(query.Text(1), ReadReal(query, 2));
  }
  return query.status();
}

absl::StatusOr<std::vector<EvaluationRow>> ReadEvaluationRows(Connection& connection,
                                                              Query& query) {
  std::vector<EvaluationRow> rows;
  while (query.NextOf(kEvaluationTable)) {
    EvaluationRow& row = rows.emplace_back();
    row.study_id = query.Integer(0);
    row.trial_id = query.Integer(1);
    row.state = query.Word(2, &v1::TestEvaluation::State_Parse);
    row.message = query.Text(3);
    row.worker = query.Text(4);
    row.worker_id = query.Text(5);
    row.token_epoch = query.Integer(6);
    row.token_counter = query.Integer(7);
    row.request_client_id = query.Text(8);
    row.request_sequence = query.Integer(9);
    row.lost_leases = query.Integer32(10);
    row.time = query.Integer(11);
  }
  if (!query.status().ok()) return query.status();
  for (EvaluationRow& row : rows) {
    if (absl::Status status = ReadMetrics(connection, row); !status.ok()) return status;
    if (absl::Status status = ReadClasses(connection, row); !status.ok()) return status;
  }
  return rows;
}

absl::Status WriteMetrics(const WriteContext& context, const EvaluationRow& row) {
  Query erase(context.connection, "DELETE FROM evaluation_metric WHERE study_id = ?");
  if (absl::Status status = erase.Bind(row.study_id).Run(); !status.ok()) return status;
  for (const auto& [name, value] : row.metrics) {
    Query insert(context.connection,
                 "INSERT INTO evaluation_metric (study_id, name, value, not_finite, "
                 "commit_number, checksum) VALUES (?, ?, ?, ?, ?, ?)");
    insert.Bind(row.study_id, name, FiniteOrNull(value), NotFiniteOrNull(value), context.commit);
    if (absl::Status status = insert.BindChecksum().Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const EvaluationRow& row) {
  Query query(context.connection,
              "INSERT INTO evaluation (study_id, trial_id, state, message, worker, worker_id, "
              "token_epoch, token_counter, request_client_id, request_sequence, lost_leases, "
              "time, commit_number, checksum) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
              "ON CONFLICT (study_id) DO UPDATE SET trial_id = excluded.trial_id, "
              "state = excluded.state, message = excluded.message, worker = excluded.worker, "
              "worker_id = excluded.worker_id, token_epoch = excluded.token_epoch, "
              "token_counter = excluded.token_counter, "
              "request_client_id = excluded.request_client_id, "
              "request_sequence = excluded.request_sequence, "
              "lost_leases = excluded.lost_leases, time = excluded.time, "
              "commit_number = excluded.commit_number, checksum = excluded.checksum");
  query.Bind(row.study_id, row.trial_id, v1::TestEvaluation::State_Name(row.state), row.message,
             row.worker, TextOrNull(row.worker_id), row.token_epoch, row.token_counter,
             row.request_client_id, row.request_sequence, row.lost_leases, TimeOrNull(row.time),
             context.commit);
  if (absl::Status status = query.BindChecksum().Run(); !status.ok()) return status;
  if (absl::Status status = WriteMetrics(context, row); !status.ok()) return status;
  return WriteClasses(context, row);
}

absl::StatusOr<std::vector<EvaluationRow>> ReadAllEvaluations(Connection& connection) {
  Query query(connection,
              "SELECT e.* FROM evaluation AS e JOIN study ON study.id = e.study_id "
              "WHERE study.deleted = 0 ORDER BY e.study_id");
  return ReadEvaluationRows(connection, query);
}

absl::StatusOr<std::optional<EvaluationRow>> ReadEvaluation(Connection& connection,
                                                            int64_t study_id) {
  Query query(connection, "SELECT * FROM evaluation WHERE study_id = ?");
  query.Bind(study_id);
  absl::StatusOr<std::vector<EvaluationRow>> rows = ReadEvaluationRows(connection, query);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  return rows->front();
}

}  // namespace caviar::storage
