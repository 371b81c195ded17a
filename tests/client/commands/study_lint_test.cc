#include "caviar/v1/error_detail.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Return;

using StudyLint = CommandTest;

TEST_F(StudyLint, SendsAFilesDefinition) {
  v1::LintStudyRequest sent;
  EXPECT_CALL(client_, LintStudy).WillOnce([&](const v1::LintStudyRequest& request) {
    sent = request;
    return Parse<v1::LintStudyResponse>(R"(
      findings { severity: WARNING code: "momentum_scale" parameter: "momentum" message: "write" }
      findings { severity: NOTE code: "too_few_trials" message: "16 for\n7" })");
  });
  EXPECT_EQ(Run({"study", "lint", EXAMPLE_FILE}), kDone);
  EXPECT_EQ(sent.definition().name(), "fashion-mnist");
  EXPECT_EQ(sent.definition().parameters_size(), 7);
  EXPECT_EQ(out(), "warning: momentum: write [momentum_scale]\nnote: 16 for 7 [too_few_trials]\n");
}

TEST_F(StudyLint, AnythingThatIsNoFileIsAStudysName) {
  v1::LintStudyRequest sent;
  EXPECT_CALL(client_, LintStudy).WillRepeatedly([&](const v1::LintStudyRequest& request) {
    sent = request;
    return v1::LintStudyResponse();
  });
  EXPECT_EQ(Run({"study", "lint", "mnist"}), kDone);
  EXPECT_EQ(sent.study(), "mnist");
  EXPECT_EQ(out(), "nothing to remark about mnist\n");
  EXPECT_EQ(Run({"study", "lint", "mnist", "--output", "json"}), kDone);
  EXPECT_EQ(json()["findings"].size(), 0u);
  in_.str("study: piped\nparameters: {x: {min: 1, max: 2}}\n");
  EXPECT_EQ(Run({"study", "lint", "-"}), kDone);
  EXPECT_EQ(sent.definition().name(), "piped");
}

TEST_F(StudyLint, AFileThatIsNotThereIsNotTakenForAStudy) {
  EXPECT_EQ(Run({"study", "lint", "missing.yaml"}), kWrongUsage);
  EXPECT_EQ(err(), "caviar: missing.yaml: No such file or directory\n");
}

TEST_F(StudyLint, WhatIsWrongInAFileIsSaidWithItsLine) {
  v1::FieldViolation violation;
  violation.set_field("objective.metric");
  violation.set_description("is unknown");
  EXPECT_CALL(client_, LintStudy).WillOnce(Return(error::InvalidFields({violation})));
  EXPECT_EQ(Run({"study", "lint", EXAMPLE_FILE}), kWrongUsage);
  EXPECT_EQ(err(), std::string("caviar: ") + EXAMPLE_FILE + ":5: objective.metric: is unknown\n");
}

TEST_F(StudyLint, AnUnknownStudyFails) {
  EXPECT_CALL(client_, LintStudy).WillOnce(Return(absl::NotFoundError("there is no study 'x'")));
  EXPECT_EQ(Run({"study", "lint", "x"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("there is no study 'x'"));
}

}  // namespace
}  // namespace caviar::commands
