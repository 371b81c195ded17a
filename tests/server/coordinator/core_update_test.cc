// Studies that are defined anew while they go on, and after they ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "caviar/v1/error_detail.h"
#include "server/coordinator/queries.h"
#include "server/coordinator/study_changes.h"
#include "storage/artifact_store.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class UpdateTest : public AskTest {
 protected:
  v1::UpdateStudyRequest Request() {
    v1::UpdateStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    *request.mutable_definition() = house_.study("s").row.definition;
    return request;
  }
  absl::StatusOr<v1::UpdateStudyResponse> Update(const v1::UpdateStudyRequest& request) {
    return house_.Call(&Core::UpdateStudy, request);
  }
  absl::StatusOr<v1::UpdateStudyResponse> SetMaxTrials(int count) {
    v1::UpdateStudyRequest request = Request();
    request.mutable_definition()->mutable_limits()->set_max_trials(count);
    return Update(request);
  }
  absl::StatusOr<v1::UpdateStudyResponse> SetParallel(int count) {
    v1::UpdateStudyRequest request = Request();
    request.mutable_definition()->mutable_limits()->set_parallel(count);
    return Update(request);
  }
  // Asks for a trial that fails.
  void Fail(const std::string& message) {
    const auto asked = Ask("s");
    ASSERT_TRUE(asked.ok()) << asked.status();
    v1::TellTrialRequest told = TellRequest(*asked, 0);
    told.mutable_failed()->set_message(message);
    ASSERT_TRUE(house_.Call(&Core::Tell, told).ok());
  }
  // Asks and tells so many trials.
  void Try(int count) {
    for (int i = 0; i < count; ++i) {
      const auto asked = Ask("s");
      ASSERT_TRUE(asked.ok()) << asked.status();
      ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*asked, 0.1 * i)).ok());
    }
  }
  const StudyState& study() { return house_.study("s"); }
};

TEST_F(UpdateTest, FewerAttemptsHoldForTrialsThatLostThemBefore) {
  v1::Study study = NetworkStudy("s", 9);
  study.mutable_limits()->set_max_attempts(5);
  Create(study);
  const std::string worker = house_.Register("w");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(house_.Acquire(worker).trial().trial().number(), 0);
    house_.Advance(absl::Seconds(62));
  }
  for (const int attempts : {3, 2}) {
    v1::UpdateStudyRequest request = Request();
    request.mutable_definition()->mutable_limits()->set_max_attempts(attempts);
    ASSERT_TRUE(Update(request).ok());
    EXPECT_EQ(house_.trial("s", 0).row.state,
              attempts == 3 ? v1::Trial::WAITING : v1::Trial::FAILED);
  }
  EXPECT_THAT(house_.trial("s", 0).row.message, HasSubstr("2 attempts came to nothing"));
  EXPECT_EQ(house_.Acquire(worker).trial().trial().number(), 1);
}

TEST_F(UpdateTest, AnEndedStudyGoesOnWithMoreTrials) {
  Create(ExternalStudy("s", 2));
  ASSERT_NO_FATAL_FAILURE(Try(2));
  ASSERT_EQ(study().row.state, v1::Study::ENDED);
  const auto updated = SetMaxTrials(3);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->study().state(), v1::Study::ACTIVE);
  EXPECT_EQ(updated->study().end_reason(), v1::Study::END_REASON_UNSPECIFIED);
  EXPECT_FALSE(updated->study().has_end_time());
  EXPECT_EQ(updated->study().revision(), 2);
  ASSERT_EQ(updated->changes_size(), 1);
  EXPECT_EQ(updated->changes(0).field(), "limits.max_trials");
  EXPECT_EQ(updated->changes(0).before(), "2");
  EXPECT_EQ(updated->changes(0).after(), "3");
  ASSERT_NO_FATAL_FAILURE(Try(1));
  EXPECT_EQ(study().row.state, v1::Study::ENDED);
}

TEST_F(UpdateTest, ItsOwnerStays) {
  v1::Study study = ExternalStudy("s", 2);
  study.set_owner("alice");
  Create(study);
  v1::UpdateStudyRequest request = Request();
  request.mutable_definition()->set_owner("mallory");
  request.mutable_definition()->mutable_limits()->set_max_trials(5);
  ASSERT_TRUE(Update(request).ok());
  house_.Restart();
  EXPECT_EQ(house_.study("s").row.definition.owner(), "alice");
  EXPECT_EQ(house_.study("s").row.definition.limits().max_trials(), 5);
}

