#include "storage/study_table.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "google/protobuf/util/time_util.h"
#include "storage/definition_json.h"
#include "storage/statement.h"
#include "storage/study_revision_table.h"

namespace caviar::storage {
namespace {

std::optional<int64_t> MaxDuration(const v1::Limits& limits) {
  if (!limits.has_max_duration()) return std::nullopt;
  return google::protobuf::util::TimeUtil::DurationToMicroseconds(limits.max_duration());
}

template <typename T>
std::optional<int64_t> Optional(bool has, T value) {
  return has ? std::optional<int64_t>(value) : std::nullopt;
}

// The columns from objective_metric to definition.
void BindDefinition(Query& query, const v1::Study& definition, const std::string& json) {
  const v1::Objective& objective = vocabulary::FirstObjective(definition);
  const v1::Sampler& sampler = definition.sampler();
  const v1::Limits& limits = definition.limits();
  query.Bind(objective.metric(), v1::Objective::Goal_Name(objective.goal()),
             objective.value() == v1::Objective::LAST ? "LAST" : "BEST",
             objective.has_target() ? std::optional<double>(objective.target()) : std::nullopt,
             sampler.algorithm() == v1::Sampler::ALGORITHM_UNSPECIFIED
                 ? std::string("SOBOL")
                 : v1::Sampler::Algorithm_Name(sampler.algorithm()),
             Optional(sampler.has_seed(), sampler.seed()),
             Optional(limits.has_max_trials(), limits.max_trials()),
             Optional(limits.has_parallel(), limits.parallel()),
             Optional(limits.has_max_failed(), limits.max_failed()), MaxDuration(limits),
             Optional(limits.has_max_attempts(), limits.max_attempts()), json);
}

absl::StatusOr<std::vector<StudyRow>> ReadStudies(Connection& connection, Query& query) {
  std::vector<StudyRow> rows;
  while (query.NextOf(kStudyTable)) {
    StudyRow& row = rows.emplace_back();
    row.id = query.Integer(0);
    row.state = query.Word(2, &v1::Study::State_Parse);
    row.end_reason = query.Word(3, &v1::Study::EndReason_Parse);
    row.message = query.Text(4);
    absl::StatusOr<v1::Study> definition = DefinitionFromJson(query.Text(16));
    if (!definition.ok()) return definition.status();
    row.definition = *std::move(definition);
    row.create_time = query.Integer(17);
    row.end_time = query.Integer(18);
    row.active_time = query.Integer(19);
    row.active_since = query.Integer(20);
    row.deleted = query.Integer(21) != 0;
  }
  if (!query.status().ok()) return query.status();
  if (absl::Status filled = FillRevisions(connection, rows); !filled.ok()) return filled;
  return rows;
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const StudyRow& row) {
  absl::StatusOr<std::string> json = DefinitionToJson(row.definition);
  if (!json.ok()) return json.status();
  Query query(context.connection,
              "INSERT INTO study (id, name, state, end_reason, message, objective_metric, goal, "
              "objective_value, target, algorithm, seed, max_trials, parallel, max_failed, "
              "max_duration, max_attempts, definition, create_time, end_time, active_time, "
              "active_since, deleted, commit_number, checksum) "
              "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
              "ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
              "objective_metric = excluded.objective_metric, goal = excluded.goal, "
              "objective_value = excluded.objective_value, target = excluded.target, "
              "algorithm = excluded.algorithm, seed = excluded.seed, "
              "max_trials = excluded.max_trials, parallel = excluded.parallel, "
              "max_failed = excluded.max_failed, max_duration = excluded.max_duration, "
              "max_attempts = excluded.max_attempts, definition = excluded.definition, "
              "state = excluded.state, end_reason = excluded.end_reason, "
              "message = excluded.message, create_time = excluded.create_time, "
              "end_time = excluded.end_time, active_time = excluded.active_time, "
              "active_since = excluded.active_since, deleted = excluded.deleted, "
              "commit_number = excluded.commit_number, checksum = excluded.checksum");
  const bool has_reason = row.end_reason != v1::Study::END_REASON_UNSPECIFIED;
  query.Bind(row.id, row.definition.name(), v1::Study::State_Name(row.state),
             has_reason ? std::optional<std::string>(v1::Study::EndReason_Name(row.end_reason))
                        : std::nullopt,
             row.message);
  BindDefinition(query, row.definition, *json);
  query.Bind(TimeOrNull(row.create_time), TimeOrNull(row.end_time), row.active_time,
             TimeOrNull(row.active_since), row.deleted, context.commit);
  return query.BindChecksum().Run();
}

absl::StatusOr<std::vector<StudyRow>> ReadAllStudies(Connection& connection) {
  Query query(connection, "SELECT * FROM study ORDER BY id");
  return ReadStudies(connection, query);
}

absl::StatusOr<std::vector<StudyRow>> ReadStudiesAfter(Connection& connection, int64_t after_id,
                                                       int32_t limit) {
  Query query(connection,
              "SELECT * FROM study WHERE id > ? AND deleted = 0 ORDER BY id LIMIT max(?, 0)");
  query.Bind(after_id, limit);
  return ReadStudies(connection, query);
}

absl::StatusOr<StudyRow> ReadStudyNamed(Connection& connection, const std::string& name) {
  Query query(connection, "SELECT * FROM study WHERE name = ? AND deleted = 0");
  query.Bind(name);
  absl::StatusOr<std::vector<StudyRow>> rows = ReadStudies(connection, query);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return absl::NotFoundError(absl::StrCat("there is no study '", name, "'"));
  return std::move(rows->front());
}

absl::StatusOr<bool> IsStudyVisible(Connection& connection, int64_t study_id) {
  Query query(connection, "SELECT 1 FROM study WHERE id = ? AND deleted = 0");
  const bool found = query.Bind(study_id).Next();
  if (!query.status().ok()) return query.status();
  return found;
}

}  // namespace caviar::storage
