// The tables `measurement`, `late_measurement` and `metric`.
#ifndef CAVIAR_STORAGE_MEASUREMENT_TABLE_H_
#define CAVIAR_STORAGE_MEASUREMENT_TABLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/curve.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

// Whether all names of metrics, which are few, are whole.
absl::Status CheckMetrics(Connection& connection);

// Where the key is there already, the first value stays.
absl::Status WriteRow(const WriteContext& context, const MeasurementRow& row);
absl::Status WriteRow(const WriteContext& context, const LateMeasurementRow& row);

// (step, value) by step.
absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetricValues(Connection& connection,
                                                                         int64_t trial_id,
                                                                         int32_t attempt,
                                                                         const std::string& metric);

// The same of a curve.
absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetricValues(
    Connection& connection, int64_t trial_id, const std::vector<CurvePart>& curve,
    const std::string& metric);

// Of a curve, by step and metric.
absl::StatusOr<std::vector<MeasurementRow>> ReadMeasurements(Connection& connection,
                                                             int64_t trial_id,
                                                             const std::vector<CurvePart>& curve);

// As Reader::ListMeasurements.
absl::StatusOr<std::vector<MeasurementRow>> ReadAllMeasurements(Connection& connection,
                                                                int64_t trial_id,
                                                                const std::string& metric);

// The largest step that an attempt measured itself.
absl::StatusOr<std::optional<int64_t>> ReadLastStep(Connection& connection, int64_t trial_id,
                                                    int32_t attempt);

// As Store::FindStored.
absl::StatusOr<StoredValues> FindStoredValues(Connection& connection,
                                              const std::vector<MeasurementRow>& rows);

// As Store::CountValues.
absl::StatusOr<std::map<std::string, int64_t>> CountTrialValues(Connection& connection,
                                                                int64_t trial_id);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_MEASUREMENT_TABLE_H_
