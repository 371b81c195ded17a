#include "storage/erase_study.h"

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

constexpr int64_t kRows = 1000;

// Runs a deletion whose parameters are an id and a limit, and takes its rows off the budget.
absl::Status Erase(Connection& connection, absl::string_view sql, int64_t id, int64_t& budget) {
  Query query(connection, sql);
  if (absl::Status status = query.Bind(id, budget).Run(); !status.ok()) return status;
  budget -= sqlite3_changes64(connection.handle());
  return absl::OkStatus();
}

// The rows below a trial, then its own.
constexpr absl::string_view kOfTrial[] = {
    R"(DELETE FROM measurement WHERE trial_id = ?1 AND (attempt, metric_id, step) IN
       (SELECT attempt, metric_id, step FROM measurement WHERE trial_id = ?1 LIMIT ?2))",
    R"(DELETE FROM late_measurement WHERE trial_id = ?1 AND (token_counter, metric_id, step) IN
       (SELECT token_counter, metric_id, step FROM late_measurement WHERE trial_id = ?1 LIMIT ?2))",
    R"(DELETE FROM pruner_decision WHERE trial_id = ?1 AND (step, decision) IN
       (SELECT step, decision FROM pruner_decision WHERE trial_id = ?1 LIMIT ?2))",
    R"(DELETE FROM artifact WHERE trial_id = ?1 AND (attempt, kind, step) IN
       (SELECT attempt, kind, step FROM artifact WHERE trial_id = ?1 LIMIT ?2))",
    R"(DELETE FROM trial_outcome WHERE trial_id = ?1 AND metric IN
       (SELECT metric FROM trial_outcome WHERE trial_id = ?1 LIMIT ?2))",
    R"(DELETE FROM trial_parameter WHERE trial_id = ?1 AND name IN
       (SELECT name FROM trial_parameter WHERE trial_id = ?1 LIMIT ?2))",
    R"(DELETE FROM attempt WHERE trial_id = ?1 AND number IN
       (SELECT number FROM attempt WHERE trial_id = ?1 LIMIT ?2))",
    "DELETE FROM trial WHERE id = ?1 AND ?2 > 0",
};

// The rows beside the trials.
constexpr absl::string_view kOfStudyFirst[] = {
    R"(DELETE FROM warm_start_trial WHERE study_id = ?1 AND (source, number) IN
       (SELECT source, number FROM warm_start_trial WHERE study_id = ?1 LIMIT ?2))",
    R"(DELETE FROM study_revision WHERE study_id = ?1 AND revision IN
       (SELECT revision FROM study_revision WHERE study_id = ?1 LIMIT ?2))",
    "DELETE FROM study_activation WHERE study_id = ?1 AND ?2 > 0",
    "DELETE FROM evaluation_class WHERE study_id = ?1 AND ?2 > 0",
    "DELETE FROM evaluation_metric WHERE study_id = ?1 AND ?2 > 0",
    "DELETE FROM evaluation WHERE study_id = ?1 AND ?2 > 0",
};
constexpr absl::string_view kOfStudyLast[] = {
    "DELETE FROM trial_count WHERE study_id = ?1 AND ?2 > 0",
    "DELETE FROM study WHERE id = ?1 AND ?2 > 0",
};

absl::StatusOr<std::optional<int64_t>> FirstTrial(Connection& connection, int64_t study_id) {
  Query query(connection, "SELECT id FROM trial WHERE study_id = ? ORDER BY number LIMIT 1");
  if (query.Bind(study_id).Next()) return query.Integer(0);
  if (!query.status().ok()) return query.status();
  return std::nullopt;
}

template <size_t size>
absl::Status EraseAll(Connection& connection, const absl::string_view (&statements)[size],
                      int64_t id, int64_t& budget) {
  for (const absl::string_view sql : statements) {
    if (budget <= 0) break;
    if (absl::Status status = Erase(connection, sql, id, budget); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const EraseStudyChunk& chunk) {
  Connection& connection = context.connection;
  Query study(connection, "SELECT deleted FROM study WHERE id = ?");
  if (!study.Bind(chunk.study_id).Next()) return study.status();
  if (study.Integer(0) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("study ", chunk.study_id, " cannot be erased: it is not deleted"));
  }
  int64_t budget = kRows;
  absl::Status status = EraseAll(connection, kOfStudyFirst, chunk.study_id, budget);
  while (status.ok() && budget > 0) {
    absl::StatusOr<std::optional<int64_t>> trial = FirstTrial(connection, chunk.study_id);
    if (!trial.ok()) return trial.status();
    if (!trial->has_value()) return EraseAll(connection, kOfStudyLast, chunk.study_id, budget);
    status = EraseAll(connection, kOfTrial, **trial, budget);
  }
  return status;
}

}  // namespace caviar::storage
