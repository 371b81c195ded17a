#include "storage/request_table.h"

#include <utility>
#include <vector>

#include "storage/statement.h"

namespace caviar::storage {
namespace {

using Key = std::pair<std::string, int64_t>;  // client, sequence

absl::StatusOr<std::vector<Key>> FindOld(Connection& connection, const ForgetRequests& forget) {
  Query query(connection,
              "SELECT client_id, sequence FROM request INDEXED BY request_by_time WHERE time < ? "
              "ORDER BY time, client_id, sequence LIMIT ?");
  query.Bind(forget.before, forget.limit);
  std::vector<Key> keys;
  while (query.Next()) keys.emplace_back(query.Text(0), query.Integer(1));
  if (!query.status().ok()) return query.status();
  return keys;
}

absl::Status Forget(const WriteContext& context, const Key& key) {
  const auto& [client_id, sequence] = key;
  Query erase(context.connection, "DELETE FROM request WHERE client_id = ? AND sequence = ?");
  if (absl::Status erased = erase.Bind(client_id, sequence).Run(); !erased.ok()) return erased;
  const auto known = ReadForgottenRequest(context.connection, client_id);
  if (!known.ok()) return known.status();
  if (*known && **known >= sequence) return absl::OkStatus();
  Query query(context.connection,
              "INSERT INTO forgotten_request (client_id, sequence, commit_number, checksum) "
              "VALUES (?,?,?,?) ON CONFLICT (client_id) DO UPDATE SET "
              "sequence = excluded.sequence, commit_number = excluded.commit_number, "
              "checksum = excluded.checksum");
  return query.Bind(client_id, sequence, context.commit).BindChecksum().Run();
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const RequestRow& row) {
  Query query(context.connection,
              "INSERT INTO request (client_id, sequence, method, body_crc32, response, time, "
              "commit_number, checksum) VALUES (?,?,?,?,?,?,?,?) "
              "ON CONFLICT (client_id, sequence) DO UPDATE SET method = excluded.method, "
              "body_crc32 = excluded.body_crc32, response = excluded.response, "
              "time = excluded.time, commit_number = excluded.commit_number, "
              "checksum = excluded.checksum");
  query.Bind(row.client_id, row.sequence, row.method, row.body_crc32, Blob{row.response},
             TimeOrNull(row.time), context.commit);
  return query.BindChecksum().Run();
}

absl::StatusOr<std::optional<RequestRow>> ReadRequest(Connection& connection,
                                                      const std::string& client_id,
                                                      int64_t sequence) {
  Query query(connection, "SELECT * FROM request WHERE client_id = ? AND sequence = ?");
  if (!query.Bind(client_id, sequence).NextOf(kRequestTable)) {
    if (!query.status().ok()) return query.status();
    return std::nullopt;
  }
  return RequestRow{client_id,     sequence,
                    query.Text(2), static_cast<uint32_t>(query.Integer(3)),
                    query.Text(4), query.Integer(5)};
}

absl::Status WriteRow(const WriteContext& context, const ForgetRequests& forget) {
  const absl::StatusOr<std::vector<Key>> old = FindOld(context.connection, forget);
  if (!old.ok()) return old.status();
  for (const Key& key : *old) {
    if (absl::Status forgotten = Forget(context, key); !forgotten.ok()) return forgotten;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> ReadForgottenRequest(Connection& connection,
                                                            const std::string& client_id) {
  Query query(connection, "SELECT * FROM forgotten_request WHERE client_id = ?");
  if (!query.Bind(client_id).NextOf(kForgottenRequestTable)) {
    if (!query.status().ok()) return query.status();
    return std::nullopt;
  }
  return query.Integer(1);
}

absl::StatusOr<std::optional<int64_t>> ReadOldestRequest(Connection& connection) {
  Query query(connection, "SELECT min(time) FROM request");
  if (!query.Next()) return query.status();
  return query.OptionalInteger(0);
}

}  // namespace caviar::storage
