#include "storage/trial_table.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "storage/pareto_front.h"
#include "storage/statement.h"
#include "storage/study_revision_table.h"
#include "storage/trial_outcome_table.h"
#include "storage/trial_parameter_table.h"

namespace caviar::storage {
namespace {

// NULL: nullopt.
std::optional<bool> OptionalBool(const Query& query, int column) {
  return query.IsNull(column) ? std::nullopt : std::optional(query.Integer(column) != 0);
}

// Without configurations and outcomes.
absl::StatusOr<std::vector<TrialRow>> ReadTrialRows(Connection& connection, Query& query) {
  std::vector<TrialRow> rows;
  while (query.NextOf(kTrialTable)) {
    TrialRow& row = rows.emplace_back();
    row.id = query.Integer(0);
    row.study_id = query.Integer(1);
    row.number = query.Integer32(2);
    row.state = query.Word(3, &v1::Trial::State_Parse);
    row.objective = query.OptionalReal(4);
    row.objective_step = query.OptionalInteger(5);
    row.last_step = query.OptionalInteger(6);
    row.message = query.Text(7);
    row.create_time = query.Integer(8);
    row.start_time = query.Integer(9);
    row.end_time = query.Integer(10);
    row.lost_leases = query.Integer32(11);
    row.suggestion_commit = query.Integer(12);
    row.final_order = query.Integer(13);
    row.origin = query.Word(14, &v1::Trial::Origin_Parse);
    row.feasible = OptionalBool(query, 15);
    if (!query.IsNull(16)) row.repeat_of = query.Integer32(16);
    if (!query.IsNull(17)) {
      row.repeats = {query.Integer32(17), query.OptionalReal(18), query.OptionalReal(19),
                     query.Word(20, &v1::Trial::State_Parse), OptionalBool(query, 21)};
    }
    row.create_commit = query.Integer(22);
    row.final_at = {query.Integer(23), query.Integer32(24)};
    row.sampler_version = query.Integer32(25);
    row.numerics_fingerprint = query.Text(26);
    row.furthest_step = query.OptionalInteger(27);
    row.fruitless = query.Integer32(28);
    row.commit = query.Integer(29);
  }
  if (!query.status().ok()) return query.status();
  if (absl::Status filled = FillRevisions(connection, rows); !filled.ok()) return filled;
  return rows;
}

absl::StatusOr<std::vector<TrialRow>> ReadWhole(Connection& connection, Query& query) {
  absl::StatusOr<std::vector<TrialRow>> rows = ReadTrialRows(connection, query);
  if (!rows.ok()) return rows.status();
  for (TrialRow& row : *rows) {
    absl::StatusOr<Configuration> configuration = ReadConfiguration(connection, row.id);
    if (!configuration.ok()) return configuration.status();
    row.parameters = *std::move(configuration);
    absl::StatusOr<Outcome> outcome = ReadOutcome(connection, row.id);
    if (!outcome.ok()) return outcome.status();
    row.outcome = *std::move(outcome);
  }
  return rows;
}

absl::string_view OrderColumn(TrialQuery::Order order) {
  switch (order) {
    case TrialQuery::Order::kNumber:
      return "t.number";
    case TrialQuery::Order::kObjective:
      return "t.objective";
    case TrialQuery::Order::kCreateTime:
      return "t.create_time";
    case TrialQuery::Order::kEndTime:
      return "t.end_time";
    case TrialQuery::Order::kCommit:
      return "t.commit_number";
  }
  return "t.number";
}

absl::string_view LaterSql(const TrialQuery& query) {
  if (query.changed_after_number) {
    return "AND t.commit_number >= ?2 AND (t.commit_number > ?2 OR t.number > ?14) ";
  }
  return query.changed_after_commit > 0 ? "AND t.commit_number > ?2 " : "";
}

// One of a few texts. Without a commit to start after, or to order by, its index must not look
// useful. The states' places, ?3 to ?10, are filled up with NULL, which matches nothing.
std::string FindSql(const TrialQuery& query) {
  const bool by_commit =
      query.changed_after_commit > 0 || query.order == TrialQuery::Order::kCommit;
  return absl::StrCat(
      "SELECT t.* FROM trial AS t ", by_commit ? "INDEXED BY trial_by_commit " : "",
      "WHERE t.study_id = ?1 ", LaterSql(query),
      query.states.empty() ? "" : "AND t.state IN (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ",
      query.repeat_of ? "AND t.repeat_of = ?13 " : "",
      query.unsettled ? "AND t.repeat_of = t.number AND t.repeats_state IS NULL " : "", "ORDER BY ",
      OrderColumn(query.order), query.descending ? " DESC" : "",
      // No commit is missing, and with these words its index would not give the order.
      query.order == TrialQuery::Order::kCommit ? "" : " NULLS LAST",
      ", t.number LIMIT max(?11, 0) OFFSET max(?12, 0)");
}

// SQLite would take NaN for "none"; the schema refuses a text.
void BindReal(Query& query, std::optional<double> value) {
  if (value && std::isnan(*value)) {
    query.Bind("nan");
  } else {
    query.Bind(value);
  }
}

// Those that ListBestTrials lists of studies with one objective, and by what.
absl::string_view BestSql(const v1::Study& definition) {
  if (definition.repeats() > 1) {
    return "t.repeats_state = 'COMPLETED' AND t.repeats_feasible IS NOT 0 "
           "ORDER BY t.repeats_completed DESC, t.repeats_mean ";
  }
  return "t.state = 'COMPLETED' AND t.feasible IS NOT 0 AND t.objective IS NOT NULL "
         "ORDER BY t.objective ";
}

absl::StatusOr<std::vector<TrialRow>> FindFront(Connection& connection, int64_t study_id,
                                                const v1::Study& definition, int32_t count) {
  absl::StatusOr<std::vector<Candidate>> candidates =
      ReadCandidates(connection, study_id, vocabulary::ObjectivesOf(definition));
  if (!candidates.ok()) return candidates.status();
  std::vector<TrialRow> front;
  for (const int32_t number : ParetoFront(*std::move(candidates), count)) {
    absl::StatusOr<std::vector<TrialRow>> trial = ReadTrial(connection, study_id, number);
    if (!trial.ok()) return trial.status();
    front.insert(front.end(), trial->begin(), trial->end());
  }
  return front;
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const TrialRow& row) {
  // Before its trial is final.
  if (!row.outcome.empty()) {
    if (absl::Status status = WriteOutcome(context, row.id, row.outcome); !status.ok()) {
      return status;
    }
  }
  sqlite3_set_last_insert_rowid(context.connection.handle(), 0);
  Query query(
      context.connection,
      "INSERT INTO trial (id, study_id, number, state, objective, objective_step, "
      "last_step, message, create_time, start_time, end_time, lost_leases, "
      "suggestion_commit, final_order, origin, feasible, repeat_of, repeats_completed, "
      "repeats_mean, repeats_standard_error, repeats_state, repeats_feasible, create_commit, "
      "final_commit, final_position, sampler_version, numerics_fingerprint, furthest_step, "
      "fruitless, commit_number, checksum) "
      "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
      "ON CONFLICT (id) DO UPDATE SET study_id = excluded.study_id, "
      "number = excluded.number, state = excluded.state, "
      "objective = excluded.objective, objective_step = excluded.objective_step, "
      "last_step = excluded.last_step, message = excluded.message, "
      "create_time = excluded.create_time, start_time = excluded.start_time, "
      "end_time = excluded.end_time, lost_leases = excluded.lost_leases, "
      "suggestion_commit = excluded.suggestion_commit, "
      "final_order = excluded.final_order, origin = excluded.origin, feasible = excluded.feasible, "
      "repeat_of = excluded.repeat_of, repeats_completed = excluded.repeats_completed, "
      "repeats_mean = excluded.repeats_mean, "
      "repeats_standard_error = excluded.repeats_standard_error, "
      "repeats_state = excluded.repeats_state, repeats_feasible = excluded.repeats_feasible, "
      "create_commit = excluded.create_commit, final_commit = excluded.final_commit, "
      "final_position = excluded.final_position, sampler_version = excluded.sampler_version, "
      "numerics_fingerprint = excluded.numerics_fingerprint, "
      "furthest_step = excluded.furthest_step, fruitless = excluded.fruitless, "
      "commit_number = excluded.commit_number, checksum = excluded.checksum");
  query.Bind(row.id, row.study_id, row.number, v1::Trial::State_Name(row.state));
  BindReal(query, row.objective);
  query.Bind(row.objective_step, row.last_step, row.message, TimeOrNull(row.create_time),
             TimeOrNull(row.start_time), TimeOrNull(row.end_time), row.lost_leases,
             row.suggestion_commit, row.final_order, v1::Trial::Origin_Name(row.origin),
             row.feasible, row.repeat_of);
  const RepeatsRow repeats = row.repeats.value_or(RepeatsRow());
  query.Bind(row.repeats ? std::optional<int32_t>(repeats.completed) : std::nullopt);
  BindReal(query, repeats.mean);
  BindReal(query, repeats.standard_error);
  query.Bind(repeats.state == v1::Trial::STATE_UNSPECIFIED
                 ? std::nullopt
                 : std::optional<std::string>(v1::Trial::State_Name(repeats.state)),
             repeats.feasible, row.create_commit, row.final_at.commit, row.final_at.position,
             row.sampler_version, row.numerics_fingerprint, row.furthest_step, row.fruitless,
             context.commit);
  if (absl::Status status = query.BindChecksum().Run(); !status.ok()) return status;
  // Of a trial that was there already an upsert leaves the last row that was inserted as it was.
  const bool is_new = sqlite3_last_insert_rowid(context.connection.handle()) == row.id;
  if (is_new) return InsertConfiguration(context, row.id, row.parameters);
  if (row.outcome.empty()) {
    if (absl::Status status = WriteOutcome(context, row.id, row.outcome); !status.ok()) {
      return status;
    }
  }
  return WriteConfiguration(context, row.id, row.parameters);
}

absl::StatusOr<std::vector<TrialRow>> ReadAllTrials(Connection& connection) {
  Query query(connection,
              "SELECT t.* FROM trial AS t JOIN study ON study.id = t.study_id "
              "WHERE study.deleted = 0 ORDER BY t.study_id, t.number");
  absl::StatusOr<std::vector<TrialRow>> rows = ReadTrialRows(connection, query);
  if (!rows.ok()) return rows.status();
  if (absl::Status status = ReadAllConfigurations(connection, *rows); !status.ok()) return status;
  if (absl::Status status = ReadAllOutcomes(connection, *rows); !status.ok()) return status;
  return rows;
}

absl::StatusOr<std::vector<TrialRow>> ReadTrial(Connection& connection, int64_t study_id,
                                                int32_t number) {
  Query query(connection, "SELECT * FROM trial WHERE study_id = ? AND number = ?");
  query.Bind(study_id, number);
  return ReadWhole(connection, query);
}

absl::StatusOr<std::vector<TrialRow>> FindTrials(Connection& connection,
                                                 const TrialQuery& trial_query) {
  constexpr size_t kStates = 8;
  Query query(connection, FindSql(trial_query));
  query.Bind(trial_query.study_id, trial_query.changed_after_commit);
  if (trial_query.states.size() > kStates) {
    return absl::InvalidArgumentError("a query for trials names more states than there are");
  }
  for (size_t i = 0; i < kStates; ++i) {
    if (i < trial_query.states.size()) {
      query.Bind(v1::Trial::State_Name(trial_query.states[i]));
    } else {
      query.Bind(std::nullopt);
    }
  }
  query.Bind(trial_query.limit, trial_query.offset);
  if (trial_query.repeat_of || trial_query.changed_after_number) query.Bind(trial_query.repeat_of);
  if (trial_query.changed_after_number) query.Bind(*trial_query.changed_after_number);
  return ReadWhole(connection, query);
}

absl::StatusOr<std::vector<TrialRow>> FindBestTrials(Connection& connection, int64_t study_id,
                                                     const v1::Study& definition, int32_t count) {
  if (vocabulary::HasSeveralObjectives(definition)) {
    return FindFront(connection, study_id, definition, count);
  }
  const bool maximize = definition.objective().goal() == v1::Objective::MAXIMIZE;
  Query query(connection, absl::StrCat("SELECT t.* FROM trial AS t WHERE t.study_id = ? AND ",
                                       BestSql(definition), maximize ? "DESC" : "ASC",
                                       ", t.number LIMIT max(?, 0)"));
  query.Bind(study_id, count);
  return ReadWhole(connection, query);
}

absl::StatusOr<int64_t> ReadTrialNumber(Connection& connection, int64_t id) {
  Query query(connection, "SELECT * FROM trial WHERE id = ?");
  if (query.Bind(id).NextOf(kTrialTable)) return query.Integer(2);
  if (!query.status().ok()) return query.status();
  return absl::DataLossError(
      absl::StrCat("table trial: there is no row of id ", id, "; restore a backup"));
}

}  // namespace caviar::storage
