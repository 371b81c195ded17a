#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Return;

class StudyUpdate : public CommandTest {
 protected:
  void SetUp() override {
    EXPECT_CALL(client_, GetStudy).WillRepeatedly([this](const v1::GetStudyRequest&) {
      return study_;
    });
  }
  // Keeps what is sent, and answers as if one field had changed.
  void Expect() {
    EXPECT_CALL(client_, UpdateStudy).WillOnce([this](v1::UpdateStudyRequest request) {
      sent_ = request;
      v1::UpdateStudyResponse response;
      *response.mutable_study() = study_;
      response.mutable_study()->set_state(v1::Study::ACTIVE);
      if (!request.validate_only()) response.mutable_study()->set_revision(3);
      v1::FieldChange& change = *response.add_changes();
      change.set_field("limits.max_trials");
      change.set_before("4");
      change.set_after("200");
      return response;
    });
  }
  v1::Study study_ = TestStudy("revision: 2");
  v1::UpdateStudyRequest sent_;
};

TEST_F(StudyUpdate, SendsTheDefinitionWithWhatIsToChange) {
  Expect();
  EXPECT_EQ(Run({"study", "update",         "mnist", "--max-trials", "200", "--parallel",
                 "none",  "--max-duration", "90m",   "--no-gain",    "7",   "--weight",
                 "1.5",   "--target",       "0.9",   "--sampler",    "tpe", "--pruner",
                 "asha",  "--grace",        "3",     "--max-step",   "27"}),
            kDone)
      << err();
  EXPECT_EQ(sent_.study(), "mnist");
  EXPECT_EQ(sent_.revision(), 2);
  EXPECT_FALSE(sent_.validate_only());
  const v1::Study& definition = sent_.definition();
  EXPECT_EQ(definition.limits().max_trials(), 200);
  EXPECT_FALSE(definition.limits().has_parallel());
  EXPECT_EQ(definition.limits().max_duration().seconds(), 5400);
  EXPECT_EQ(definition.limits().no_gain().trials(), 7);
  EXPECT_EQ(definition.limits().weight(), 1.5);
  EXPECT_EQ(definition.objective().target(), 0.9);
  EXPECT_EQ(definition.sampler().algorithm(), v1::Sampler::TPE);
  EXPECT_EQ(definition.sampler().seed(), 7u);
  EXPECT_EQ(definition.pruner().algorithm(), v1::Pruner::ASHA);
  EXPECT_EQ(definition.pruner().grace(), 3);
  EXPECT_EQ(definition.parameters_size(), 2);
  EXPECT_EQ(out(),
            "FIELD              BEFORE  AFTER\n"
            "limits.max_trials  4       200\n"
            "\nmnist is at revision 3 now\n");
}

TEST_F(StudyUpdate, SaysThatAnEndedStudyGoesOn) {
  study_.set_state(v1::Study::ENDED);
  Expect();
  EXPECT_EQ(Run({"study", "update", "mnist", "--max-trials", "200"}), kDone);
  EXPECT_THAT(out(), HasSubstr("mnist is at revision 3 now, and goes on\n"));
}

TEST_F(StudyUpdate, TakesAFileAndADryRunShowsTheDifference) {
  in_.str("study: another\nlimits: {max_trials: 200}\nparameters: {x: {min: 1, max: 2}}\n");
  Expect();
  EXPECT_EQ(Run({"study", "update", "mnist", "-", "--dry-run", "--parallel", "3"}), kDone) << err();
  EXPECT_TRUE(sent_.validate_only());
  EXPECT_EQ(sent_.definition().limits().max_trials(), 200);
  EXPECT_EQ(sent_.definition().limits().parallel(), 3) << "options count more than the file";
  EXPECT_EQ(sent_.definition().parameters_size(), 1);
  EXPECT_THAT(out(), HasSubstr("nothing was changed; it would make revision 3\n"));
}

