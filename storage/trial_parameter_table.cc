#include "storage/trial_parameter_table.h"

#include <bit>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

// Bits, not numbers: 0.0 and -0.0 are different configurations.
bool AreSame(const v1::Value& a, const v1::Value& b) {
  if (a.kind_case() != b.kind_case()) return false;
  switch (a.kind_case()) {
    case v1::Value::kDoubleValue:
      return std::bit_cast<uint64_t>(a.double_value()) == std::bit_cast<uint64_t>(b.double_value());
    case v1::Value::kIntValue:
      return a.int_value() == b.int_value();
    case v1::Value::kBoolValue:
      return a.bool_value() == b.bool_value();
    case v1::Value::kStringValue:
      return a.string_value() == b.string_value();
    case v1::Value::KIND_NOT_SET:
      return true;
  }
  return false;
}

bool AreSame(const Configuration& a, const Configuration& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && AreSame(x.second, y.second);
  });
}

void BindValue(Query& query, const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue:
      query.Bind("double", value.double_value());
      return;
    case v1::Value::kIntValue:
      query.Bind("int", value.int_value());
      return;
    case v1::Value::kBoolValue:
      query.Bind("bool", value.bool_value());
      return;
    case v1::Value::kStringValue:
      query.Bind("string", value.string_value());
      return;
    case v1::Value::KIND_NOT_SET:
      query.Bind("", std::nullopt);  // which the schema refuses
      return;
  }
}

// Columns `column` (type) and `column` + 1 (value).
v1::Value ReadValue(Query& query, int column) {
  v1::Value value;
  const std::string type = query.Text(column);
  if (type == "double") {
    value.set_double_value(query.Real(column + 1));
  } else if (type == "int") {
    value.set_int_value(query.Integer(column + 1));
  } else if (type == "bool") {
    value.set_bool_value(query.Integer(column + 1) != 0);
  } else if (type == "string") {
    value.set_string_value(query.Text(column + 1));
  } else {
    query.Damaged(column);
  }
  return value;
}

}  // namespace

absl::Status InsertConfiguration(const WriteContext& context, int64_t trial_id,
                                 const Configuration& configuration) {
  for (const auto& [name, value] : configuration) {
    Query insert(context.connection,
                 "INSERT INTO trial_parameter (trial_id, name, type, value, commit_number, "
                 "checksum) VALUES (?, ?, ?, ?, ?, ?)");
    insert.Bind(trial_id, name);
    BindValue(insert, value);
    insert.Bind(context.commit);
    if (absl::Status status = insert.BindChecksum().Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WriteConfiguration(const WriteContext& context, int64_t trial_id,
                                const Configuration& configuration) {
  absl::StatusOr<Configuration> stored = ReadConfiguration(context.connection, trial_id);
  if (!stored.ok()) return stored.status();
  if (AreSame(*stored, configuration)) return absl::OkStatus();
  if (!stored->empty()) {
    Query erase(context.connection, "DELETE FROM trial_parameter WHERE trial_id = ?");
    if (absl::Status status = erase.Bind(trial_id).Run(); !status.ok()) return status;
  }
  return InsertConfiguration(context, trial_id, configuration);
}

absl::StatusOr<Configuration> ReadConfiguration(Connection& connection, int64_t trial_id) {
  Query query(connection, "SELECT * FROM trial_parameter WHERE trial_id = ?");
  query.Bind(trial_id);
  Configuration configuration;
  while (query.NextOf(kTrialParameterTable)) {
    configuration.emplace(query.Text(1), ReadValue(query, 2));
  }
  if (!query.status().ok()) return query.status();
  return configuration;
}

absl::Status ReadAllConfigurations(Connection& connection, std::vector<TrialRow>& trials) {
  absl::flat_hash_map<int64_t, TrialRow*> by_id;
  by_id.reserve(trials.size());
  for (TrialRow& trial : trials) by_id.emplace(trial.id, &trial);
  Query query(connection, "SELECT * FROM trial_parameter ORDER BY trial_id, name");
  while (query.NextOf(kTrialParameterTable)) {
    const auto it = by_id.find(query.Integer(0));
    if (it == by_id.end()) continue;  // of a deleted study
    Configuration& configuration = it->second->parameters;
    configuration.emplace_hint(configuration.end(), query.Text(1), ReadValue(query, 2));
  }
  return query.status();
}

}  // namespace caviar::storage
