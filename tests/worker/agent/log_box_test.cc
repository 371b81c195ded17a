#include "worker/agent/log_box.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "client/api/worker_client.h"

namespace caviar::agent {
namespace {

constexpr LogBox::Options kAtOnce = {absl::ZeroDuration(), absl::Hours(1)};
constexpr LogBox::Options kGathering = {absl::Hours(1), absl::Hours(1)};

// The next piece, all of which the coordinator takes: "offset: data".
std::string Send(LogBox& box) {
  const std::optional<LogBox::Piece> piece = box.Next();
  if (!piece) return "nothing";
  box.Answered(*piece, piece->offset + static_cast<int64_t>(piece->data.size()));
  return std::to_string(piece->offset) + ": " + piece->data;
}

TEST(LogBox, GivesWhatWasAddedInOrderUntilItIsAnswered) {
  LogBox box(kAtOnce);
  box.Add("one ");
  box.Add("two");
  EXPECT_EQ(box.Next()->data, "one two");
  box.Add(" three");
  EXPECT_EQ(Send(box), "0: one two three") << "it was not answered";
  box.Add("four");
  EXPECT_EQ(Send(box), "13: four");
  box.Close();
  EXPECT_EQ(Send(box), "nothing");
}

TEST(LogBox, AfterTheFirstPieceAFullOneIsGathered) {
  LogBox box(kGathering);
  box.Add("a");
  EXPECT_EQ(Send(box), "0: a") << "at once";
  box.Add("b");
  absl::Notification waits;
  std::thread sender([&] {
    waits.Notify();
    const std::optional<LogBox::Piece> piece = box.Next();
    EXPECT_EQ(piece->offset, 1);
    EXPECT_EQ(piece->data, "b" + std::string(client::kLogPieceBytes - 1, 'x'));
  });
  waits.WaitForNotification();
  box.Add(std::string(client::kLogPieceBytes, 'x'));
  sender.join();
}

TEST(LogBox, NothingIsGatheredAfterTheEnd) {
  LogBox box(kGathering);
  box.Add("a");
  EXPECT_EQ(Send(box), "0: a");
  box.Add("b");
  box.Close();
  EXPECT_EQ(Send(box), "1: b");
  EXPECT_EQ(Send(box), "nothing");
}

TEST(LogBox, HasABound) {
  LogBox box(kAtOnce);
  for (int i = 0; i < 12; ++i) box.Add(std::string(1 << 20, 'x'));
  box.Close();
  int64_t bytes = 0;
  while (const std::optional<LogBox::Piece> piece = box.Next()) {
    EXPECT_LE(static_cast<int64_t>(piece->data.size()), client::kLogPieceBytes);
    bytes += static_cast<int64_t>(piece->data.size());
    box.Answered(*piece, bytes);
  }
  EXPECT_EQ(bytes, LogBox::kMaxBytes);
}

TEST(LogBox, GoesOnBehindWhatWasTaken) {
  LogBox box(kAtOnce);
  box.Add("abcdef");
  box.Answered(*box.Next(), 2);
  EXPECT_EQ(Send(box), "2: cdef");
}

TEST(LogBox, SaysWhereTheCoordinatorLostItsEnd) {
  LogBox box(kAtOnce);
  box.Add("0123456789");
  EXPECT_EQ(Send(box), "0: 0123456789");
  box.Add("more");
  box.Answered(*box.Next(), 4);
  EXPECT_EQ(Send(box), "4: \n(the coordinator lost 6 bytes of this log)\nmore");
}

TEST(LogBox, StopsWhereTheCoordinatorTakesNoMoreOrLosesEverything) {
  LogBox full(kAtOnce), lossy(kAtOnce);
  full.Add("abc");
  full.Answered(*full.Next(), 0);
  full.Add("def");
  EXPECT_EQ(Send(full), "nothing");
  int sent = 0;
  while (true) {
    lossy.Add("abc");
    const std::optional<LogBox::Piece> piece = lossy.Next();
    if (!piece) break;
    // Takes every other piece, and forgets all before the next.
    lossy.Answered(*piece, sent++ % 2 == 0 ? piece->offset + 3 : 0);
    ASSERT_LT(sent, 1000);
  }
}

TEST(LogBox, KeepsNothingAfterItWasGivenUp) {
  LogBox box(kAtOnce);
  box.Add("abc");
  box.GiveUp();
  box.Add("def");
  EXPECT_EQ(Send(box), "nothing");
}

TEST(LogBox, IsPatientUntilTheEndAndForAWhileAfterIt) {
  LogBox patient({absl::ZeroDuration(), absl::Hours(1)});
  LogBox impatient({absl::ZeroDuration(), absl::ZeroDuration()});
  EXPECT_FALSE(impatient.OutOfPatience());
  patient.Close();
  impatient.Close();
  EXPECT_FALSE(patient.OutOfPatience());
  EXPECT_TRUE(impatient.OutOfPatience());
}

}  // namespace
}  // namespace caviar::agent
