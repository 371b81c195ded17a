// What only the SQLite form promises: files, schema, limits, people.
#include "storage/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "storage/migration.h"
#include "storage/sqlite_reader.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/failing_files.h"
#include "tests/storage/sample_rows.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

using testing::HasSubstr;

std::unique_ptr<SqliteStore> MustOpen(const std::string& folder,
                                      const SqliteOptions& options = {}) {
  absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(folder, options);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

TEST(SqliteStore, MakesTheDataDirectoryWithItsParents) {
  TemporaryFolder folder;
  const std::string deep = folder.path() + "/a/b";
  ASSERT_NE(MustOpen(deep), nullptr);
  EXPECT_TRUE(std::filesystem::exists(deep + "/caviar.db"));
  EXPECT_EQ(std::filesystem::status(deep).permissions(), std::filesystem::perms::owner_all);
}

TEST(SqliteStore, KeepsEverythingAcrossOpenings) {
  TemporaryFolder folder;
  std::string before;
  int64_t epoch = 0;
  {
    auto store = MustOpen(folder.path());
    ASSERT_TRUE(store
                    ->Apply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1),
                             CountersRow{2, 2, 2}},
                            1)
                    .ok());
    const Snapshot snapshot = store->Load().value();
    before = Text(snapshot);
    epoch = snapshot.store_epoch;
  }
  auto store = MustOpen(folder.path());
  EXPECT_EQ(Text(store->Load().value()), before);
  EXPECT_EQ(store->Load()->store_epoch, epoch);
}

TEST(SqliteStore, DrawsAnotherEpochForEachStore) {
  TemporaryFolder a, b;
  EXPECT_NE(MustOpen(a.path())->Load()->store_epoch, MustOpen(b.path())->Load()->store_epoch);
}

TEST(SqliteStore, IsDurableAndCarefulByItsSettings) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  EXPECT_EQ(Ask(folder.path(), "PRAGMA journal_mode; PRAGMA application_id; PRAGMA user_version"),
            absl::StrCat("wal\n1128355401\n", NewestVersion(), "\n"));
}

TEST(SqliteStore, RefusesASecondCoordinatorAndNamesTheFirst) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  const absl::Status status = SqliteStore::Open(folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("process ", getpid())));
  store.reset();
  EXPECT_NE(MustOpen(folder.path()), nullptr);
}

TEST(SqliteStore, RefusesANewerSchema) {
  TemporaryFolder folder;
  MustOpen(folder.path());
  Ask(folder.path(), "PRAGMA user_version = 1000");
  for (const absl::Status& status :
       {SqliteStore::Open(folder.path()).status(), SqliteReader::Open(folder.path()).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("newer Caviar"));
  }
}

