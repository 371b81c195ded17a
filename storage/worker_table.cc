#include "storage/worker_table.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message, const WorkerRow& row) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "worker ", row.id, ", features, labels or resources: ", status.message().ToString()));
  }
  return json;
}

}  // namespace

absl::Status WriteRow(const WriteContext& context, const WorkerRow& row) {
  ListValue features;
  for (const std::string& feature : row.features) features.add_values()->set_string_value(feature);
  Struct labels;
  for (const auto& [name, value] : row.labels) {
    (*labels.mutable_fields())[name].set_string_value(value);
  }
  absl::StatusOr<std::string> features_json = ToJson(features, row);
  if (!features_json.ok()) return features_json.status();
  absl::StatusOr<std::string> labels_json = ToJson(labels, row);
  if (!labels_json.ok()) return labels_json.status();
  absl::StatusOr<std::string> resources_json = ToJson(row.resources, row);
  if (!resources_json.ok()) return resources_json.status();
  Query query(context.connection,
              "INSERT INTO worker (id, name, version, slots, features, labels, register_time, "
              "numerics_fingerprint, resources, commit_number, checksum) "
              "VALUES (?,?,?,?,?,?,?,?,?,?,?) "
              "ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, "
              "slots = excluded.slots, features = excluded.features, labels = excluded.labels, "
              "register_time = excluded.register_time, "
              "numerics_fingerprint = excluded.numerics_fingerprint, "
              "resources = excluded.resources, commit_number = excluded.commit_number, checksum = "
              "excluded.checksum");
  query.Bind(row.id, row.name, row.version, row.slots, *features_json, *labels_json,
             TimeOrNull(row.register_time), row.numerics_fingerprint, *resources_json,
             context.commit);
  return query.BindChecksum().Run();
}

absl::Status WriteRow(const WriteContext& context, const EraseWorker& key) {
  Query query(context.connection, "DELETE FROM worker WHERE id = ?");
  return query.Bind(key.id).Run();
}

absl::StatusOr<std::vector<WorkerRow>> ReadAllWorkers(Connection& connection) {
  Query query(connection, "SELECT * FROM worker ORDER BY id");
  std::vector<WorkerRow> rows;
  while (query.NextOf(kWorkerTable)) {
    WorkerRow& row = rows.emplace_back();
    row.id = query.Text(0);
    row.name = query.Text(1);
    row.version = query.Text(2);
    row.slots = query.Integer32(3);
    ListValue features;
    if (!google::protobuf::util::JsonStringToMessage(query.Text(4), &features).ok()) {
      query.Damaged(4);
    }
    for (const auto& feature : features.values()) row.features.push_back(feature.string_value());
    Struct labels;
    if (!google::protobuf::util::JsonStringToMessage(query.Text(5), &labels).ok()) {
      query.Damaged(5);
    }
    for (const auto& [name, value] : labels.fields()) {
      row.labels.emplace(name, value.string_value());
    }
    row.register_time = query.Integer(6);
    row.numerics_fingerprint = query.Text(7);
    if (!google::protobuf::util::JsonStringToMessage(query.Text(8), &row.resources).ok()) {
      query.Damaged(8);
    }
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

}  // namespace caviar::storage
