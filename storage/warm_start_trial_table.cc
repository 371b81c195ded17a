#include "storage/warm_start_trial_table.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

bool IsFinite(const v1::Value& value) {
  return value.kind_case() != v1::Value::KIND_NOT_SET &&
         (!value.has_double_value() || std::isfinite(value.double_value()));
}

// Protobuf's text format: unlike its JSON it keeps the sign of -0.0.
absl::StatusOr<std::string> ToText(const WarmStartTrialRow& row) {
  v1::KnownTrial trial;
  trial.mutable_parameters()->insert(row.parameters.begin(), row.parameters.end());
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  if (!printer.PrintToString(trial, &text)) {
    return absl::InvalidArgumentError(absl::StrCat("warm_start trial ", row.number, " of study ",
                                                   row.study_id, " cannot be written"));
  }
  return text;
}

absl::Status FromText(const std::string& text, WarmStartTrialRow& row) {
  v1::KnownTrial trial;
  if (!google::protobuf::TextFormat::ParseFromString(text, &trial)) {
    return absl::DataLossError(
        absl::StrCat("warm_start trial ", row.number, " of study ", row.study_id,
                     ": its configuration cannot be read; the file is damaged: restore a backup"));
  }
  row.parameters.insert(trial.parameters().begin(), trial.parameters().end());
  return absl::OkStatus();
}

}  // namespace

absl::Status Check(const WarmStartTrialRow& row) {
  const bool named = std::all_of(
      row.parameters.begin(), row.parameters.end(),
      [](const auto& parameter) { return !parameter.first.empty() && IsFinite(parameter.second); });
  const double variance = row.variance.value_or(0);
  if (row.source >= 0 && row.number >= 0 && std::isfinite(row.value) && std::isfinite(variance) &&
      variance >= 0 && named) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("warm_start trial ", row.number, " of study ",
                                                 row.study_id, ", source ", row.source,
                                                 ": its place, value, variance or a parameter"));
}

absl::Status WriteRow(const WriteContext& context, const WarmStartTrialRow& row) {
  if (absl::Status status = Check(row); !status.ok()) return status;
  const absl::StatusOr<std::string> text = ToText(row);
  if (!text.ok()) return text.status();
  Query query(context.connection,
              "INSERT INTO warm_start_trial (study_id, source, number, parameters, value, "
              "variance, commit_number, checksum) VALUES (?,?,?,?,?,?,?,?) "
              "ON CONFLICT (study_id, source, number) DO UPDATE SET "
              "parameters = excluded.parameters, value = excluded.value, "
              "variance = excluded.variance, commit_number = excluded.commit_number, "
              "checksum = excluded.checksum");
  query.Bind(row.study_id, row.source, row.number, *text, row.value, row.variance, context.commit);
  return query.BindChecksum().Run();
}

namespace {

absl::StatusOr<std::vector<WarmStartTrialRow>> ReadWarmStartRows(Query& query) {
  std::vector<WarmStartTrialRow> rows;
  while (query.NextOf(kWarmStartTrialTable)) {
    WarmStartTrialRow& row = rows.emplace_back();
    row.study_id = query.Integer(0);
    row.source = query.Integer32(1);
    row.number = query.Integer32(2);
    if (absl::Status status = FromText(query.Text(3), row); !status.ok()) return status;
    row.value = query.Real(4);
    row.variance = query.OptionalReal(5);
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

}  // namespace

absl::StatusOr<std::vector<WarmStartTrialRow>> ReadAllWarmStartTrials(Connection& connection) {
  Query query(connection,
              "SELECT w.* FROM warm_start_trial AS w JOIN study ON study.id = w.study_id "
              "WHERE study.deleted = 0 ORDER BY w.study_id, w.source, w.number");
  return ReadWarmStartRows(query);
}

absl::StatusOr<std::vector<WarmStartTrialRow>> ReadWarmStartTrials(Connection& connection,
                                                                   int64_t study_id) {
  Query query(
      connection,
      "SELECT w.* FROM warm_start_trial AS w WHERE w.study_id = ? ORDER BY w.source, w.number");
  query.Bind(study_id);
  return ReadWarmStartRows(query);
}

}  // namespace caviar::storage