TEST_F(UpdateTest, TrialsKeepTheRevisionThatTheyWereMadeUnder) {
  Create(ExternalStudy("s", 4));
  ASSERT_NO_FATAL_FAILURE(Try(2));
  ASSERT_TRUE(SetMaxTrials(6).ok());
  ASSERT_NO_FATAL_FAILURE(Try(1));
  for (const bool restarted : {false, true}) {
    if (restarted) house_.Restart();
    SCOPED_TRACE(restarted ? "after a restart" : "before");
    EXPECT_EQ(house_.trial("s", 1).row.revision, 1);
    EXPECT_EQ(house_.trial("s", 2).row.revision, 2);
  }
  const auto revisions = house_.store.ListStudyRevisions(1);
  ASSERT_TRUE(revisions.ok());
  ASSERT_EQ(revisions->size(), 2u);
  EXPECT_EQ((*revisions)[0].definition.limits().max_trials(), 4);
  EXPECT_EQ((*revisions)[0].first_trial, 0);
  EXPECT_EQ((*revisions)[1].definition.limits().max_trials(), 6);
  EXPECT_EQ((*revisions)[1].first_trial, 2);
  EXPECT_GT((*revisions)[1].at.commit, (*revisions)[0].at.commit);
}

TEST_F(UpdateTest, AnOldRevisionCanBeRead) {
  Create(ExternalStudy("s", 4));
  ASSERT_TRUE(SetMaxTrials(6).ok());
  storage::MemoryStore& store = house_.store;
  const auto artifacts = storage::ArtifactStore::Open(::testing::TempDir() + "/revisions");
  ASSERT_TRUE(artifacts.ok());
  Queries queries(store, *artifacts, house_.clock);
  v1::GetStudyRequest request;
  request.set_study("s");
  EXPECT_EQ(queries.GetStudy(request)->limits().max_trials(), 6);
  EXPECT_EQ(queries.GetStudy(request)->revision(), 2);
  EXPECT_TRUE(queries.GetStudy(request)->has_revision_time());
  request.set_revision(1);
  EXPECT_EQ(queries.GetStudy(request)->limits().max_trials(), 4);
  EXPECT_EQ(queries.GetStudy(request)->revision(), 1);
  request.set_revision(3);
  EXPECT_TRUE(absl::IsNotFound(queries.GetStudy(request).status()));
  EXPECT_THAT(queries.GetStudy(request).status().message(), HasSubstr("its newest is 2"));
}

TEST_F(UpdateTest, WhatWouldChangeTheMeaningOfTrialsIsRefusedByName) {
  Create(ExternalStudy("s"));
  const auto refused = [&](const std::string& field, auto change) {
    v1::UpdateStudyRequest request = Request();
    change(*request.mutable_definition());
    const auto update = Update(request);
    EXPECT_TRUE(absl::IsInvalidArgument(update.status())) << field << ": " << update.status();
    const auto detail = error::Detail(update.status());
    ASSERT_TRUE(detail && detail->field_violations_size() > 0) << field;
    EXPECT_EQ(detail->field_violations(0).field(), field);
    EXPECT_THAT(detail->field_violations(0).description(), HasSubstr("warm_start: [s]"));
  };
  refused("parameters.learning_rate.max",
          [](v1::Study& study) { study.mutable_parameters(0)->set_max(0.2); });
  refused("objective.goal",
          [](v1::Study& study) { study.mutable_objective()->set_goal(v1::Objective::MINIMIZE); });
  refused("sampler.seed", [](v1::Study& study) { study.mutable_sampler()->set_seed(8); });
  refused("parameters.momentum", [](v1::Study& study) {
    v1::Parameter& parameter = *study.add_parameters();
    parameter.set_name("momentum");
    parameter.set_type(v1::Parameter::DOUBLE);
    parameter.set_min(0.1);
    parameter.set_max(1);
  });
  EXPECT_EQ(study().row.revision, 1);
}

// The changes from one definition to the other, as "field: before -> after".
std::vector<std::string> Changes(const v1::Study& before, const v1::Study& after) {
  std::vector<std::string> changes;
  for (const v1::FieldChange& change : CompareDefinitions(before, after)) {
    changes.push_back(absl::StrCat(change.field(), ": ", change.before(), " -> ", change.after()));
  }
  return changes;
}

