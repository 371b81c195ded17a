#include "worker/agent/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/api/worker_client.h"
#include "worker/agent/wire_text.h"

namespace caviar::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::Measurement At(int64_t step, int metrics = 1) {
  v1::Measurement measurement;
  measurement.set_step(step);
  for (int i = 0; i < metrics; ++i) (*measurement.mutable_metrics())[absl::StrCat("m", i)] = i;
  return measurement;
}

class OutboxTest : public testing::Test {
 protected:
  // The next checkpoint's bytes; "none" where it does not leave in time.
  static std::string NextCheckpoint(Outbox& outbox) {
    auto next = std::async(std::launch::async, [&] { return outbox.NextCheckpoint(); });
    if (next.wait_for(std::chrono::seconds(10)) != std::future_status::ready) outbox.Stop();
    const std::optional<Outbox::Checkpoint> checkpoint = next.get();
    return checkpoint ? checkpoint->bytes : "none";
  }

  Lease lease_{v1::FencingToken(), absl::Seconds(60), [] { return absl::ZeroDuration(); }};
};

TEST_F(OutboxTest, GivesMeasurementsInOrderUntilTheyArePopped) {
  Outbox outbox(lease_, 100);
  for (int step = 1; step <= 3; ++step) outbox.OnMeasurement(At(step));
  ASSERT_EQ(outbox.Next().size(), 3u);
  ASSERT_EQ(outbox.Next().size(), 3u);
  outbox.Pop(2);
  const std::vector<v1::Measurement> rest = outbox.Next();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].step(), 3);
  outbox.Pop(1);
  outbox.Close(false);
  EXPECT_TRUE(outbox.Next().empty());
}

TEST_F(OutboxTest, ASenderWaitsForTheNextMeasurementOrTheEnd) {
  Outbox outbox(lease_, 100);
  std::thread sender([&] {
    EXPECT_EQ(outbox.Next().size(), 1u);
    outbox.Pop(1);
    EXPECT_TRUE(outbox.Next().empty());
  });
  outbox.OnMeasurement(At(1));
  outbox.Close(false);
  sender.join();
}

