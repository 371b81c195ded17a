#include <fstream>

#include "caviar/v1/error_detail.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::_;
using ::testing::HasSubstr;
using ::testing::Return;
using ::testing::StartsWith;

using StudyCreate = CommandTest;

TEST_F(StudyCreate, SendsTheFileAndPrintsTheName) {
  v1::CreateStudyRequest sent;
  EXPECT_CALL(client_, CreateStudy).WillOnce([&](v1::CreateStudyRequest request) {
    sent = request;
    return request.study();
  });
  EXPECT_EQ(Run({"study", "create", EXAMPLE_FILE}), kDone);
  EXPECT_EQ(out(), "fashion-mnist\n");
  EXPECT_EQ(err(), "");
  EXPECT_EQ(sent.study().parameters_size(), 7);
  EXPECT_FALSE(sent.validate_only());
  EXPECT_EQ(options_.address, "127.0.0.1:7461");
}

TEST_F(StudyCreate, ReadsStandardInputAndTakesAnotherName) {
  in_.str("study: a\nparameters: {x: {min: 1, max: 2}}\n");
  EXPECT_CALL(client_, CreateStudy).WillOnce([](v1::CreateStudyRequest request) {
    return request.study();
  });
  EXPECT_EQ(Run({"study", "create", "-", "--name", "b"}), kDone);
  EXPECT_EQ(out(), "b\n");
}

TEST_F(StudyCreate, ADryRunOnlyChecks) {
  EXPECT_CALL(client_, CreateStudy).WillOnce([](v1::CreateStudyRequest request) {
    EXPECT_TRUE(request.validate_only());
    return request.study();
  });
  EXPECT_EQ(Run({"study", "create", EXAMPLE_FILE, "--dry-run"}), kDone);
  EXPECT_EQ(out(), "fashion-mnist is valid; nothing was created\n");
}

TEST_F(StudyCreate, SaysHowMuchOfEachEarlierStudyIsOfUse) {
  in_.str("study: b\nwarm_start: [mnist-1, mnist-2]\nparameters: {x: {min: 1, max: 2}}\n");
  EXPECT_CALL(client_, CreateStudy).WillOnce([](v1::CreateStudyRequest request) {
    v1::Study study = request.study();
    EXPECT_EQ(study.warm_start_size(), 2);
    for (const int count : {80, 7}) study.add_warm_start_trials(count);
    for (const int count : {100, 7}) study.add_warm_start_completed(count);
    return study;
  });
  EXPECT_EQ(Run({"study", "create", "-"}), kDone);
  EXPECT_EQ(out(), "b\n");
  EXPECT_EQ(err(),
            "caviar: warm_start: 80 of 100 trials of mnist-1\n"
            "caviar: warm_start: 7 of 7 trials of mnist-2\n");
}

TEST_F(StudyCreate, AWrongFileIsNotSent) {
  in_.str("study: a\nobjectiv: {}\nlimits: {max_trials: x}\n");
  EXPECT_EQ(Run({"study", "create", "-"}), kWrongUsage);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), StartsWith("caviar: standard input:2: objectiv: "));
  EXPECT_THAT(err(), HasSubstr("\ncaviar: standard input:3: limits.max_trials: "));
}

TEST_F(StudyCreate, ACoordinatorsComplaintsNameFileAndLine) {
  v1::FieldViolation first;
  first.set_field("parameters.learning_rate.min");
  first.set_description("is too small");
  v1::FieldViolation second;
  second.set_field("objective.metric");
  second.set_description("is unknown");
  EXPECT_CALL(client_, CreateStudy).WillOnce(Return(error::InvalidFields({first, second})));
  EXPECT_EQ(Run({"study", "create", EXAMPLE_FILE}), kWrongUsage);
  EXPECT_EQ(err(), std::string("caviar: ") + EXAMPLE_FILE +
                       ":5: objective.metric: is unknown\ncaviar: " + EXAMPLE_FILE +
                       ":22: parameters.learning_rate.min: is too small\n");
}

TEST_F(StudyCreate, ATakenNameFails) {
  EXPECT_CALL(client_, CreateStudy)
      .WillOnce(Return(
          error::WithReason(absl::AlreadyExistsError("the name is taken"), error::kNameTaken)));
  EXPECT_EQ(Run({"study", "create", EXAMPLE_FILE}), kFailed);
  EXPECT_EQ(err(), "caviar: the name is taken\n");
}

TEST_F(StudyCreate, AFileThatCannotBeReadIsWrongUsage) {
  EXPECT_EQ(Run({"study", "create", "/nowhere/study.yaml"}), kWrongUsage);
  EXPECT_EQ(err(), "caviar: /nowhere/study.yaml: No such file or directory\n");
  EXPECT_EQ(Run({"study", "create", "/"}), kWrongUsage);
  EXPECT_THAT(err(), StartsWith("caviar: /: Is a directory"));
  EXPECT_EQ(Run({"study", "create", "/dev/zero"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("bytes"));
}

TEST_F(StudyCreate, PresetsAndSchemaNeedNoCoordinator) {
  EXPECT_EQ(Run({"study", "init", "--preset", "batch-norm-mlp"}), kDone);
  EXPECT_THAT(out(), HasSubstr("study: batch-norm-mlp"));
  EXPECT_EQ(Run({"study", "init", "--preset", "nothing"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("batch-norm-mlp"));
  EXPECT_EQ(Run({"study", "init"}), kWrongUsage);
  EXPECT_EQ(Run({"study", "schema"}), kDone);
  EXPECT_EQ(json()["title"], "Caviar study file");
  EXPECT_EQ(options_.address, "");
}

}  // namespace
}  // namespace caviar::commands
