// Whoever reads a damaged row gets no answer, and nobody else after it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/sqlite_reader.h"
#include "tests/storage/damage_fixture.h"
#include "tests/storage/filled_store.h"

namespace caviar::storage {
namespace {

using testing::HasSubstr;

// What asks the store, and what asks a reader beside it.
using Call = std::function<absl::Status(SqliteStore&)>;
using Reading = std::function<absl::Status(SqliteReader&)>;

const std::map<std::string, Call>& Calls() {
  static const auto* calls = new std::map<std::string, Call>{
      {"Load", [](auto& store) { return store.Load().status(); }},
      {"Apply",
       [](auto& store) {
         return store.Apply({SampleMeasurement(1, 1, "loss", 1000, 0.5)}, kFilledCommits + 1);
       }},
      {"FindRequest", [](auto& store) { return store.FindRequest("client", 3).status(); }},
      {"FindForgottenRequest",
       [](auto& store) { return store.FindForgottenRequest("client").status(); }},
      {"ReadMetric", [](auto& store) { return store.ReadMetric(1, 1, "loss").status(); }},
      {"ReadCurve", [](auto& store) { return store.ReadCurve(1, 1, "loss").status(); }},
      {"FindLastStep", [](auto& store) { return store.FindLastStep(1, 1).status(); }},
      {"HasStudyRows", [](auto& store) { return store.HasStudyRows(1).status(); }},
      {"FindStored",
       [](auto& store) {
         return store.FindStored({SampleMeasurement(1, 1, "loss", 3, 0.5)}).status();
       }},
      {"CountValues", [](auto& store) { return store.CountValues(1).status(); }},
      {"FindAttempt", [](auto& store) { return store.FindAttempt(77, 1).status(); }},
  };
  return *calls;
}

const std::map<std::string, Reading>& Readings() {
  static const auto* readings = new std::map<std::string, Reading>{
      {"GetStudy", [](auto& reader) { return reader.GetStudy("a").status(); }},
      {"ListStudies", [](auto& reader) { return reader.ListStudies(0, 10).status(); }},
      {"GetTrial", [](auto& reader) { return reader.GetTrial(1, 0, true).status(); }},
      {"ListTrials",
       [](auto& reader) {
         TrialQuery query;
         query.study_id = 2;
         query.limit = 10;
         return reader.ListTrials(query, true).status();
       }},
      {"ListBestTrials",
       [](auto& reader) {
         const v1::Study definition = SampleStudyOfTwoObjectives(2, "b").definition;
         return reader.ListBestTrials(2, definition, 5, false).status();
       }},
      {"ListMeasurements",
       [](auto& reader) { return reader.ListMeasurements(1, "loss").status(); }},
      {"ListPrunerDecisions", [](auto& reader) { return reader.ListPrunerDecisions(1).status(); }},
      {"ListWarmStartTrials", [](auto& reader) { return reader.ListWarmStartTrials(1).status(); }},
      {"ListStudyRevisions", [](auto& reader) { return reader.ListStudyRevisions(1).status(); }},
      {"GetArtifact",
       [](auto& reader) { return reader.GetArtifact(1, 0, 1, v1::Artifact::WEIGHTS, 5).status(); }},
  };
  return *readings;
}

class DamagedReadTest : public DamageTest {
 protected:
  DamagedReadTest() {
    FilledStore(path());
    whole_ = ReadFile(database());
  }
  // Damages the store by `sql`, and then it is asked by `name`: DATA_LOSS that says `words`.
  void ExpectNoAnswer(const std::string& sql, const std::string& name, const std::string& words) {
    SCOPED_TRACE(absl::StrCat(name, " after ", sql));
    WriteFile(database(), whole_);
    ASSERT_NO_FATAL_FAILURE(Edit(sql));
    const auto store = SqliteStore::Open(path());
    ASSERT_TRUE(store.ok()) << store.status();
    absl::Status status;
    if (const auto call = Calls().find(name); call != Calls().end()) {
      status = call->second(**store);
      EXPECT_TRUE(absl::IsDataLoss((*store)->HasStudyRows(1).status()))
          << "what reads no damaged row is not answered either";
      for (const auto& [other, ask] : Calls()) {
        EXPECT_TRUE(absl::IsDataLoss(ask(**store))) << other << " is answered afterwards";
      }
    } else {
      int told = 0;
      const auto reader =
          SqliteReader::Open(path(), [&told](const absl::Status&) { ++told; }).value();
      status = Readings().at(name)(*reader);
      EXPECT_EQ(told, 1) << "the process has to end";
    }
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr(words));
  }