TEST_F(StudyUpdate, TheCodeOfAStudyStaysWhatWasSentWithIt) {
  auto& code = *study_.mutable_trainer()->mutable_command()->mutable_code();
  code.set_upload(".");
  code.mutable_archive()->set_sha256("abc");
  const std::string folder = absl::StrCat(testing::TempDir(), "study-update-", getpid());
  std::filesystem::create_directory(folder);
  std::ofstream(folder + "/study.yaml")
      << "study: mnist\ntrainer: {command: {run: [train], code: {upload: .}}}\n"
         "parameters: {x: {min: 1, max: 2}}\n";
  Expect();
  EXPECT_EQ(Run({"study", "update", "mnist", folder + "/study.yaml"}), kDone) << err();
  EXPECT_EQ(sent_.definition().trainer().command().code().archive().sha256(), "abc");
  EXPECT_THAT(err(), HasSubstr("another than mnist was created with"))
      << "it is not changed silently";
  std::filesystem::remove_all(folder);
}

TEST_F(StudyUpdate, ThatTheStudyEndsAtOnceIsSaidFirst) {
  EXPECT_CALL(client_, UpdateStudy).WillRepeatedly([this](const v1::UpdateStudyRequest&) {
    v1::UpdateStudyResponse response;
    *response.mutable_study() = study_;
    response.add_changes()->set_field("objective.target");
    response.set_ends("TARGET: trial 0 reached it");
    return response;
  });
  EXPECT_EQ(Run({"study", "update", "mnist", "--target", "0.4", "--dry-run"}), kDone) << err();
  EXPECT_THAT(out(), HasSubstr("the study would end at once, with what runs cancelled (TARGET: "));
  EXPECT_EQ(Run({"study", "update", "mnist", "--target", "0.4"}), kDone) << err();
  EXPECT_THAT(out(), HasSubstr("now, and ends (TARGET: trial 0 reached it)"));
}

TEST_F(StudyUpdate, WhatCannotChangeIsNamedWithItsLine) {
  in_.str("study: mnist\nparameters:\n  rate: {min: 1, max: 2}\n");
  v1::FieldViolation violation;
  violation.set_field("parameters.rate.min");
  violation.set_description("cannot change from 0.0001 to 1");
  EXPECT_CALL(client_, UpdateStudy).WillOnce(Return(error::InvalidFields({violation})));
  EXPECT_EQ(Run({"study", "update", "mnist", "-"}), kWrongUsage);
  EXPECT_EQ(err(),
            "caviar: standard input:3: parameters.rate.min: cannot change from 0.0001 to 1\n");
}

TEST_F(StudyUpdate, WrongValuesAreNotSent) {
  EXPECT_EQ(Run({"study", "update", "mnist"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("--max-trials 200"));
  EXPECT_EQ(Run({"study", "update", "mnist", "--max-trials", "many"}), kWrongUsage);
  EXPECT_EQ(err(), "caviar: --max-trials is \"many\"; write a whole number, or none\n");
  EXPECT_EQ(Run({"study", "update", "mnist", "--target", "nan"}), kWrongUsage);
  EXPECT_EQ(Run({"study", "update", "mnist", "--sampler", "magic"}), kWrongUsage);
  EXPECT_EQ(Run({"study", "update", "mnist", "--grace", "3"}), kWrongUsage);
}

TEST_F(StudyUpdate, WhatIsSoAlreadySaysSo) {
  EXPECT_CALL(client_, UpdateStudy).WillOnce([this](const v1::UpdateStudyRequest&) {
    v1::UpdateStudyResponse response;
    *response.mutable_study() = study_;
    return response;
  });
  EXPECT_EQ(Run({"study", "update", "mnist", "--max-trials", "4"}), kDone);
  EXPECT_EQ(out(), "mnist is so already, at revision 2; nothing was changed\n");
}

TEST_F(StudyUpdate, ShowTakesARevision) {
  EXPECT_CALL(client_, GetStudy).WillOnce([this](const v1::GetStudyRequest& request) {
    EXPECT_EQ(request.revision(), 1);
    study_.set_revision(1);
    study_.mutable_revision_time()->set_seconds(1700000000);
    return study_;
  });
  EXPECT_EQ(Run({"study", "show", "mnist", "--revision", "1"}), kDone);
  EXPECT_THAT(out(), HasSubstr("1, since 2023-11-14T22:13:20Z"));
}

}  // namespace
}  // namespace caviar::commands