TEST(SqliteStore, RefusesAnotherProgramsDatabaseAndLeavesItAsItIs) {
  TemporaryFolder folder;
  Ask(folder.path(), "CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')");
  const std::string before = ReadFile(DatabaseFile(folder.path()));
  const absl::Status status = SqliteStore::Open(folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another program"));
  EXPECT_EQ(ReadFile(DatabaseFile(folder.path())), before);
}

TEST(SqliteStore, RefusesAFileThatIsNoDatabase) {
  TemporaryFolder folder;
  WriteFile(DatabaseFile(folder.path()), std::string(10000, 'x'));
  const absl::Status status = SqliteStore::Open(folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("restore a backup"));
}

TEST(SqliteStore, RefusesATruncatedFile) {
  TemporaryFolder folder;
  MustOpen(folder.path());
  const std::string whole = ReadFile(DatabaseFile(folder.path()));
  for (const size_t size : {whole.size() - 4096, whole.size() / 2, size_t{4096}, size_t{100}}) {
    WriteFile(DatabaseFile(folder.path()), whole.substr(0, size));
    const absl::Status status = SqliteStore::Open(folder.path()).status();
    EXPECT_TRUE(absl::IsDataLoss(status) || absl::IsFailedPrecondition(status))
        << size << " bytes: " << status;
  }
}

TEST(SqliteStore, RefusesALogWithoutItsFile) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_TRUE(store->Apply({SampleStudy(1, "a")}, 1).ok());
  const std::string log = ReadFile(DatabaseFile(folder.path()) + "-wal");
  ASSERT_FALSE(log.empty());
  store.reset();
  WriteFile(DatabaseFile(folder.path()) + "-wal", log);
  WriteFile(DatabaseFile(folder.path()), "");
  EXPECT_EQ(SqliteStore::Open(folder.path()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadFile(DatabaseFile(folder.path()) + "-wal"), log) << "nothing was thrown away";
}

TEST(SqliteStore, RefusesAFileSystemThatHoldsNoLog) {
  TemporaryFolder folder;
  SqliteOptions options;
  options.vfs = "unix-dotfile";  // which shares no memory
  const absl::Status status = SqliteStore::Open(folder.path(), options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot hold a write-ahead log"));
}

TEST(SqliteStore, RefusesAFolderThatAPowerLossMayTake) {
  TemporaryFolder folder;
  const FailingFiles failing(FileFault::kSync, folder.path());
  const absl::Status status = SqliteStore::Open(folder.path() + "/new").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot sync the folder"));
}

TEST(SqliteStore, RefusesAFolderThatCannotBeReached) {
  TemporaryFolder folder;
  const std::string loop = folder.path() + "/loop";
  std::filesystem::create_symlink(loop, loop);
  WriteFile(folder.path() + "/file", "");
  for (const std::string& path : {std::string(), loop, loop + "/new", folder.path() + "/file",
                                  absl::StrCat(folder.path(), "/", std::string(300, 'n'))}) {
    const absl::Status status = SqliteStore::Open(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << path << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("cannot make the data directory"));
  }
}

TEST(SqliteStore, RefusesAFolderBelowOneThatWasRemoved) {
  TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  const std::string removed = folder.path() + "/removed";
  std::filesystem::create_directory(removed);
  std::filesystem::current_path(removed);
  std::filesystem::remove(removed);
  const absl::Status status = SqliteStore::Open("db").status();
  std::filesystem::current_path(before);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot make the data directory db"));
}

TEST(SqliteStore, AFailedSyncOfItsLogIsTheEnd) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  {
    const FailingFiles failing(FileFault::kSync, "/caviar.db-wal");
    const absl::Status status = store->Apply({SampleStudy(1, "a")}, 1);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_EQ(failing.met(), 1);
  }
  EXPECT_EQ(store->Apply({SampleStudy(1, "a")}, 1).code(), absl::StatusCode::kDataLoss);
  store.reset();
  EXPECT_NE(MustOpen(folder.path()), nullptr) << "the next process goes on";
}

TEST(SqliteStore, RefusesAFolderThatIsAFile) {
  TemporaryFolder folder;
  WriteFile(folder.path() + "/file", "x");
  EXPECT_EQ(SqliteStore::Open(folder.path() + "/file").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(SqliteStore, ReportsDamageOfARowAndThenAnswersNothing) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_TRUE(store->Apply({SampleStudy(1, "a")}, 1).ok());
  EXPECT_EQ(Ask(folder.path(), "UPDATE study SET definition = '{\"nme\": 1}'"), "");
  EXPECT_EQ(store->Load().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store->Apply({}, 2).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store->HasStudyRows(1).status().code(), absl::StatusCode::kDataLoss);
}

TEST(SqliteStore, AUsedUpQuotaIsAFullDisk) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  {
    const FailingFiles failing(FileFault::kWrite, "/caviar.db-wal");
    const absl::Status status = store->Apply({SampleStudy(1, "a")}, 1);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_GT(failing.met(), 0);
  }
  EXPECT_TRUE(store->Apply({SampleStudy(1, "a")}, 1).ok()) << "there is room again";
}

TEST(SqliteStore, FullMeansNothingWrittenAndGoesOnWhenThereIsRoom) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_TRUE(
      store->Apply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1)}, 1).ok());
  ASSERT_TRUE(store->LimitPages(70).ok());
  int64_t commit = 1;
  absl::Status status;
  std::string before;
  while (status.ok() && commit < 1000) {
    before = Text(store->Load().value());
    Batch batch;
    for (int64_t i = 0; i < 100; ++i) {
      batch.push_back(SampleMeasurement(1, 1, "loss", commit * 100 + i, 0.5));
    }
    status = store->Apply(batch, commit + 1);
    if (status.ok()) ++commit;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(Text(store->Load().value()), before);
  EXPECT_EQ(store->ReadMetric(1, 1, "loss")->size(), (commit - 1) * 100);
  ASSERT_TRUE(store->LimitPages(0).ok());
  EXPECT_TRUE(store->Apply({SampleMeasurement(1, 1, "loss", 0, 0.5)}, commit + 1).ok());
}

