#include "caviar/v1/error_detail.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Return;

class StudyVerify : public CommandTest {
 protected:
  StudyVerify() { ON_CALL(client_, GetStudy).WillByDefault(Return(TestStudy())); }
  int Verify(const std::string& found) {
    EXPECT_CALL(client_, GetStudy);
    EXPECT_CALL(client_, VerifyStudy)
        .WillOnce([&](const v1::VerifyStudyRequest& request, const auto& on_progress) {
          EXPECT_EQ(request.study(), "mnist");
          on_progress(Parse<v1::VerifyStudyResponse>("trials: 10 total_trials: 40"));
          return Parse<v1::VerifyStudyResponse>("trials: 40 total_trials: 40 done: true", found);
        });
    return Run({"study", "verify", "mnist"});
  }
};

TEST_F(StudyVerify, SaysWhatIsEqual) {
  EXPECT_EQ(Verify("equal: 35 equal_stand_ins: 2 equal_known: 1 added: 2 equal_decisions: 50"),
            kDone);
  EXPECT_EQ(out(),
            "trials       40\n"
            "suggestions  35 computed again, equal\n"
            "others       2 Sobol points that stood in, equal, 1 of the study file, equal, 2 added "
            "by a person\n"
            "decisions    50 of the pruner computed again, equal\n"
            "differences  0\n");
  EXPECT_EQ(err(), "");
}

TEST_F(StudyVerify, ShowsTheFirstDifferenceAndFails) {
  EXPECT_EQ(Verify(R"(equal: 38 differences: 2 first_difference {
                        trial: 7 parameter: "rate" stored: "0.25" computed: "0.5" })"),
            kFailed);
  EXPECT_THAT(err(), HasSubstr("first: trial 7, rate: stored 0.25, computed 0.5\n"));
}

TEST_F(StudyVerify, NeverCallsEqualWhatCannotBeCompared) {
  EXPECT_EQ(Verify("equal: 30 not_comparable: 10 other_maker: 'v1' this_maker: 'v2'"), kPartly);
  EXPECT_THAT(out(), HasSubstr("not comparable  10 trials\n"));
  EXPECT_THAT(err(), HasSubstr("they were suggested by v1; this coordinator has v2"));
}

TEST_F(StudyVerify, DrawsABarOnATerminal) {
  terminal_ = true;
  EXPECT_EQ(Verify("equal: 40"), kDone);
  EXPECT_THAT(out(), HasSubstr("[##########------------------------------] 10/40 trials verified"));
}

TEST_F(StudyVerify, ACoordinatorThatGoesAwayIsWaitedForAndBeginsAgain) {
  terminal_ = true;
  EXPECT_CALL(client_, GetStudy);
  EXPECT_CALL(client_, VerifyStudy)
      .WillOnce([](const auto&, const auto& on_progress) {
        on_progress(Parse<v1::VerifyStudyResponse>("trials: 10 total_trials: 40"));
        return error::ShuttingDown();
      })
      .WillOnce(Return(absl::UnavailableError("refused")))
      .WillOnce(Return(Parse<v1::VerifyStudyResponse>("trials: 40 total_trials: 40 equal: 40")));
  EXPECT_EQ(Run({"study", "verify", "mnist"}), kDone);
  EXPECT_EQ(err(),
            "caviar: the coordinator is away; waiting for it to come back, for 5m00s at most\n");
  EXPECT_THAT(out(), HasSubstr("40 computed again, equal"));
}

TEST_F(StudyVerify, ACoordinatorThatStaysAwayIsGivenUp) {
  EXPECT_CALL(client_, GetStudy);
  EXPECT_CALL(client_, VerifyStudy).WillRepeatedly(Return(absl::UnavailableError("refused")));
  const absl::Time start = now_;
  EXPECT_EQ(Run({"study", "verify", "mnist"}), kNoCoordinator) << "1 means that it differs";
  EXPECT_GE(now_ - start, absl::Minutes(5));
  EXPECT_LE(now_ - start, absl::Minutes(6));
}

TEST_F(StudyVerify, ACoordinatorThatItEndsIsNotAskedForeverNorOneThatCannot) {
  EXPECT_CALL(client_, GetStudy).Times(2);
  EXPECT_CALL(client_, VerifyStudy)
      .Times(5)
      .WillRepeatedly([](const auto&, const auto& on_progress) {
        on_progress(Parse<v1::VerifyStudyResponse>("trials: 10 total_trials: 40"));
        return absl::UnavailableError("gone");
      });
  EXPECT_EQ(Run({"study", "verify", "mnist"}), kNoCoordinator);
  EXPECT_CALL(client_, VerifyStudy)
      .WillOnce(Return(error::WithReason(absl::UnavailableError("a read failed"), "DISK")));
  EXPECT_EQ(Run({"study", "verify", "mnist"}), kFailed);
  EXPECT_EQ(err(), "caviar: a read failed\n");
}

TEST_F(StudyVerify, ErrorsAreTheCoordinators) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(absl::NotFoundError("there is no study 'mnist'")));
  EXPECT_EQ(Run({"study", "verify", "mnist"}), kFailed);
}

}  // namespace
}  // namespace caviar::commands
