#include "storage/study_revision_table.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "storage/definition_json.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

constexpr absl::string_view kInsert =
    "INSERT INTO study_revision (study_id, revision, definition, first_trial, time, position, "
    "commit_number, checksum) VALUES (?,?,?,?,?,?,?,?)";

// By study: the number of each revision's first trial, the first revision's first.
using FirstTrials = std::map<int64_t, std::map<int32_t, int32_t>>;

absl::StatusOr<std::vector<StudyRevisionRow>> ReadRevisionRows(Query& query) {
  std::vector<StudyRevisionRow> rows;
  while (query.NextOf(kStudyRevisionTable)) {
    StudyRevisionRow& row = rows.emplace_back();
    row.study_id = query.Integer(0);
    row.revision = query.Integer32(1);
    absl::StatusOr<v1::Study> definition = DefinitionFromJson(query.Text(2));
    if (!definition.ok()) return definition.status();
    row.definition = *std::move(definition);
    row.first_trial = query.Integer32(3);
    row.time = query.Integer(4);
    row.at = {query.Integer(6), query.Integer32(5)};
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

absl::Status ReadFirstTrials(Connection& connection, int64_t study_id, FirstTrials& all) {
  if (all.contains(study_id)) return absl::OkStatus();
  std::map<int32_t, int32_t>& first = all[study_id];
  Query query(connection, "SELECT * FROM study_revision WHERE study_id = ?");
  query.Bind(study_id);
  // Of two that begin with the same trial, the later one made it.
  while (query.NextOf(kStudyRevisionTable)) {
    int32_t& revision = first[query.Integer32(3)];
    revision = std::max(revision, query.Integer32(1));
  }
  return query.status();
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const StudyRevisionRow& row) {
  const absl::StatusOr<std::string> json = DefinitionToJson(row.definition);
  if (!json.ok()) return json.status();
  Query query(context.connection, kInsert);
  query.Bind(row.study_id, row.revision, *json, row.first_trial, TimeOrNull(row.time),
             context.position, context.commit);
  return query.BindChecksum().Run();
}

absl::StatusOr<std::vector<StudyRevisionRow>> ReadAllStudyRevisions(Connection& connection) {
  Query query(connection,
              "SELECT r.* FROM study_revision AS r JOIN study ON study.id = r.study_id "
              "WHERE study.deleted = 0 ORDER BY r.study_id, r.revision");
  return ReadRevisionRows(query);
}

absl::StatusOr<std::vector<StudyRevisionRow>> ReadStudyRevisions(Connection& connection,
                                                                 int64_t study_id) {
  Query query(connection, "SELECT * FROM study_revision WHERE study_id = ? ORDER BY revision");
  query.Bind(study_id);
  return ReadRevisionRows(query);
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
  FirstTrials all;
  for (TrialRow& trial : trials) {
    if (absl::Status read = ReadFirstTrials(connection, trial.study_id, all); !read.ok()) {
      return read;
    }
    const std::map<int32_t, int32_t>& first = all.at(trial.study_id);
    const auto next = first.upper_bound(trial.number);
    trial.revision = next == first.begin() ? 1 : std::prev(next)->second;
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
