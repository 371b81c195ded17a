#include "storage/store_table.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "storage/statement.h"

namespace caviar::storage {

absl::StatusOr<StoreRow> ReadStore(Connection& connection) {
  Query query(connection, "SELECT * FROM store");
  if (!query.NextOf(kStoreTable)) {
    return query.status().ok() ? absl::DataLossError("table store has no row; restore a backup")
                               : query.status();
  }
  return StoreRow{query.Integer(1), query.Integer(2),
                  CountersRow{query.Integer(3), query.Integer(4), query.Integer(5)}};
}

absl::Status WriteStore(Connection& connection, const StoreRow& row) {
  Query query(connection,
              "INSERT INTO store (id, epoch, commit_number, next_study_id, next_trial_id, "
              "next_token_counter, checksum) VALUES (?,?,?,?,?,?,?) "
              "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, "
              "commit_number = excluded.commit_number, next_study_id = excluded.next_study_id, "
              "next_trial_id = excluded.next_trial_id, "
              "next_token_counter = excluded.next_token_counter, checksum = excluded.checksum");
  query.Bind(1, row.epoch, row.commit, row.counters.next_study_id, row.counters.next_trial_id,
             row.counters.next_token_counter);
  return query.BindChecksum().Run();
}

absl::Status WriteRow(const WriteContext& context, const CountersRow& row) {
  absl::StatusOr<StoreRow> store = ReadStore(context.connection);
  if (!store.ok()) return store.status();
  store->counters = row;
  return WriteStore(context.connection, *store);
}

absl::Status AdvanceCommit(Connection& connection, int64_t commit) {
  absl::StatusOr<StoreRow> store = ReadStore(connection);
  if (!store.ok()) return store.status();
  if (store->commit != commit - 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("commit ", commit, " does not follow commit ", store->commit));
  }
  store->commit = commit;
  return WriteStore(connection, *store);
}

absl::StatusOr<int64_t> ReadCommit(Connection& connection) {
  absl::StatusOr<StoreRow> store = ReadStore(connection);
  if (!store.ok()) return store.status();
  return store->commit;
}

absl::StatusOr<int64_t> DrawEpoch() {
  for (;;) {
    uint64_t bits = 0;
    if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits)) {
      if (errno == EINTR) continue;
      return absl::UnavailableError(
          absl::StrCat("no randomness from the operating system: ", std::strerror(errno)));
    }
    // It survives JSON.
    const int64_t epoch = static_cast<int64_t>(bits >> 11);
    if (epoch > 0) return epoch;
  }
}

}  // namespace caviar::storage
