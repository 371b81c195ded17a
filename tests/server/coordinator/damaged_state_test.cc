// What is stored cannot all be right: no state is made of it, and what is wrong is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/coordinator/state.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;

using Damage = std::function<void(storage::Snapshot&)>;

class DamagedStateTest : public TestEvaluationTest {
 protected:
  void ExpectNoState(const Damage& damage, const std::string& words) {
    auto snapshot = house_.store.Load();
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ASSERT_TRUE(MakeState(*snapshot).ok()) << MakeState(*snapshot).status();
    damage(*snapshot);
    const absl::Status status = MakeState(*std::move(snapshot)).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << words << ": " << status;
    EXPECT_THAT(status.message(), HasSubstr(words));
  }
};

TEST_F(DamagedStateTest, IsNotMadeOfTrialsThatCannotBe) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto first = house_.Acquire(worker);
  house_.Acquire(worker);
  ASSERT_TRUE(Report(first.trial().token(), 1, 0.5).ok());
  ASSERT_TRUE(Complete(first.trial().token()).ok());
  const std::vector<std::pair<Damage, std::string>> damages = {
      {[](auto& snapshot) { snapshot.trials.erase(snapshot.trials.begin()); },
       "trial 1 is stored, but not all before it"},
      {[](auto& snapshot) { snapshot.trials[1].number = 0; }, "trial 0 is stored, but not all"},
      {[](auto& snapshot) { snapshot.trials[1].parameters.clear(); }, "study s, trial 1: "},
      {[](auto& snapshot) { snapshot.trials[1].repeat_of = 0; },
       "it repeats trial 0, which is none that is repeated"},
      {[](auto& snapshot) {
         auto& parameter = *snapshot.studies[0].definition.mutable_parameters(0);
         parameter.set_min(2);
         parameter.set_max(1);
       },
       "study s: "},
      {[](auto& snapshot) {
         snapshot.studies[0].definition.add_constraints()->set_metric("latency");
       },
       "study s, trial 0: its outcome lacks '"},
  };
  for (const auto& [damage, words] : damages) ExpectNoState(damage, words);
}

TEST_F(DamagedStateTest, IsNotMadeOfAnEvaluationWithoutItsTrial) {
  EndStudy(true);
  house_.Acquire(worker_);
  ASSERT_TRUE(house_.study("s").evaluation);
  ExpectNoState([](auto& snapshot) { snapshot.evaluations[0].trial_id = 77; },
                "its evaluation is of trial 77, which is not stored");
}

TEST_F(DamagedStateTest, IsNotMadeOfWarmStartTrialsOfAnotherSpace) {
  Create(NetworkStudy("s"));
  ExpectNoState(
      [](auto& snapshot) {
        storage::WarmStartTrialRow row;
        row.study_id = snapshot.studies[0].id;
        row.number = 3;
        row.parameters["no such"].set_double_value(1);
        snapshot.warm_start_trials.push_back(row);
      },
      "warm_start trial 3: ");
}

}  // namespace
}  // namespace caviar::coordinator
