// Revisions of studies, and ends that are to be told, in both stores.
#include <gtest/gtest.h>

#include "tests/storage/store_fixture.h"

namespace caviar::storage {
namespace {

class RevisionTest : public StoreTest {
 protected:
  static StudyRevisionRow Revision(int32_t revision, int32_t first_trial, int max_trials) {
    StudyRevisionRow row{1, revision, SampleStudy(1, "s").definition, first_trial, 1000 + revision};
    row.definition.mutable_limits()->set_max_trials(max_trials);
    return row;
  }
};

INSTANTIATE_TEST_SUITE_P(, RevisionTest, testing::Values(Form::kSqlite, Form::kMemory), FormName);

// Of what is not stored in a row of a trial; in memory, trials are as they were written.
class StoredRevisionTest : public RevisionTest {};
INSTANTIATE_TEST_SUITE_P(, StoredRevisionTest, testing::Values(Form::kSqlite), FormName);

TEST_P(RevisionTest, ComeBackWithTheMomentAtWhichTheyWereWritten) {
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "s"), Revision(1, 0, 4)}));
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleTrial(5, 1, 0)}));
  ASSERT_NO_FATAL_FAILURE(MustApply({Revision(2, 1, 9)}));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  const auto rows = reader().ListStudyRevisions(1);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].at, (Moment{1, 1}));
  EXPECT_EQ((*rows)[1].at, (Moment{3, 0}));
  EXPECT_EQ((*rows)[1].definition.limits().max_trials(), 9);
  EXPECT_EQ((*rows)[1].first_trial, 1);
  EXPECT_EQ((*rows)[1].time, 1002);
  const auto second = reader().FindStudyRevision(1, 2);
  ASSERT_TRUE(second.ok() && second->has_value()) << second.status();
  EXPECT_EQ((*second)->definition.limits().max_trials(), 9);
  EXPECT_EQ((*second)->at, (Moment{3, 0}));
  EXPECT_EQ(reader().FindStudyRevision(1, 3).value(), std::nullopt);
  EXPECT_EQ(reader().FindStudyRevision(2, 1).value(), std::nullopt);
}

TEST_P(RevisionTest, OnlyThoseThatChangeThePrunerAreLoaded) {
  Batch batch = {SampleStudy(1, "s"), SampleStudy(2, "t")};
  for (const int32_t study_id : {1, 2}) {
    for (int32_t revision = 1; revision <= 8; ++revision) {
      StudyRevisionRow row = Revision(revision, 0, revision);
      row.study_id = study_id;
      row.definition.mutable_pruner()->set_grace(study_id == 1 && revision >= 5 ? 7 : 3);
      if (study_id == 1 && revision == 8) row.definition.clear_pruner();
      batch.push_back(row);
    }
  }
  ASSERT_NO_FATAL_FAILURE(MustApply(batch));
  const auto snapshot = store().Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  std::vector<std::pair<int64_t, int32_t>> loaded;
  for (const StudyRevisionRow& row : snapshot->study_revisions) {
    loaded.emplace_back(row.study_id, row.revision);
    EXPECT_EQ(row.definition.limits().max_trials(), row.revision);
  }
  EXPECT_EQ(loaded, (std::vector<std::pair<int64_t, int32_t>>{{1, 1}, {1, 5}, {1, 8}, {2, 1}}));
}

TEST_P(StoredRevisionTest, OfATrialIsTheLastThatBeganBeforeIt) {
  const std::vector<int32_t> first_trials = {0, 0, 2, 2, 2, 3, 6, 9};
  Batch batch = {SampleStudy(1, "s")};
  for (size_t i = 0; i < first_trials.size(); ++i) {
    batch.push_back(Revision(static_cast<int32_t>(i) + 1, first_trials[i], 4));
  }
  for (int32_t number = 0; number < 9; ++number) {
    batch.push_back(SampleTrial(10 + number, 1, number));
  }
  ASSERT_NO_FATAL_FAILURE(MustApply(batch));
  const std::vector<int32_t> expected = {2, 2, 5, 6, 6, 6, 7, 7, 7};
  const auto snapshot = store().Load();
  ASSERT_EQ(snapshot->trials.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(snapshot->trials[i].revision, expected[i]) << i;
    EXPECT_EQ(reader().GetTrial(1, static_cast<int32_t>(i), false)->trial.revision, expected[i]);
  }
}

