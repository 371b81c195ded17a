#include "storage/attempt_table.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

absl::StatusOr<std::vector<AttemptRow>> ReadAttemptRows(Query& query) {
  std::vector<AttemptRow> rows;
  while (query.NextOf(kAttemptTable)) {
    AttemptRow& row = rows.emplace_back();
    row.trial_id = query.Integer(0);
    row.number = query.Integer32(1);
    row.worker = query.Text(2);
    row.worker_id = query.Text(3);
    row.token_epoch = query.Integer(4);
    row.token_counter = query.Integer(5);
    row.request_client_id = query.Text(6);
    row.request_sequence = query.Integer(7);
    row.outcome = query.Word(8, &v1::Attempt::Outcome_Parse);
    row.message = query.Text(9);
    row.start_time = query.Integer(10);
    row.end_time = query.Integer(11);
    row.parent_attempt = query.Integer32(12);
    row.resumed_from_step = query.Integer(13);
    row.lease_duration = query.Integer(14);
    row.numerics_fingerprint = query.Text(15);
    row.numerics_changed = query.Integer(16) != 0;
    row.start_at = {query.Integer(17), query.Integer32(18)};
    row.end_at = {query.Integer(19), query.Integer32(20)};
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const AttemptRow& row) {
  Query query(context.connection,
              "INSERT INTO attempt (trial_id, number, worker, worker_id, token_epoch, "
              "token_counter, request_client_id, request_sequence, outcome, message, start_time, "
              "end_time, parent_attempt, resumed_from_step, lease_duration, "
              "numerics_fingerprint, numerics_changed, start_commit, start_position, "
              "end_commit, end_position, commit_number, checksum) "
              "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
              "ON CONFLICT (trial_id, number) DO UPDATE SET worker = excluded.worker, "
              "worker_id = excluded.worker_id, token_epoch = excluded.token_epoch, "
              "token_counter = excluded.token_counter, "
              "request_client_id = excluded.request_client_id, "
              "request_sequence = excluded.request_sequence, outcome = excluded.outcome, "
              "message = excluded.message, start_time = excluded.start_time, "
              "end_time = excluded.end_time, parent_attempt = excluded.parent_attempt, "
              "resumed_from_step = excluded.resumed_from_step, "
              "lease_duration = excluded.lease_duration, "
              "numerics_fingerprint = excluded.numerics_fingerprint, "
              "numerics_changed = excluded.numerics_changed, "
              "start_commit = excluded.start_commit, start_position = excluded.start_position, "
              "end_commit = excluded.end_commit, end_position = excluded.end_position, "
              "commit_number = excluded.commit_number, checksum = excluded.checksum");
  const bool ended = row.outcome != v1::Attempt::OUTCOME_UNSPECIFIED;
  query.Bind(
      row.trial_id, row.number, row.worker, TextOrNull(row.worker_id), row.token_epoch,
      row.token_counter, row.request_client_id, row.request_sequence,
      ended ? std::optional<std::string>(v1::Attempt::Outcome_Name(row.outcome)) : std::nullopt,
      row.message, TimeOrNull(row.start_time), TimeOrNull(row.end_time), row.parent_attempt,
      row.resumed_from_step, row.lease_duration, row.numerics_fingerprint, row.numerics_changed,
      row.start_at.commit, row.start_at.position, row.end_at.commit, row.end_at.position,
      context.commit);
  return query.BindChecksum().Run();
}

absl::StatusOr<std::vector<AttemptRow>> ReadLiveAttempts(Connection& connection) {
  Query query(connection,
              "SELECT a.* FROM attempt AS a JOIN trial ON trial.id = a.trial_id "
              "JOIN study ON study.id = trial.study_id "
              "WHERE study.deleted = 0 AND (trial.state IN ('WAITING', 'RUNNING', 'PAUSED') "
              "OR a.number = (SELECT max(number) FROM attempt WHERE trial_id = trial.id)) "
              "ORDER BY a.trial_id, a.number");
  return ReadAttemptRows(query);
}

absl::StatusOr<std::vector<AttemptRow>> ReadAttempts(Connection& connection, int64_t trial_id) {
  Query query(connection, "SELECT * FROM attempt WHERE trial_id = ? ORDER BY number");
  query.Bind(trial_id);
  return ReadAttemptRows(query);
}

absl::StatusOr<std::optional<AttemptRow>> ReadAttemptWithToken(Connection& connection,
                                                               int64_t token_epoch,
                                                               int64_t token_counter) {
  Query query(connection, "SELECT * FROM attempt WHERE token_epoch = ? AND token_counter = ?");
  query.Bind(token_epoch, token_counter);
  absl::StatusOr<std::vector<AttemptRow>> rows = ReadAttemptRows(query);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  return rows->front();
}

}  // namespace caviar::storage
