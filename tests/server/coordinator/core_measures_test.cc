// What the core says of its own work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class RefusingStore : public storage::MemoryStore {
 public:
  absl::Status Apply(const storage::Batch&, int64_t) override {
    return absl::UnavailableError("no room");
  }
};

TEST(CoreMeasures, OfHandOutsValuesAndSuggestions) {
  HeldSuggester suggester;
  Harness house{absl::Seconds(60), &suggester};
  v1::CreateStudyRequest create;
  *create.mutable_request_id() = house.NewRequestId();
  *create.mutable_study() = NetworkStudy("s", 0);
  create.mutable_study()->mutable_sampler()->set_algorithm(v1::Sampler::TPE);
  ASSERT_TRUE(house.Call(&Core::CreateStudy, create).ok());
  v1::AcquireWorkResponse work;
  house.QueueAcquire(
      house.Register("w"), "c", 1,
      [&work](absl::StatusOr<v1::AcquireWorkResponse> response) { work = *std::move(response); });
  house.Settle();
  EXPECT_TRUE(house.measures.hand_outs.empty());
  house.Advance(absl::Milliseconds(300));
  suggester.ReleaseOne();
  house.Settle();
  ASSERT_TRUE(work.has_trial());
  EXPECT_THAT(house.measures.hand_outs, ElementsAre(absl::Milliseconds(300)));
  EXPECT_THAT(house.measures.suggestions,
              ElementsAre(Pair(v1::Sampler::TPE, absl::Milliseconds(300))));

  v1::ReportMeasurementsRequest report;
  *report.mutable_token() = work.trial().token();
  for (int64_t step : {1, 2}) {
    v1::Measurement& measurement = *report.add_measurements();
    measurement.set_step(step);
    (*measurement.mutable_metrics())["validation_accuracy"] = 0.5;
    (*measurement.mutable_metrics())["train_loss"] = 1;
  }
  const int64_t commits = house.measures.commits;
  ASSERT_TRUE(house.Call(&Core::Report, report).ok());
  EXPECT_EQ(house.measures.values, 4);
  EXPECT_EQ(house.measures.commits, commits + 1);
}

TEST(CoreMeasures, ACommitThatFailsCountsAsThat) {
  RefusingStore store;
  Harness house(absl::Seconds(60), nullptr, &store);
  house.Register("w");
  EXPECT_EQ(house.measures.failed, 1);
  EXPECT_EQ(house.measures.commits, 0);
}

}  // namespace
}  // namespace caviar::coordinator
