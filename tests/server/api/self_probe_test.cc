#include "server/api/self_probe.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "absl/synchronization/notification.h"
#include "server/api/listen_socket.h"

namespace caviar::server_api {
namespace {

const absl::Status kDeaf = absl::UnavailableError("deaf");

// Runs probes with these results, then good ones. Returns the number of the probe after
// which it counted as deaf; 0: it never did.
int DeafAfter(const std::vector<absl::Status>& results) {
  std::atomic<size_t> probes = 0;
  std::atomic<int> deaf_after = 0;
  absl::Notification over;
  SelfProbe probe(
      absl::ZeroDuration(), /*max_failures=*/3,
      [&] { return probes < results.size() ? results[probes++] : (++probes, absl::OkStatus()); },
      [&](const absl::Status&) {
        if (probes > results.size() && !over.HasBeenNotified()) over.Notify();
      },
      [&](const absl::Status& status) {
        EXPECT_EQ(status, kDeaf);
        EXPECT_EQ(deaf_after.exchange(static_cast<int>(probes)), 0) << "told once";
        over.Notify();
      });
  over.WaitForNotification();
  return deaf_after;
}

TEST(SelfProbe, ThreeFailuresInARowMeanDeaf) {
  const absl::Status ok;
  EXPECT_EQ(DeafAfter({ok, kDeaf, kDeaf, kDeaf, ok}), 4);
  EXPECT_EQ(DeafAfter({kDeaf, kDeaf, ok, kDeaf, kDeaf, ok}), 0);
}

TEST(SelfProbe, LackOfOwnDescriptorsSaysNothing) {
  const absl::Status none = absl::ResourceExhaustedError("too many open files");
  EXPECT_EQ(DeafAfter({none, none, none, none}), 0);
  EXPECT_EQ(DeafAfter({kDeaf, none, kDeaf, none, kDeaf}), 5);
}

TEST(SelfProbe, NobodyAcceptsMeansNoAnswer) {
  const auto listening = Listen({"127.0.0.1", 0});
  ASSERT_TRUE(listening.ok()) << listening.status();
  std::vector<uint16_t> ports;
  const absl::Status status = ProbeOnce(
      listening->sockets[0].get(), [&](uint16_t port) { ports.push_back(port); },
      absl::Milliseconds(50));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  ASSERT_EQ(ports.size(), 2u);
  EXPECT_NE(ports[0], 0);
  EXPECT_EQ(ports[1], 0);
}

}  // namespace
}  // namespace caviar::server_api
