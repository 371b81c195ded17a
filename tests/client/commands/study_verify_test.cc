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

TEST_F(StudyVerify, ErrorsAreTheCoordinators) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(absl::NotFoundError("there is no study 'mnist'")));
  EXPECT_EQ(Run({"study", "verify", "mnist"}), kFailed);
}

}  // namespace
}  // namespace caviar::commands
