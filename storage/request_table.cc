#include "storage/request_table.h"

#include "storage/statement.h"

namespace caviar::storage {

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

}  // namespace caviar::storage
