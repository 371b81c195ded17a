// What the sequencer's thread takes of its queue.
#include "server/coordinator/sequencer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {
namespace {

// Commands that are in the queue before the next batch is taken.
class SequencerTest : public testing::Test {
 protected:
  SequencerTest() {
    sequencer_.Start(house_.core());
    absl::Notification busy;
    sequencer_.Post({[&](Core&) {
                       busy.Notify();
                       go_.WaitForNotification();
                     },
                     [](const absl::Status&) {}});
    busy.WaitForNotification();
  }

  void Post(int64_t values, int name) {
    ++posted_;
    sequencer_.Post({[this, name](Core&) { decided_.push_back(name); },
                     [this](const absl::Status& status) {
                       EXPECT_TRUE(status.ok()) << status;
                       batches_.push_back(decided_.size());
                     },
                     values});
  }
  // Until all are answered.
  void Run() {
    go_.Notify();
    sequencer_.Stop();
    EXPECT_EQ(batches_.size(), posted_);
  }

  Harness house_;
  Sequencer sequencer_{house_.clock};
  absl::Notification go_;
  size_t posted_ = 0;
  std::vector<int> decided_;     // in their order
  std::vector<size_t> batches_;  // of each answer: how many were decided by then
};

TEST_F(SequencerTest, FewAreOneBatch) {
  for (int i = 0; i < 4; ++i) Post(i % 2 * 100, i);
  Run();
  EXPECT_THAT(decided_, testing::ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(batches_, testing::Each(4));
}

TEST_F(SequencerTest, ManyMeasurementsAreManyBatchesAndAnOutcomeWaitsForOne) {
  for (int i = 0; i < 5; ++i) Post(15'000, i);
  Post(10, 5);
  Post(0, 6);
  Run();
  EXPECT_THAT(decided_, testing::ElementsAre(0, 6, 1, 2, 3, 4, 5));
  EXPECT_THAT(batches_, testing::ElementsAre(2, 2, 3, 4, 5, 7, 7));
}

TEST_F(SequencerTest, OneOfMoreThanABatchBearsIsTakenAlone) {
  Post(1, 0);
  Post(1'000'000, 1);
  Post(1, 2);
  Run();
  EXPECT_THAT(batches_, testing::ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace caviar::coordinator