TEST(SqliteStore, CopiesItsLogBeforeItGrowsForEver) {
  TemporaryFolder folder;
  SqliteOptions options;
  options.checkpoint_frames = 10;
  auto store = MustOpen(folder.path(), options);
  ASSERT_TRUE(store->Apply({SampleStudy(1, "a")}, 1).ok());
  const std::string log = DatabaseFile(folder.path()) + "-wal";
  const uintmax_t of_the_schema = std::filesystem::file_size(log);
  for (int64_t commit = 2; commit < 80; ++commit) {
    ASSERT_TRUE(store->Apply({SampleTrial(commit, 1, static_cast<int32_t>(commit))}, commit).ok());
  }
  EXPECT_LE(std::filesystem::file_size(log), of_the_schema);
}

TEST(SqliteStore, FinalTrialsAreSafeFromEditsByHandToo) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_TRUE(store->Apply({SampleStudy(1, "a"), CompletedTrial(1, 1, 0, 0.5)}, 1).ok());
  EXPECT_THAT(Ask(folder.path(), "UPDATE trial SET objective = 1.0"), HasSubstr("never change"));
  EXPECT_THAT(Ask(folder.path(), "UPDATE trial SET state = 'RUNNING'"), HasSubstr("never change"));
}

TEST(SqliteStore, KeepsLateMeasurementsApart) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_TRUE(store
                  ->Apply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1),
                           LateMeasurementRow{1, 1, "loss", 3, 0.5, 1},
                           LateMeasurementRow{1, 1, "loss", 4, -1.0 / 0.0, 1}},
                          1)
                  .ok());
  EXPECT_TRUE(store->ReadMetric(1, 1, "loss")->empty());
  EXPECT_EQ(Ask(folder.path(),
                "SELECT token_counter, step, value, not_finite, commit_number "
                "FROM late_measurement"),
            "1|3|0.5|NULL|1\n1|4|NULL|-inf|1\n");
}

