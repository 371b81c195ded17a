#include "storage/study_revision_table.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "storage/definition_json.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

constexpr absl::string_view kInsert =
    "INSERT INTO study_revision (study_id, revision, definition, first_trial, time, position, "
    "commit_number, checksum) VALUES (?,?,?,?,?,?,?,?)";

absl::StatusOr<StudyRevisionRow> ReadRevisionRow(const Query& query) {
  StudyRevisionRow row;
  row.study_id = query.Integer(0);
  row.revision = query.Integer32(1);
  absl::StatusOr<v1::Study> definition = DefinitionFromJson(query.Text(2));
  if (!definition.ok()) return definition.status();
  row.definition = *std::move(definition);
  row.first_trial = query.Integer32(3);
  row.time = query.Integer(4);
  row.at = {query.Integer(6), query.Integer32(5)};
  return row;
}

absl::StatusOr<std::vector<StudyRevisionRow>> ReadRevisionRows(Query& query) {
  std::vector<StudyRevisionRow> rows;
  while (query.NextOf(kStudyRevisionTable)) {
    absl::StatusOr<StudyRevisionRow> row = ReadRevisionRow(query);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

// Under which revision a study's trials were made. A study may have thousands of revisions: each is
// read when it is asked about, and once.
class RevisionFinder {
 public:
  RevisionFinder(Connection& connection, int64_t study_id)
      : connection_(connection), study_id_(study_id) {}

  // The newest one that begins with this trial or an earlier one; 1 where there is none. First
  // trials grow with their revisions; of two that begin with the same trial, the later one made it.
  absl::StatusOr<int32_t> Find(int32_t number) {
    if (newest_ == 0) {
      absl::StatusOr<int32_t> newest = ReadNewest();
      if (!newest.ok()) return newest.status();
      newest_ = std::max(*newest, 1);
    }
    int32_t low = 1, high = newest_;
    while (low < high) {
      const int32_t middle = high - (high - low) / 2;
      const absl::StatusOr<int32_t> first = FirstTrial(middle);
      if (!first.ok()) return first.status();
      if (*first <= number) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

 private:
  // 0: there is none.
  absl::StatusOr<int32_t> ReadNewest() {
    Query query(connection_,
                "SELECT * FROM study_revision WHERE study_id = ? ORDER BY revision DESC LIMIT 1");
    if (query.Bind(study_id_).NextOf(kStudyRevisionTable)) return query.Integer32(1);
    if (!query.status().ok()) return query.status();
    return 0;
  }

  absl::StatusOr<int32_t> FirstTrial(int32_t revision) {
    if (const auto known = first_.find(revision); known != first_.end()) return known->second;
    Query query(connection_, "SELECT * FROM study_revision WHERE study_id = ? AND revision = ?");
    query.Bind(study_id_, revision);
    const bool found = query.NextOf(kStudyRevisionTable);
    if (!query.status().ok()) return query.status();
    return first_[revision] = found ? query.Integer32(3) : 0;
  }

  Connection& connection_;
  const int64_t study_id_;
  int32_t newest_ = 0;  // 0: not read yet
  std::map<int32_t, int32_t> first_;
};

}  // namespace

absl::Status WriteRow(const WriteContext& context, const StudyRevisionRow& row) {
  const absl::StatusOr<std::string> json = DefinitionToJson(row.definition);
  if (!json.ok()) return json.status();
  Query query(context.connection, kInsert);
  query.Bind(row.study_id, row.revision, *json, row.first_trial, TimeOrNull(row.time),
             context.position, context.commit);
  return query.BindChecksum().Run();
}

absl::StatusOr<std::vector<StudyRevisionRow>> ReadPrunerRevisions(Connection& connection) {
  // Only text is compared, which takes a tenth of what reading a definition takes. Two texts may
  // mean the same pruner, where another build wrote one of them: whoever asks sees by the messages.
  Query query(connection,
              "SELECT r.*, CASE WHEN json_valid(r.definition) "
              "THEN json_extract(r.definition, '$.pruner') ELSE r.definition END "
              "FROM study_revision AS r JOIN study ON study.id = r.study_id "
              "WHERE study.deleted = 0 ORDER BY r.study_id, r.revision");
  std::vector<StudyRevisionRow> rows;
  std::string pruner;  // of the row before
  while (query.NextOf(kStudyRevisionTable)) {
    std::string next = query.Text(kStudyRevisionTable.columns);
    const bool same = !rows.empty() && rows.back().study_id == query.Integer(0) && next == pruner;
    pruner = std::move(next);
    if (same) continue;
    absl::StatusOr<StudyRevisionRow> row = ReadRevisionRow(query);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

absl::StatusOr<std::vector<StudyRevisionRow>> ReadStudyRevisions(Connection& connection,
                                                                 int64_t study_id) {
  Query query(connection, "SELECT * FROM study_revision WHERE study_id = ? ORDER BY revision");
  query.Bind(study_id);
  return ReadRevisionRows(query);
}

absl::StatusOr<std::optional<StudyRevisionRow>> ReadStudyRevision(Connection& connection,
                                                                  int64_t study_id,
                                                                  int32_t revision) {
  Query query(connection, "SELECT * FROM study_revision WHERE study_id = ? AND revision = ?");
  query.Bind(study_id, revision);
  absl::StatusOr<std::vector<StudyRevisionRow>> rows = ReadRevisionRows(query);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  return std::move(rows->front());
}

absl::Status FillRevisions(Connection& connection, std::vector<StudyRow>& studies) {
  for (StudyRow& study : studies) {
    Query query(connection,
                "SELECT * FROM study_revision WHERE study_id = ? ORDER BY revision DESC LIMIT 1");
    if (query.Bind(study.id).NextOf(kStudyRevisionTable)) study.revision = query.Integer32(1);
    if (!query.status().ok()) return query.status();
  }
  return absl::OkStatus();
}

absl::Status FillRevisions(Connection& connection, std::vector<TrialRow>& trials) {
  std::map<int64_t, RevisionFinder> finders;  // by study
  for (TrialRow& trial : trials) {
    RevisionFinder& finder =
        finders.try_emplace(trial.study_id, connection, trial.study_id).first->second;
    absl::StatusOr<int32_t> revision = finder.Find(trial.number);
    if (!revision.ok()) return revision.status();
    trial.revision = *revision;
  }
  return absl::OkStatus();
}

absl::Status WriteFirstRevisions(Connection& connection) {
  Query studies(connection, "SELECT id, definition, create_time, commit_number FROM study");
  while (studies.Next()) {
    Query insert(connection, kInsert);
    insert.Bind(studies.Integer(0), 1, studies.Text(1), 0, studies.OptionalInteger(2), 0,
                studies.Integer(3));
    if (absl::Status status = insert.BindChecksum().Run(); !status.ok()) return status;
  }
  return studies.status();
}

}  // namespace caviar::storage
