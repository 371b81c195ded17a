// The tables whose rows carry a checksum.
#ifndef CAVIAR_STORAGE_TABLES_H_
#define CAVIAR_STORAGE_TABLES_H_

namespace caviar::storage {

struct Table {
  const char* name;
  int keys;     // how many of its first columns name a row
  int columns;  // all; the last one is the checksum, and the one before it the commit
};

// `store` has one row, and no commit before its checksum.
inline constexpr Table kStoreTable{"store", 1, 7};

inline constexpr Table kStudyTable{"study", 1, 24};
inline constexpr Table kStudyRevisionTable{"study_revision", 2, 8};
inline constexpr Table kStudyActivationTable{"study_activation", 1, 4};
inline constexpr Table kStudyEndTable{"study_end", 2, 6};
inline constexpr Table kTrialTable{"trial", 1, 31};
inline constexpr Table kTrialOutcomeTable{"trial_outcome", 2, 6};
inline constexpr Table kTrialParameterTable{"trial_parameter", 2, 6};
inline constexpr Table kWarmStartTrialTable{"warm_start_trial", 3, 8};
inline constexpr Table kAttemptTable{"attempt", 2, 23};
inline constexpr Table kMetricTable{"metric", 1, 4};
inline constexpr Table kMeasurementTable{"measurement", 4, 10};
inline constexpr Table kLateMeasurementTable{"late_measurement", 4, 9};
inline constexpr Table kArtifactTable{"artifact", 4, 10};
inline constexpr Table kPrunerDecisionTable{"pruner_decision", 3, 8};
inline constexpr Table kEvaluationTable{"evaluation", 1, 14};
inline constexpr Table kEvaluationMetricTable{"evaluation_metric", 2, 6};
inline constexpr Table kEvaluationClassTable{"evaluation_class", 2, 10};
inline constexpr Table kWorkerTable{"worker", 1, 11};
inline constexpr Table kRequestTable{"request", 2, 8};
inline constexpr Table kForgottenRequestTable{"forgotten_request", 1, 4};

// All but `store`.
inline constexpr Table kTables[] = {
    kStudyTable,          kStudyRevisionTable,  kStudyEndTable,         kTrialTable,
    kTrialOutcomeTable,   kTrialParameterTable, kWarmStartTrialTable,   kAttemptTable,
    kMetricTable,         kMeasurementTable,    kLateMeasurementTable,  kArtifactTable,
    kPrunerDecisionTable, kEvaluationTable,     kEvaluationMetricTable, kEvaluationClassTable,
    kWorkerTable,         kRequestTable,        kForgottenRequestTable, kStudyActivationTable,
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_TABLES_H_