TEST(SqliteStore, AnswersAPersonsQuestions) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  TrialRow trial = CompletedTrial(1, 1, 0, 0.875);
  trial.parameters["rate"].set_double_value(0.001);
  trial.parameters["bias"].set_bool_value(true);
  EvaluationRow evaluation = SampleEvaluation(1, 1);
  evaluation.classes[0].set_name("shirt");
  evaluation.classes[1].set_name("coat");
  evaluation.classes[1].set_examples(9);
  evaluation.classes[1].add_predicted_as(2);
  evaluation.classes[1].add_predicted_as(7);
  ASSERT_TRUE(store
                  ->Apply({SampleStudy(1, "mnist"), trial, SampleTrial(2, 1, 1),
                           SampleAttempt(1, 1, 1), SampleMeasurement(1, 1, "accuracy", 1, 0.875),
                           SampleMeasurement(1, 1, "accuracy", 2, 0.0 / 0.0), evaluation},
                          1)
                  .ok());
  EXPECT_EQ(Ask(folder.path(),
                "SELECT study, state, goal, best_objective, trials, completed, max_trials, "
                "created FROM studies"),
            "mnist|ACTIVE|MAXIMIZE|0.875|2|1|16|2023-11-14 22:13:20\n");
  EXPECT_EQ(Ask(folder.path(),
                "SELECT study, number, state, objective, objective_step, worker, parameters, "
                "ended FROM trials WHERE state = 'COMPLETED'"),
            "mnist|0|COMPLETED|0.875|3|node-7|"
            "{\"bias\":true,\"optimizer\":\"sgd\",\"rate\":0.001}|2023-11-14 22:13:20\n");
  EXPECT_EQ(Ask(folder.path(), "SELECT study, trial, attempt, metric, step, value FROM curve"),
            "mnist|0|1|accuracy|1|0.875\nmnist|0|1|accuracy|2|nan\n");
  EXPECT_EQ(Ask(folder.path(),
                "SELECT class, taken_for, count, examples FROM confusion WHERE class = 'coat' "
                "ORDER BY count"),
            "coat|shirt|2|9\ncoat|coat|7|9\n");
  EXPECT_EQ(Ask(folder.path(),
                "SELECT json_extract(definition, '$.trainer.batch_norm_network.epochs'), "
                "max_duration, seed FROM study"),
            "8|3600500000|4294967295\n");
}

TEST(SqliteStore, ShowsAPersonTheCurveThatCounts) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  Batch batch = {SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleTrial(2, 1, 1),
                 SampleTrial(3, 1, 2)};
  // (trial, attempt, parent, step): trial 1 goes on twice, trial 2 starts anew.
  const int64_t attempts[][4] = {
      {1, 1, 0, 0}, {1, 2, 1, 2}, {1, 3, 2, 3}, {2, 1, 0, 0}, {2, 2, 0, 0}};
  int64_t token = 0;
  for (const auto& [trial, number, parent, step] : attempts) {
    AttemptRow row = SampleAttempt(trial, static_cast<int32_t>(number), ++token);
    row.parent_attempt = static_cast<int32_t>(parent);
    row.resumed_from_step = step;
    batch.push_back(row);
    for (int64_t own = 1; own <= 4; ++own) {
      batch.push_back(SampleMeasurement(trial, row.number, "loss", own, 0.5));
    }
  }
  ASSERT_TRUE(store->Apply(batch, 1).ok());
  EXPECT_EQ(Ask(folder.path(), "SELECT trial, attempt, step FROM curve ORDER BY trial, step"),
            "0|1|1\n0|1|2\n0|2|3\n0|3|4\n1|2|1\n1|2|2\n1|2|3\n1|2|4\n");
}

TEST(SqliteReader, NeedsAStoreThatIsThere) {
  TemporaryFolder folder;
  EXPECT_FALSE(SqliteReader::Open(folder.path()).ok());
}

TEST(SqliteReader, EachAnswerIsOneMomentBesideAWriter) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_TRUE(store->Apply({SampleStudy(1, "a")}, 1).ok());
  auto reader = SqliteReader::Open(folder.path()).value();
  constexpr int64_t kCommits = 100;
  const auto read = [&reader] {
    int64_t last = 0;
    while (last < kCommits) {
      const absl::StatusOr<StudyReading> reading = reader->GetStudy("a");
      ASSERT_TRUE(reading.ok()) << reading.status();
      // Every commit after the first brings one trial.
      ASSERT_EQ(reading->counts.waiting(), reading->commit - 1);
      ASSERT_GE(reading->commit, last);
      last = reading->commit;
    }
  };
  std::thread first(read), second(read);
  for (int64_t commit = 2; commit <= kCommits; ++commit) {
    EXPECT_TRUE(store->Apply({SampleTrial(commit, 1, static_cast<int32_t>(commit))}, commit).ok());
    EXPECT_EQ(reader->GetStudy("a")->commit, commit) << "what was committed is seen";
  }
  first.join();
  second.join();
}

}  // namespace
}  // namespace caviar::storage