TEST(CompareDefinitionsTest, WhatLooksTheSameInAListIsNotTheSame) {
  const auto with_values = [](std::vector<v1::Value> values) {
    v1::Study study;
    v1::Parameter& parameter = *study.add_parameters();
    parameter.set_name("n");
    for (v1::Value& value : values) *parameter.add_values() = std::move(value);
    return study;
  };
  const auto word = [](const std::string& text) {
    v1::Value value;
    value.set_string_value(text);
    return value;
  };
  v1::Value one, one_point_zero;
  one.set_int_value(1);
  one_point_zero.set_double_value(1);
  EXPECT_THAT(Changes(with_values({word("1")}), with_values({one})),
              ElementsAre("parameters.n.values: [\"1\"] -> [1]"));
  EXPECT_THAT(Changes(with_values({one}), with_values({one_point_zero})),
              ElementsAre("parameters.n.values: [1] -> [1.0]"));
  EXPECT_THAT(Changes(with_values({word("a, b")}), with_values({word("a"), word("b")})),
              ElementsAre("parameters.n.values: [\"a, b\"] -> [\"a\", \"b\"]"));
  EXPECT_THAT(Changes(with_values({word("a")}), with_values({word("b")})),
              ElementsAre("parameters.n.values: [a] -> [b]"))
      << "plainly where that tells them apart";
  EXPECT_THAT(Changes(with_values({word("a"), one}), with_values({word("a"), one})), IsEmpty());
}

TEST(CompareDefinitionsTest, NeitherIsAnEmptyVariableNorAProgramsArgument) {
  v1::Study before;
  auto& command = *before.mutable_trainer()->mutable_command();
  (*command.mutable_env())["EMPTY"] = "";
  for (const char* word : {"sh", "-c", "true, id"}) command.add_run(word);
  v1::Study after = before;
  after.mutable_trainer()->mutable_command()->mutable_env()->clear();
  EXPECT_THAT(Changes(before, after), ElementsAre("trainer.command.env.EMPTY: \"\" -> "));
  after = before;
  after.mutable_trainer()->mutable_command()->clear_run();
  for (const char* word : {"sh", "-c", "true", "id"}) {
    after.mutable_trainer()->mutable_command()->add_run(word);
  }
  EXPECT_THAT(Changes(before, after),
              ElementsAre(HasSubstr("trainer.command.run: [\"sh\", \"-c\", \"true, id\"] -> ")));
}

TEST_F(UpdateTest, WordsThatBecomeNumbersAreAnotherParameter) {
  v1::Study study = ExternalStudy("s");
  v1::Parameter& parameter = *study.add_parameters();
  parameter.set_name("n");
  parameter.set_type(v1::Parameter::CATEGORICAL);
  for (const char* word : {"1", "2"}) parameter.add_values()->set_string_value(word);
  Create(study);
  ASSERT_NO_FATAL_FAILURE(Try(1));
  v1::UpdateStudyRequest request = Request();
  auto& values = *request.mutable_definition()->mutable_parameters()->rbegin()->mutable_values();
  for (int i = 0; i < 2; ++i) values[i].set_int_value(i + 1);
  request.mutable_definition()->mutable_limits()->set_max_trials(9);
  const auto update = Update(request);
  EXPECT_TRUE(absl::IsInvalidArgument(update.status())) << update.status();
  house_.Restart();
  EXPECT_EQ(house_.study("s").row.revision, 1);
}

TEST_F(UpdateTest, WhatEndsAStudyAtOnceIsSaid) {
  Create(ExternalStudy("s", 4));
  ASSERT_NO_FATAL_FAILURE(Try(2));
  v1::UpdateStudyRequest request = Request();
  request.mutable_definition()->mutable_limits()->set_max_trials(2);
  request.set_validate_only(true);
  auto update = Update(request);
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_THAT(update->ends(), HasSubstr("MAX_TRIALS"));
  EXPECT_EQ(study().row.state, v1::Study::ACTIVE) << "not yet";
  request.set_validate_only(false);
  update = Update(request);
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_THAT(update->ends(), HasSubstr("MAX_TRIALS"));
  EXPECT_EQ(study().row.state, v1::Study::ENDED);
  update = SetMaxTrials(5);
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->ends(), "");
}