TEST_P(RevisionTest, AreWrittenOnce) {
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "s"), Revision(1, 0, 4)}));
  EXPECT_TRUE(absl::IsInvalidArgument(Apply({Revision(1, 0, 5)})));
  EXPECT_TRUE(absl::IsInvalidArgument(Apply({Revision(0, 0, 5)})));
}

TEST_P(RevisionTest, AreErasedWithTheirStudy) {
  StudyRow deleted = SampleStudy(1, "s");
  ASSERT_NO_FATAL_FAILURE(
      MustApply({deleted, Revision(1, 0, 4), Revision(2, 0, 5), StudyActivationRow{1, 0}}));
  deleted.deleted = true;
  ASSERT_NO_FATAL_FAILURE(MustApply({deleted}));
  EXPECT_TRUE(store().Load()->study_revisions.empty());
  EXPECT_TRUE(store().Load()->study_activations.empty());
  ASSERT_NO_FATAL_FAILURE(MustApply({EraseStudyChunk{1}}));
  EXPECT_FALSE(*store().HasStudyRows(1));
}

TEST_P(RevisionTest, OfActivationsTheLastOneIsKept) {
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "s"), StudyActivationRow{1, 0}}));
  EXPECT_TRUE(absl::IsInvalidArgument(Apply({StudyActivationRow{1, -1}})));
  EXPECT_TRUE(absl::IsInvalidArgument(Apply({StudyActivationRow{9, 1}})));
  ASSERT_NO_FATAL_FAILURE(MustApply({StudyActivationRow{1, 7}}));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  ASSERT_EQ(store().Load()->study_activations.size(), 1u);
  EXPECT_EQ(store().Load()->study_activations[0].final_trials, 7);
}

TEST_P(RevisionTest, EndsStayUntilTheyAreErasedWhateverBecomesOfTheStudy) {
  const StudyEndRow end{1, 2, R"({"study":"s"})", 77};
  ASSERT_NO_FATAL_FAILURE(MustApply({SampleStudy(1, "s"), end}));
  StudyRow deleted = SampleStudy(1, "s");
  deleted.deleted = true;
  ASSERT_NO_FATAL_FAILURE(MustApply({deleted}));
  ASSERT_NO_FATAL_FAILURE(MustApply({EraseStudyChunk{1}}));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  const auto ends = store().Load()->study_ends;
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].revision, 2);
  EXPECT_EQ(ends[0].outcome, end.outcome);
  ASSERT_NO_FATAL_FAILURE(MustApply({EraseStudyEnd{1, 2}}));
  EXPECT_TRUE(store().Load()->study_ends.empty());
}

TEST_P(RevisionTest, UsageCountsByStudy) {
  ASSERT_NO_FATAL_FAILURE(
      MustApply({SampleStudy(1, "s"), SampleStudy(2, "t"), SampleTrial(5, 1, 0),
                 SampleTrial(6, 1, 1, v1::Trial::RUNNING), SampleAttempt(5, 1, 1),
                 SampleMeasurement(5, 1, "loss", 1, 0.5), SampleMeasurement(5, 1, "loss", 2, 0.4),
                 SampleArtifact(5, 1, 1), SampleArtifact(5, 1, 2)}));
  const auto usage = reader().ReadUsage();
  ASSERT_TRUE(usage.ok()) << usage.status();
  ASSERT_EQ(usage->studies.size(), 2u);
  const StudyUsage& study = usage->studies[0];
  EXPECT_EQ(study.name, "s");
  EXPECT_EQ(study.trials, 2);
  EXPECT_EQ(study.running, 1);
  EXPECT_EQ(study.measurements, 2);
  EXPECT_EQ(study.files.at(v1::Artifact::WEIGHTS).files, 2);
  EXPECT_EQ(study.files.at(v1::Artifact::WEIGHTS).bytes, 2 * SampleArtifact(5, 1, 1).size);
  EXPECT_EQ(usage->studies[1].trials, 0);
  EXPECT_EQ(usage->database_bytes > 0, GetParam() == Form::kSqlite);
}

}  // namespace
}  // namespace caviar::storage
