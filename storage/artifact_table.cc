#include "storage/artifact_table.h"

#include "absl/strings/str_cat.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

// Kinds in the order of their numbers.
constexpr absl::string_view kArtifactOrder =
    " ORDER BY f.trial_id, f.attempt, "
    "CASE f.kind WHEN 'WEIGHTS' THEN 1 WHEN 'CHECKPOINT' THEN 2 ELSE 3 END, f.step";

absl::StatusOr<std::vector<ArtifactRow>> ReadArtifactRows(Query& query) {
  std::vector<ArtifactRow> rows;
  while (query.NextOf(kArtifactTable)) {
    ArtifactRow& row = rows.emplace_back();
    row.trial_id = query.Integer(0);
    row.attempt = query.Integer32(1);
    row.kind = query.Word(2, &v1::Artifact::Kind_Parse);
    row.step = query.Integer(3);
    row.size = query.Integer(4);
    row.crc32 = static_cast<uint32_t>(query.Integer(5));
    row.file = query.Text(6);
    row.time = query.Integer(7);
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const ArtifactRow& row) {
  Query query(context.connection,
              "INSERT INTO artifact (trial_id, attempt, kind, step, size, crc32, file, time, "
              "commit_number, checksum) VALUES (?,?,?,?,?,?,?,?,?,?) "
              "ON CONFLICT (trial_id, attempt, kind, step) DO UPDATE SET size = excluded.size, "
              "crc32 = excluded.crc32, file = excluded.file, time = excluded.time, "
              "commit_number = excluded.commit_number, checksum = excluded.checksum");
  query.Bind(row.trial_id, row.attempt, v1::Artifact::Kind_Name(row.kind), row.step, row.size,
             row.crc32, row.file, TimeOrNull(row.time), context.commit);
  return query.BindChecksum().Run();
}

absl::Status WriteRow(const WriteContext& context, const EraseArtifact& key) {
  Query query(context.connection,
              "DELETE FROM artifact WHERE trial_id = ? AND attempt = ? AND kind = ? AND step = ?");
  query.Bind(key.trial_id, key.attempt, v1::Artifact::Kind_Name(key.kind), key.step);
  return query.Run();
}

absl::StatusOr<std::vector<ArtifactRow>> ReadAllArtifacts(Connection& connection) {
  Query query(connection,
              absl::StrCat("SELECT f.* FROM artifact AS f JOIN trial ON trial.id = f.trial_id "
                           "JOIN study ON study.id = trial.study_id WHERE study.deleted = 0",
                           kArtifactOrder));
  return ReadArtifactRows(query);
}

absl::StatusOr<std::vector<ArtifactRow>> ReadArtifacts(Connection& connection, int64_t trial_id) {
  Query query(connection,
              absl::StrCat("SELECT f.* FROM artifact AS f WHERE f.trial_id = ?", kArtifactOrder));
  query.Bind(trial_id);
  return ReadArtifactRows(query);
}

absl::StatusOr<ArtifactRow> ReadArtifact(Connection& connection, int64_t study_id, int32_t number,
                                         int32_t attempt, v1::Artifact::Kind kind, int64_t step) {
  Query query(connection,
              "SELECT f.* FROM artifact AS f JOIN trial ON trial.id = f.trial_id "
              "JOIN study ON study.id = trial.study_id WHERE study.deleted = 0 "
              "AND study.id = ? AND trial.number = ? AND f.attempt = ? "
              "AND f.kind = ? AND f.step = ?");
  query.Bind(study_id, number, attempt, v1::Artifact::Kind_Name(kind), step);
  absl::StatusOr<std::vector<ArtifactRow>> rows = ReadArtifactRows(query);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) {
    return absl::NotFoundError(absl::StrCat("attempt ", attempt, " of trial ", number,
                                            " has no such file of step ", step));
  }
  return rows->front();
}

}  // namespace caviar::storage