TEST_F(OutboxTest, ABatchHasAtMost1000Values) {
  Outbox outbox(lease_, 10'000);
  for (int step = 1; step <= 5; ++step) outbox.OnMeasurement(At(step, 400));
  EXPECT_EQ(outbox.Next().size(), 2u);
}

TEST_F(OutboxTest, AMeasurementOfMoreIsSplit) {
  Outbox outbox(lease_, 10'000);
  outbox.OnMeasurement(At(7, 2500));
  int values = 0;
  for (int i = 0; i < 3; ++i) {
    const std::vector<v1::Measurement> batch = outbox.Next();
    ASSERT_EQ(batch.size(), 1u);
    EXPECT_EQ(batch[0].step(), 7);
    values += batch[0].metrics_size();
    outbox.Pop(1);
  }
  EXPECT_EQ(values, 2500);
}

TEST_F(OutboxTest, OneThatOverflowsStopsTheTraining) {
  Outbox outbox(lease_, 3);
  for (int step = 1; step <= 3; ++step) outbox.OnMeasurement(At(step));
  EXPECT_FALSE(outbox.StopRequested());
  outbox.OnMeasurement(At(4));
  EXPECT_TRUE(outbox.overflowed());
  EXPECT_TRUE(outbox.StopRequested());
  EXPECT_EQ(outbox.Next().size(), 3u);
}

TEST_F(OutboxTest, ACheckpointLeavesAfterTheMeasurementsUpToItsStep) {
  Outbox outbox(lease_, 100);
  for (int step = 1; step <= 3; ++step) outbox.OnMeasurement(At(step));
  outbox.OnCheckpoint(2, "two");
  std::atomic<int> popped = 0;
  std::thread saver([&] {
    const auto checkpoint = outbox.NextCheckpoint();
    ASSERT_TRUE(checkpoint);
    EXPECT_EQ(checkpoint->bytes, "two");
    EXPECT_EQ(checkpoint->step, 2);
    EXPECT_EQ(popped, 2) << "not the one after it";
  });
  ++popped;
  outbox.Pop(1);
  ++popped;
  outbox.Pop(1);
  saver.join();
  EXPECT_EQ(outbox.Next().size(), 1u);
}

TEST_F(OutboxTest, ACheckpointBeforeTheFirstStepWaitsForNothing) {
  Outbox outbox(lease_, 100);
  outbox.OnCheckpoint(0, "zero");
  outbox.OnMeasurement(At(1));
  EXPECT_EQ(outbox.NextCheckpoint()->bytes, "zero");
}

TEST_F(OutboxTest, OfCheckpointsThatMayLeaveTheNewestDoes) {
  Outbox outbox(lease_, 100);
  outbox.OnCheckpoint(0, "first");
  outbox.OnCheckpoint(0, "second");
  outbox.OnCheckpoint(0, "");
  EXPECT_EQ(outbox.NextCheckpoint()->bytes, "second");
}

TEST_F(OutboxTest, ALargeCheckpointThatFailsGivesWayToANewerOne) {
  Outbox outbox(lease_, 100);
  outbox.OnCheckpoint(0, std::string(client::kChunkBytes + 1, 'x'));
  outbox.NextCheckpoint();
  EXPECT_FALSE(outbox.GivesWay(true));
  outbox.OnCheckpoint(0, "second");
  EXPECT_FALSE(outbox.GivesWay(false));
  EXPECT_TRUE(outbox.GivesWay(true));
  outbox.NextCheckpoint();
  outbox.OnCheckpoint(0, "third");
  EXPECT_FALSE(outbox.GivesWay(true)) << "it is sent at once";
}

TEST_F(OutboxTest, CheckpointsAreInUseWhereTheyMayBeStored) {
  Outbox outbox(lease_, 100);
  EXPECT_THAT(outbox.CheckpointsInUse(), IsEmpty());
  outbox.OnCheckpoint(0, "zero");
  outbox.NextCheckpoint();
  outbox.CheckpointStored();
  EXPECT_THAT(outbox.CheckpointsInUse(), ElementsAre(0));
  outbox.OnCheckpoint(1, "one");
  outbox.NextCheckpoint();
  outbox.OnMeasurement(At(2));
  for (int step = 2; step <= 5; ++step) outbox.OnCheckpoint(step, "waits");
  EXPECT_THAT(outbox.CheckpointsInUse(), ElementsAre(0, 1, 2, 5));
  outbox.CheckpointStored();
  EXPECT_THAT(outbox.CheckpointsInUse(), ElementsAre(1, 2, 5));
}

// Steps that are shorter than the way of a report: there is always a newer checkpoint, and it has
// to wait.
TEST_F(OutboxTest, ACheckpointLeavesHoweverManyNewerOnesCome) {
  Outbox outbox(lease_, 100);
  outbox.OnMeasurement(At(1));
  outbox.OnCheckpoint(1, "one");
  for (int step = 2; step <= 9; ++step) {
    outbox.OnMeasurement(At(step));
    outbox.OnCheckpoint(step, absl::StrCat(step));
  }
  outbox.Pop(1);
  EXPECT_EQ(NextCheckpoint(outbox), "one");
  outbox.Pop(7);
  outbox.OnMeasurement(At(10));
  outbox.OnCheckpoint(10, "ten");
  outbox.Pop(1);
  EXPECT_EQ(NextCheckpoint(outbox), "9");
  outbox.Pop(1);
  EXPECT_EQ(NextCheckpoint(outbox), "ten");
}

TEST_F(OutboxTest, AfterTheEndOnlyTheNewestCheckpointLeaves) {
  Outbox outbox(lease_, 100);
  for (int step = 1; step <= 3; ++step) {
    outbox.OnMeasurement(At(step));
    outbox.OnCheckpoint(step, absl::StrCat(step));
  }
  outbox.Close(true);
  outbox.Pop(3);
  EXPECT_EQ(NextCheckpoint(outbox), "3");
  EXPECT_EQ(outbox.NextCheckpoint(), std::nullopt);
}

TEST_F(OutboxTest, AfterTheEndTheLastCheckpointIsSentOnlyWhereItIsOfUse) {
  Outbox goes_on(lease_, 100), over(lease_, 100);
  for (Outbox* outbox : {&goes_on, &over}) {
    outbox->OnMeasurement(At(1));
    outbox->OnCheckpoint(1, "last");
    outbox->Close(outbox == &goes_on);
  }
  EXPECT_EQ(over.NextCheckpoint(), std::nullopt);
  EXPECT_TRUE(over.GivesWay(false));
  EXPECT_EQ(over.Next().size(), 1u) << "its measurements count";
  goes_on.Pop(1);
  EXPECT_EQ(goes_on.NextCheckpoint()->bytes, "last");
  EXPECT_EQ(goes_on.NextCheckpoint(), std::nullopt);
}

TEST_F(OutboxTest, ACheckpointDoesNotWaitForMeasurementsThatAreNotTaken) {
  Outbox outbox(lease_, 100), overflowing(lease_, 1);
  outbox.OnMeasurement(At(1));
  outbox.OnCheckpoint(1, "one");
  outbox.Stop();
  outbox.OnCheckpoint(1, "two");
  EXPECT_EQ(outbox.NextCheckpoint(), std::nullopt);
  overflowing.OnMeasurement(At(1));
  overflowing.OnMeasurement(At(2));
  overflowing.OnCheckpoint(1, "one");
  EXPECT_EQ(overflowing.NextCheckpoint(), std::nullopt);
}

TEST_F(OutboxTest, AnswersAreAwaitedForAllMeasurementsSoFar) {
  Outbox outbox(lease_, 100);
  outbox.AwaitAnswers(absl::Hours(1));  // there are none
  outbox.OnMeasurement(At(1));
  outbox.OnMeasurement(At(2));
  std::atomic<int> answered = 0;
  std::thread training([&] {
    outbox.AwaitAnswers(absl::Hours(1));
    EXPECT_EQ(answered, 2);
  });
  ++answered;
  outbox.Pop(1);
  ++answered;
  outbox.Pop(1);
  training.join();
}

TEST_F(OutboxTest, AnswersAreNotAwaitedForeverNorWhereTheTrainingIsToStop) {
  Outbox outbox(lease_, 100);
  outbox.OnMeasurement(At(1));
  outbox.AwaitAnswers(absl::Milliseconds(1));
  std::thread training([&] { outbox.AwaitAnswers(absl::Hours(1)); });
  lease_.RequestCheckpoint();
  training.join();
}

TEST_F(OutboxTest, WhatIsPrintedGoesIntoTheLog) {
  Outbox outbox(lease_, 100);
  outbox.OnLog("epoch 1\n");
  EXPECT_EQ(outbox.log().Next()->data, "epoch 1\n");
}

TEST_F(OutboxTest, TheTrainingStopsWithItsLease) {
  Outbox outbox(lease_, 3);
  EXPECT_FALSE(outbox.StopRequested());
  lease_.Stop();
  EXPECT_TRUE(outbox.StopRequested());
  EXPECT_FALSE(outbox.CheckpointRequested());
}

TEST_F(OutboxTest, ATrainingThatWillGoOnElsewhereIsAskedForACheckpoint) {
  Outbox outbox(lease_, 3);
  EXPECT_FALSE(outbox.CheckpointRequested());
  lease_.RequestCheckpoint();
  EXPECT_TRUE(outbox.CheckpointRequested());
  EXPECT_TRUE(outbox.StopRequested());
}

TEST(WireText, IsUtf8OfAtMost4096Bytes) {
  EXPECT_EQ(ToWireText("sch\xC3\xB6n \xF0\x9F\x90\x9F"), "sch\xC3\xB6n \xF0\x9F\x90\x9F");
  EXPECT_EQ(ToWireText("a\xFF\xC3"), "a??");
  EXPECT_EQ(ToWireText("\xC0\x80"), "??");            // a long form of NUL
  EXPECT_EQ(ToWireText("\xED\xA0\x80"), "???");       // a surrogate
  EXPECT_EQ(ToWireText("\xF4\x90\x80\x80"), "????");  // above U+10FFFF
  EXPECT_EQ(ToWireText(std::string(4096, 'x')), std::string(4096, 'x'));
  std::string umlauts;
  for (int i = 0; i < 3000; ++i) umlauts += "\xC3\xA4";
  const std::string cut = ToWireText(umlauts);
  EXPECT_LE(cut.size(), 4096u);
  EXPECT_EQ(cut.substr(cut.size() - 5), "\xC3\xA4...");
  EXPECT_EQ(ToWireText(cut), cut);
  EXPECT_EQ(ToWireText("abcdef", 5), "ab...");
}

TEST(WireText, CanBeOneLine) {
  EXPECT_EQ(ToWireLine("AVX2,\n\tlibm \x7F\xFF", 512), "AVX2,  libm  ?");
  EXPECT_EQ(ToWireLine(std::string(600, 'x'), 512).size(), 512u);
}

}  // namespace
}  // namespace caviar::agent
