#include "storage/measurement_table.h"

#include <limits>
#include <optional>

#include "storage/real_columns.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

absl::StatusOr<int64_t> AddMetric(const WriteContext& context, const std::string& name) {
  absl::StatusOr<int64_t> id =
      context.connection.ReadInteger("SELECT coalesce(max(id), 0) + 1 FROM metric");
  if (!id.ok()) return id.status();
  Query insert(context.connection,
               "INSERT INTO metric (id, name, commit_number, checksum) VALUES (?, ?, ?, ?)");
  insert.Bind(*id, name, context.commit);
  if (absl::Status status = insert.BindChecksum().Run(); !status.ok()) return status;
  return id;
}

// nullopt: nothing was measured under this name. A name that was damaged must not read like that.
absl::StatusOr<std::optional<int64_t>> FindMetric(Connection& connection, const std::string& name) {
  Query find(connection, "SELECT * FROM metric WHERE name = ?");
  if (find.Bind(name).NextOf(kMetricTable)) return find.Integer(0);
  if (!find.status().ok()) return find.status();
  if (absl::Status status = CheckMetrics(connection); !status.ok()) return status;
  return std::nullopt;
}

absl::StatusOr<int64_t> MetricId(const WriteContext& context, const std::string& name) {
  const auto it = context.metric_ids.find(name);
  if (it != context.metric_ids.end()) return it->second;
  const absl::StatusOr<std::optional<int64_t>> found = FindMetric(context.connection, name);
  if (!found.ok()) return found.status();
  absl::StatusOr<int64_t> id = *found ? **found : AddMetric(context, name);
  if (id.ok()) context.metric_ids.emplace(name, *id);
  return id;
}

absl::Status AddMetricValues(Connection& connection, int64_t trial_id, const CurvePart& part,
                             int64_t metric_id, std::vector<std::pair<int64_t, double>>& values) {
  Query query(connection,
              "SELECT * FROM measurement WHERE trial_id = ? AND attempt = ? AND metric_id = ? "
              "AND step > ? AND step <= ? ORDER BY step");
  query.Bind(trial_id, part.attempt, metric_id, part.after, part.up_to);
  while (query.NextOf(kMeasurementTable)) {
    values.emplace_back(query.Integer(3), ReadReal(query, 4));
  }
  return query.status();
}

absl::Status AddMeasurements(Connection& connection, int64_t trial_id, const CurvePart& part,
                             std::vector<MeasurementRow>& rows) {
  Query query(connection,
              "SELECT m.*, metric.* FROM measurement AS m "
              "LEFT JOIN metric ON metric.id = m.metric_id "
              "WHERE m.trial_id = ? AND m.attempt = ? "
              "AND m.step > ? AND m.step <= ? ORDER BY m.step, metric.name");
  query.Bind(trial_id, part.attempt, part.after, part.up_to);
  while (query.NextOf(kMeasurementTable, kMetricTable)) {
    rows.push_back({trial_id, part.attempt, query.Text(kMeasurementTable.columns + 1),
                    query.Integer(3), ReadReal(query, 4), query.Integer(6),
                    Moment{query.Integer(8), query.Integer32(7)}});
  }
  return query.status();
}

}  // namespace

absl::Status CheckMetrics(Connection& connection) {
  Query query(connection, "SELECT * FROM metric");
  while (query.NextOf(kMetricTable)) {
  }
  return query.status();
}

absl::Status WriteRow(const WriteContext& context, const MeasurementRow& row) {
  absl::StatusOr<int64_t> metric_id = MetricId(context, row.metric);
  if (!metric_id.ok()) return metric_id.status();
  Query query(context.connection,
              "INSERT INTO measurement (trial_id, attempt, metric_id, step, value, not_finite, "
              "time, position, commit_number, checksum) VALUES (?,?,?,?,?,?,?,?,?,?) "
              "ON CONFLICT (trial_id, attempt, metric_id, step) DO NOTHING");
  query.Bind(row.trial_id, row.attempt, *metric_id, row.step, FiniteOrNull(row.value),
             NotFiniteOrNull(row.value), TimeOrNull(row.time), context.position, context.commit);
  return query.BindChecksum().Run();
}

absl::Status WriteRow(const WriteContext& context, const LateMeasurementRow& row) {
  absl::StatusOr<int64_t> metric_id = MetricId(context, row.metric);
  if (!metric_id.ok()) return metric_id.status();
  Query query(context.connection,
              "INSERT INTO late_measurement (trial_id, token_counter, metric_id, step, value, "
              "not_finite, time, commit_number, checksum) VALUES (?,?,?,?,?,?,?,?,?) "
              "ON CONFLICT (trial_id, token_counter, metric_id, step) DO UPDATE SET "
              "value = excluded.value, not_finite = excluded.not_finite, time = excluded.time, "
              "commit_number = excluded.commit_number, checksum = excluded.checksum");
  query.Bind(row.trial_id, row.token_counter, *metric_id, row.step, FiniteOrNull(row.value),
             NotFiniteOrNull(row.value), TimeOrNull(row.time), context.commit);
  return query.BindChecksum().Run();
}

absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetricValues(
    Connection& connection, int64_t trial_id, int32_t attempt, const std::string& metric) {
  const CurvePart all{attempt, -1, std::numeric_limits<int64_t>::max()};
  return ReadMetricValues(connection, trial_id, {all}, metric);
}

absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetricValues(
    Connection& connection, int64_t trial_id, const std::vector<CurvePart>& curve,
    const std::string& metric) {
  const absl::StatusOr<std::optional<int64_t>> metric_id = FindMetric(connection, metric);
  if (!metric_id.ok()) return metric_id.status();
  std::vector<std::pair<int64_t, double>> values;
  if (!*metric_id) return values;
  for (const CurvePart& part : curve) {
    const absl::Status status = AddMetricValues(connection, trial_id, part, **metric_id, values);
    if (!status.ok()) return status;
  }
  return values;
}

absl::StatusOr<std::vector<MeasurementRow>> ReadMeasurements(Connection& connection,
                                                             int64_t trial_id,
                                                             const std::vector<CurvePart>& curve) {
  std::vector<MeasurementRow> rows;
  for (const CurvePart& part : curve) {
    const absl::Status status = AddMeasurements(connection, trial_id, part, rows);
    if (!status.ok()) return status;
  }
  return rows;
}

absl::StatusOr<std::vector<MeasurementRow>> ReadAllMeasurements(Connection& connection,
                                                                int64_t trial_id,
                                                                const std::string& metric) {
  const absl::StatusOr<std::optional<int64_t>> metric_id = FindMetric(connection, metric);
  if (!metric_id.ok()) return metric_id.status();
  std::vector<MeasurementRow> rows;
  if (!*metric_id) return rows;
  Query query(connection,
              "SELECT m.* FROM attempt AS a CROSS JOIN measurement AS m "
              "ON m.trial_id = a.trial_id AND m.attempt = a.number AND m.metric_id = ? "
              "WHERE a.trial_id = ? ORDER BY a.number, m.step");
  query.Bind(**metric_id, trial_id);
  while (query.NextOf(kMeasurementTable)) {
    rows.push_back({trial_id, query.Integer32(1), metric, query.Integer(3), ReadReal(query, 4),
                    query.Integer(6), Moment{query.Integer(8), query.Integer32(7)}});
  }
  if (!query.status().ok()) return query.status();
  return rows;
}

absl::StatusOr<std::optional<int64_t>> ReadLastStep(Connection& connection, int64_t trial_id,
                                                    int32_t attempt) {
  // Hops from metric to metric of the attempt, so that only the ends of curves are read.
  Query query(connection,
              "WITH RECURSIVE m (id) AS ("
              "SELECT min(metric_id) FROM measurement WHERE trial_id = ?1 AND attempt = ?2 "
              "UNION ALL SELECT (SELECT min(metric_id) FROM measurement WHERE trial_id = ?1 "
              "AND attempt = ?2 AND metric_id > m.id) FROM m WHERE m.id IS NOT NULL) "
              "SELECT max((SELECT max(step) FROM measurement WHERE trial_id = ?1 "
              "AND attempt = ?2 AND metric_id = m.id)) FROM m");
  if (!query.Bind(trial_id, attempt).Next()) return query.status();
  return query.OptionalInteger(0);
}

absl::StatusOr<StoredValues> FindStoredValues(Connection& connection,
                                              const std::vector<MeasurementRow>& rows) {
  StoredValues found;
  absl::flat_hash_map<std::string, std::optional<int64_t>> metric_ids;
  for (const MeasurementRow& row : rows) {
    const auto [metric, is_new] = metric_ids.try_emplace(row.metric);
    if (is_new) {
      const absl::StatusOr<std::optional<int64_t>> id = FindMetric(connection, row.metric);
      if (!id.ok()) return id.status();
      metric->second = *id;
    }
    if (!metric->second) continue;
    Query query(connection,
                "SELECT * FROM measurement WHERE trial_id = ? AND attempt = ? AND metric_id = ? "
                "AND step = ?");
    query.Bind(row.trial_id, row.attempt, *metric->second, row.step);
    if (query.NextOf(kMeasurementTable)) {
      ++found.values;
      if (!IsSameValue(ReadReal(query, 4), row.value)) ++found.conflicts;
    }
    if (!query.status().ok()) return query.status();
  }
  return found;
}

absl::StatusOr<std::map<std::string, int64_t>> CountTrialValues(Connection& connection,
                                                                int64_t trial_id) {
  if (absl::Status status = CheckMetrics(connection); !status.ok()) return status;
  std::map<std::string, int64_t> counts;
  Query query(connection,
              "SELECT name, count(*) FROM measurement JOIN metric ON metric.id = metric_id "
              "WHERE trial_id = ? GROUP BY metric_id");
  query.Bind(trial_id);
  while (query.Next()) counts[query.Text(0)] = query.Integer(1);
  if (!query.status().ok()) return query.status();
  return counts;
}

}  // namespace caviar::storage
