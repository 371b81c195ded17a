// A store with a row in every table, and its files.
#ifndef CAVIAR_TESTS_STORAGE_FILLED_STORE_H_
#define CAVIAR_TESTS_STORAGE_FILLED_STORE_H_

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/artifact_store.h"
#include "storage/sqlite_store.h"
#include "tests/storage/sample_rows.h"

namespace caviar::storage {

inline constexpr int64_t kFilledCommits = 5;

// The file of an artifact, written for real; its row.
inline ArtifactRow StoredArtifact(const std::string& folder, int64_t step,
                                  const std::string& content) {
  ArtifactRow row = SampleArtifact(1, 1, step);
  row.size = static_cast<int64_t>(content.size());
  row.crc32 = Crc32(content);
  absl::StatusOr<ArtifactStore> files = ArtifactStore::Open(folder);
  EXPECT_TRUE(files->Write(row.file, 0, content).ok());
  EXPECT_TRUE(files->Commit(row.file, row.size, row.crc32).ok());
  return row;
}

// Commits 1 to 5 of a new store in `folder`, which is given back open.
inline std::unique_ptr<SqliteStore> FilledStore(const std::string& folder) {
  absl::StatusOr<std::unique_ptr<SqliteStore>> opened = SqliteStore::Open(folder);
  EXPECT_TRUE(opened.ok()) << opened.status();
  std::unique_ptr<SqliteStore> store = *std::move(opened);
  const auto apply = [&store](const Batch& batch, int64_t commit) {
    const absl::Status status = store->Apply(batch, commit);
    EXPECT_TRUE(status.ok()) << status;
  };
  TrialRow repeated = MeasuredTrial(2, 2, 0, 0.9, 3);
  repeated.repeat_of = 0;
  repeated.repeats = {1, 0.9, 0.1, v1::Trial::COMPLETED, true};
  apply({SampleStudy(1, "a"), SampleStudyOfTwoObjectives(2, "b"), CompletedTrial(1, 1, 0, -0.0),
         repeated, SampleTrial(3, 1, 1, v1::Trial::RUNNING), SampleWarmStartTrial(1, 0, 4),
         CountersRow{3, 4, 3}},
        1);
  apply({SampleAttempt(1, 1, 1), SampleAttempt(3, 1, 2),
         WorkerRow{"w1", "node-7", "1.2", 2, {"cpu", "idx"}, {{"zone", "a"}}, 17, "x86"},
         RequestRow{"client", 2, "CreateStudy", 1, "", 1}, ForgetRequests{2, 1},
         RequestRow{"client", 3, "CreateStudy", 0xfedcba98, std::string("\0\xff\x01", 3), 18},
         StudyRevisionRow{1, 1, SampleStudy(1, "a").definition, 0, 19}, StudyActivationRow{1, 2},
         StudyEndRow{1, 1, "{\"study\": \"a\"}", 20}},
        2);
  Batch measurements;
  for (int64_t step = 1; step <= 200; ++step) {
    measurements.push_back(SampleMeasurement(1, 1, "accuracy", step, 1 - 1.0 / (step + 2.0)));
    measurements.push_back(SampleMeasurement(1, 1, "loss", step, step == 7 ? std::nan("") : 0.5));
  }
  measurements.push_back(LateMeasurementRow{1, 1, "loss", 3, -0.0, 1});
  apply(measurements, 3);
  apply({StoredArtifact(folder, 4, std::string(5000, 'w')), StoredArtifact(folder, 5, "weights"),
         SampleDecision(1, 4), SampleEvaluation(1, 1)},
        4);
  apply({SampleMeasurement(3, 1, "accuracy", 1, 0.25)}, 5);
  return store;
}

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_FILLED_STORE_H_
