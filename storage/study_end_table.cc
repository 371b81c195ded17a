#include "storage/study_end_table.h"

#include "storage/statement.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const StudyEndRow& row) {
  Query query(context.connection,
              "INSERT INTO study_end (study_id, revision, outcome, time, commit_number, checksum) "
              "VALUES (?,?,?,?,?,?) ON CONFLICT (study_id, revision) DO UPDATE SET "
              "outcome = excluded.outcome, time = excluded.time, "
              "commit_number = excluded.commit_number, checksum = excluded.checksum");
  query.Bind(row.study_id, row.revision, row.outcome, TimeOrNull(row.time), context.commit);
  return query.BindChecksum().Run();
}

absl::Status WriteRow(const WriteContext& context, const EraseStudyEnd& key) {
  Query query(context.connection, "DELETE FROM study_end WHERE study_id = ? AND revision = ?");
  return query.Bind(key.study_id, key.revision).Run();
}

absl::StatusOr<std::vector<StudyEndRow>> ReadAllStudyEnds(Connection& connection) {
  Query query(connection, "SELECT * FROM study_end ORDER BY study_id, revision");
  std::vector<StudyEndRow> rows;
  while (query.NextOf(kStudyEndTable)) {
    rows.push_back({query.Integer(0), query.Integer32(1), query.Text(2), query.Integer(3)});
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

}  // namespace caviar::storage