  std::string whole_;
};

TEST_F(DamagedReadTest, WhatIsWholeIsAnsweredToAll) {
  const auto store = SqliteStore::Open(path()).value();
  const auto reader = SqliteReader::Open(path()).value();
  for (const auto& [name, ask] : Readings()) EXPECT_TRUE(ask(*reader).ok()) << name;
  for (const auto& [name, ask] : Calls()) EXPECT_TRUE(ask(*store).ok()) << name;
}

TEST_F(DamagedReadTest, ARowOfAnyTableIsCheckedByAllThatReadIt) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> tables = {
      {"study", {"Load", "GetStudy", "ListStudies"}},
      {"study_revision", {"Load", "GetStudy", "GetTrial", "ListStudyRevisions"}},
      {"study_activation", {"Load"}},
      {"study_end", {"Load"}},
      {"trial", {"Load", "GetStudy", "GetTrial", "ListTrials", "ListBestTrials"}},
      {"trial_outcome", {"Load", "ListTrials", "ListBestTrials"}},
      {"trial_parameter", {"Load", "GetStudy", "GetTrial", "ListTrials"}},
      {"warm_start_trial", {"Load", "ListWarmStartTrials"}},
      {"attempt", {"Load", "GetTrial", "FindAttempt", "ReadCurve"}},
      {"metric",
       {"Load", "Apply", "GetTrial", "ReadMetric", "ReadCurve", "ListMeasurements", "FindStored",
        "CountValues"}},
      {"measurement", {"GetTrial", "ReadMetric", "ReadCurve", "ListMeasurements", "FindStored"}},
      {"artifact", {"Load", "GetTrial", "GetArtifact"}},
      {"pruner_decision", {"Load", "GetTrial", "ListPrunerDecisions"}},
      {"evaluation", {"Load", "GetStudy"}},
      {"evaluation_metric", {"Load", "GetStudy"}},
      {"evaluation_class", {"Load", "GetStudy"}},
      {"worker", {"Load"}},
      {"request", {"FindRequest"}},
      {"forgotten_request", {"FindForgottenRequest"}},
  };
  for (const auto& [table, names] : tables) {
    for (const std::string& name : names) {
      ExpectNoAnswer(absl::StrCat("UPDATE ", table, " SET commit_number = commit_number - 1"), name,
                     absl::StrCat("table ", table, ", row of"));
    }
  }
}

// A name by which nothing is found any more reads as if nothing had been measured.
TEST_F(DamagedReadTest, ADamagedNameOfAMetricIsNotTakenForNone) {
  for (const std::string name : {"Load", "Apply", "GetTrial", "ReadMetric", "ReadCurve",
                                 "ListMeasurements", "FindStored", "CountValues"}) {
    ExpectNoAnswer("UPDATE metric SET name = 'lost' WHERE name = 'loss'", name,
                   "table metric, row of");
  }
}

TEST_F(DamagedReadTest, ATrialThatIsGoneIsNoticedAtTheStart) {
  // The last of its study: no number is missing before another.
  ExpectNoAnswer("DELETE FROM attempt WHERE trial_id = 3; DELETE FROM trial WHERE id = 3", "Load",
                 "study 1 has 1 fewer trials that are RUNNING than are counted");
  ExpectNoAnswer("UPDATE trial_count SET count = 0 WHERE state = 'RUNNING'", "Load",
                 "study 1 has 1 more trials that are RUNNING than are counted");
  ExpectNoAnswer("DELETE FROM trial_count WHERE study_id = 2", "Load", "study 2 has 1 more trials");
}

TEST_F(DamagedReadTest, AnEvaluationOfATrialThatIsGoneIsNoAnswer) {
  ExpectNoAnswer("DELETE FROM trial WHERE id = 1", "GetStudy",
                 "table trial: there is no row of id 1");
}

}  // namespace
}  // namespace caviar::storage
