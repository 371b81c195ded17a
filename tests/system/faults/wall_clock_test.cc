// A wall clock that jumps: promise one-lease, "monotonic clocks decide". Under libfaketime, which
// is told to leave monotonic clocks alone.
#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tests/system/faults/fault_fixture.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;

const char kLibrary[] = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

class WallClockTest : public FaultTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(access(kLibrary, R_OK), 0) << kLibrary << ": deploy/install-packages test brings it";
  }
  // A program whose wall clock is what SetClock says.
  Surroundings WithClock(const std::string& name) {
    SetClock(name, "+0");
    return {.environment = {
                Preloading(kLibrary), absl::StrCat("FAKETIME_TIMESTAMP_FILE=", ClockFile(name)),
                "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"}};
  }
  void SetClock(const std::string& name, const std::string& offset) {
    WriteFile(ClockFile(name) + ".new", offset + "\n");
    ASSERT_EQ(rename((ClockFile(name) + ".new").c_str(), ClockFile(name).c_str()), 0);
  }
  std::string ClockFile(const std::string& name) const {
    return cluster_.directory() + "/" + name + ".clock";
  }
};

TEST_F(WallClockTest, ThatJumpsCostsNoLeaseAndKeepsNone) {
  cluster_.StartCoordinator("1s", WithClock("coordinator"));
  CreateEndlessStudy("s", 1);
  const auto worker = cluster_.StartWorker("w", 1, WithClock("worker"));
  ASSERT_TRUE(WaitForStep("s", 0, 1));
  for (const std::string offset : {"+1h", "-1d", "+0"}) {
    for (const std::string program : {"coordinator", "worker"}) {
      SetClock(program, offset);
      ASSERT_TRUE(WaitForStep("s", 0, LastStep("s", 0) + 5)) << program << " " << offset;
    }
  }
  const json trial = Trial("s", 0);
  EXPECT_EQ(trial.at("attempts").size(), 1u) << trial.at("attempts");
  EXPECT_EQ(trial.at("lost_leases"), 0);
  ExpectNoGap("s", 0);

  // A dead worker's lease still ends, with nobody who calls the coordinator meanwhile but readers.
  for (const std::string offset : {"+1h", "-1d"}) {
    const auto other = cluster_.StartWorker("other", 1, WithClock("other"));
    worker->Kill();
    ASSERT_TRUE(WaitForWorker("s", 0, "other"));
    SetClock("coordinator", offset);
    other->Kill();
    ASSERT_TRUE(WaitForState("s", 0, "WAITING")) << offset;
  }
  EndStudy("s");
}

}  // namespace
}  // namespace caviar::system_test