TEST_F(UpdateTest, WhatIsNotValidIsRefusedAsAtCreation) {
  Create(ExternalStudy("s"));
  const auto update = SetMaxTrials(0);
  EXPECT_TRUE(absl::IsInvalidArgument(update.status()));
  EXPECT_THAT(update.status().message(), HasSubstr("limits.max_trials"));
}

TEST_F(UpdateTest, ASeedThatIsLeftOutAndTheNameStay) {
  Create(ExternalStudy("s"));
  v1::UpdateStudyRequest request = Request();
  request.mutable_definition()->mutable_sampler()->clear_seed();
  request.mutable_definition()->set_name("another");
  request.mutable_definition()->mutable_limits()->set_parallel(2);
  const auto update = Update(request);
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->study().sampler().seed(), 7u);
  EXPECT_EQ(update->study().name(), "s");
}

TEST_F(UpdateTest, ADryRunShowsTheDifferenceAndLeavesAllAsItIs) {
  Create(ExternalStudy("s"));
  v1::UpdateStudyRequest request = Request();
  request.set_validate_only(true);
  request.mutable_definition()->mutable_limits()->clear_max_trials();
  request.mutable_definition()->mutable_sampler()->set_algorithm(v1::Sampler::TPE);
  request.mutable_definition()->mutable_limits()->mutable_max_duration()->set_seconds(5400);
  const int64_t commit = house_.core().state().commit;
  const auto update = Update(request);
  ASSERT_TRUE(update.ok()) << update.status();
  std::vector<std::string> lines;
  for (const v1::FieldChange& change : update->changes()) {
    lines.push_back(absl::StrCat(change.field(), ": ", change.before(), " -> ", change.after()));
  }
  EXPECT_THAT(lines, ElementsAre("sampler.algorithm: sobol -> tpe", "limits.max_trials: 4 -> ",
                                 "limits.max_duration:  -> 1h30m"));
  EXPECT_EQ(update->study().revision(), 1);
  EXPECT_EQ(study().row.revision, 1);
  EXPECT_EQ(house_.core().state().commit, commit);
}

TEST_F(UpdateTest, WhatIsSoAlreadyMakesNoRevision) {
  Create(ExternalStudy("s"));
  const auto update = SetMaxTrials(4);
  ASSERT_TRUE(update.ok());
  EXPECT_EQ(update->changes_size(), 0);
  EXPECT_EQ(update->study().revision(), 1);
}

TEST_F(UpdateTest, OfTwoWhoChangeTheSameRevisionTheLaterIsTold) {
  Create(ExternalStudy("s"));
  v1::UpdateStudyRequest first = Request(), second = Request();
  first.set_revision(1);
  first.mutable_definition()->mutable_limits()->set_parallel(2);
  second.set_revision(1);
  second.mutable_definition()->mutable_limits()->set_max_trials(9);
  ASSERT_TRUE(Update(first).ok());
  const auto late = Update(second);
  EXPECT_TRUE(absl::IsAborted(late.status())) << late.status();
  EXPECT_TRUE(error::HasReason(late.status(), error::kRevisionChanged));
  const auto again = Update(first);
  ASSERT_TRUE(again.ok()) << "a repeat of the same request gets the same answer";
  EXPECT_EQ(again->study().revision(), 2);
}

TEST_F(UpdateTest, AStudyThatWouldEndAgainAtOnceIsRefused) {
  v1::Study study = ExternalStudy("s", 2);
  study.mutable_objective()->set_target(0.05);
  Create(study);
  ASSERT_NO_FATAL_FAILURE(Try(2));
  ASSERT_EQ(house_.study("s").row.end_reason, v1::Study::TARGET);
  const auto refused = SetMaxTrials(9);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_THAT(refused.status().message(), HasSubstr("TARGET"));
  EXPECT_EQ(house_.study("s").row.revision, 1);
  v1::UpdateStudyRequest request = Request();
  request.mutable_definition()->mutable_limits()->set_max_trials(9);
  request.mutable_definition()->mutable_objective()->set_target(0.9);
  EXPECT_TRUE(Update(request).ok());
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
}

TEST_F(UpdateTest, AnEarlierFailureIsNoReasonOfAnEnd) {
  Create(ExternalStudy("s", 2));
  ASSERT_NO_FATAL_FAILURE(Fail(""));
  EXPECT_EQ(study().row.message, "trial 0 failed");
  ASSERT_NO_FATAL_FAILURE(Try(1));
  ASSERT_EQ(study().row.end_reason, v1::Study::MAX_TRIALS);
  EXPECT_EQ(study().row.message, "");
  EXPECT_THAT(SetParallel(2).status().message(),
              HasSubstr("would end again at once (MAX_TRIALS); widen that too"));
}

