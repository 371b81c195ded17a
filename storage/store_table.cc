#include "storage/store_table.h"

#include "absl/strings/str_cat.h"
#include "storage/statement.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const CountersRow& row) {
  Query query(context.connection,
              "UPDATE store SET next_study_id = ?, next_trial_id = ?, next_token_counter = ?");
  return query.Bind(row.next_study_id, row.next_trial_id, row.next_token_counter).Run();
}

absl::Status AdvanceCommit(Connection& connection, int64_t commit) {
  Query query(connection, "UPDATE store SET commit_number = ?1 WHERE commit_number = ?1 - 1");
  if (absl::Status status = query.Bind(commit).Run(); !status.ok()) return status;
  if (sqlite3_changes(connection.handle()) == 1) return absl::OkStatus();
  absl::StatusOr<int64_t> last = ReadCommit(connection);
  if (!last.ok()) return last.status();
  return absl::FailedPreconditionError(
      absl::StrCat("commit ", commit, " does not follow commit ", *last));
}

absl::StatusOr<int64_t> ReadCommit(Connection& connection) {
  return connection.ReadInteger("SELECT commit_number FROM store");
}

absl::Status ReadStoreRow(Connection& connection, Snapshot& snapshot) {
  Query query(connection,
              "SELECT commit_number, epoch, next_study_id, next_trial_id, next_token_counter "
              "FROM store");
  if (!query.Next()) {
    return query.status().ok() ? absl::DataLossError("table store has no row; restore a backup")
                               : query.status();
  }
  snapshot.commit = query.Integer(0);
  snapshot.store_epoch = query.Integer(1);
  snapshot.counters = {query.Integer(2), query.Integer(3), query.Integer(4)};
  return absl::OkStatus();
}

}  // namespace caviar::storage