TEST_F(UpdateTest, TheLastFailureIsNamedAlsoWhenItHasEnded) {
  v1::Study study = ExternalStudy("s", 4);
  study.mutable_limits()->set_max_failed(2);
  Create(study);
  ASSERT_NO_FATAL_FAILURE(Fail("first"));
  ASSERT_NO_FATAL_FAILURE(Fail("second"));
  const std::string reason = "2 trials failed; the last: trial 1 failed: second";
  EXPECT_EQ(house_.study("s").row.message, reason);
  EXPECT_THAT(SetParallel(2).status().message(), HasSubstr("(MAX_FAILED: " + reason + ")"));
}

TEST_F(UpdateTest, AStudyThatAPersonEndedGoesOn) {
  Create(ExternalStudy("s", 4));
  ASSERT_NO_FATAL_FAILURE(Try(1));
  ASSERT_TRUE(Ask("s").ok());
  ASSERT_TRUE(house_.Stop("s", /*end=*/true).ok());
  EXPECT_EQ(house_.trial("s", 1).row.state, v1::Trial::CANCELLED);
  ASSERT_TRUE(SetMaxTrials(5).ok());
  house_.Restart();
  EXPECT_EQ(study().row.state, v1::Study::ACTIVE);
  ASSERT_NO_FATAL_FAILURE(Try(3));
  EXPECT_EQ(study().row.end_reason, v1::Study::MAX_TRIALS);
}

TEST_F(UpdateTest, AStoppedStudyStaysStopped) {
  Create(ExternalStudy("s"));
  ASSERT_TRUE(house_.Stop("s").ok());
  const auto update = SetMaxTrials(9);
  ASSERT_TRUE(update.ok());
  EXPECT_EQ(update->study().state(), v1::Study::STOPPED);
}

TEST_F(UpdateTest, RepeatsThatTheEndCutShortAreMadeUpFor) {
  v1::Study study = ExternalStudy("s", 2);
  study.set_repeats(2);
  Create(study);
  ASSERT_NO_FATAL_FAILURE(Try(1));
  ASSERT_TRUE(house_.Stop("s", /*end=*/true).ok());
  ASSERT_TRUE(house_.study("s").best.has_value()) << "it counts by what it has";
  ASSERT_TRUE(SetMaxTrials(3).ok());
  EXPECT_FALSE(house_.study("s").best.has_value()) << "it is not evaluated as often as it is to be";
  const auto asked = Ask("s");
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(asked->trial().origin(), v1::Trial::REPEAT);
  ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*asked, 0.5)).ok());
  EXPECT_EQ(house_.study("s").best, 0);
}

class UpdatedEvaluation : public TestEvaluationTest {};

TEST_F(UpdatedEvaluation, ATestSetThatIsStillToBeAskedIsAskedAtTheNextEnd) {
  ASSERT_NO_FATAL_FAILURE(EndStudy(/*with_weights=*/true));
  ASSERT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::WAITING);
  const auto evaluation = house_.Acquire(worker_);
  ASSERT_TRUE(evaluation.has_evaluation());
  v1::UpdateStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_study("s");
  *request.mutable_definition() = house_.study("s").row.definition;
  request.mutable_definition()->mutable_limits()->set_max_trials(2);
  ASSERT_TRUE(house_.Call(&Core::UpdateStudy, request).ok());
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::FAILED);
  const auto work = house_.Acquire(worker_);
  ASSERT_TRUE(work.has_trial()) << "a trial, and no evaluation";
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.25).ok());
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::WAITING);
  EXPECT_EQ(house_.study("s").evaluated, 0);
}

TEST_F(UpdateTest, ANameThatIsTakenNamesTheWaysOn) {
  Create(ExternalStudy("s"));
  v1::CreateStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  *request.mutable_study() = ExternalStudy("s");
  const auto taken = house_.Call(&Core::CreateStudy, request);
  EXPECT_TRUE(error::HasReason(taken.status(), error::kNameTaken));
  for (const char* way : {"caviar study update s", "--name", "--if-not-exists"}) {
    EXPECT_THAT(taken.status().message(), HasSubstr(way));
  }
}

}  // namespace
}  // namespace caviar::coordinator
