// A data directory on a tiny disk that fills up and is emptied: promises acknowledged-is-durable
// and refuses-damage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/system/faults/acknowledged.h"
#include "tests/system/faults/fault_fixture.h"
#include "tests/system/faults/namespace.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class FullDiskTest : public FaultTest {
 protected:
  void SetUp() override {
    if (const std::string why = WhyNoNamespaces(); !why.empty()) GTEST_SKIP() << why;
    std::filesystem::create_directories(cluster_.data_directory());
    disk_ = Namespace::WithDisk(cluster_.directory(), "disk", cluster_.data_directory(), 16 * 1024);
    cluster_.StartCoordinator("1s", {.command = disk_->command()});
  }
  std::string filler() const { return disk_->PathOf(cluster_.data_directory() + "/filler"); }
  // Leaves no byte free.
  void Fill() {
    std::ofstream file(filler(), std::ios::binary | std::ios::app);
    const std::string page(4096, 'x');
    while (file.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
    }
  }
  // Tells trials of its own until the coordinator refuses one; returns how many it took.
  void TellUntilRefused() {
    EXPECT_TRUE(Eventually([&] {
      Fill();  // what was freed meanwhile
      const CommandResult result =
          cluster_.Run({"trial", "add", "own", "x=0.5", "accuracy=0.5", "--patience", "0s"});
      if (result.exit_code != 0) refusal_ = result.err;
      return result.exit_code != 0;
    }));
  }

  std::unique_ptr<Namespace> disk_;
  std::string refusal_;
};

TEST_F(FullDiskTest, RefusesThenGoesOnWithNothingLost) {
  CreateEndlessStudy("s", 1);
  cluster_.CreateStudy(
      "study: own\nobjective: {metric: accuracy, goal: maximize}\n"
      "trainer: {external: {}}\nparameters: {x: {min: 0.0, max: 1.0}}\n");
  const auto worker = cluster_.StartWorker("w");
  ASSERT_TRUE(WaitForStep("s", 0, 1));
  TellUntilRefused();
  EXPECT_THAT(refusal_, HasSubstr("full"));
  const json stored = Trial("s", 0);
  ASSERT_TRUE(stored.is_object()) << "what is there can be read";

  std::filesystem::remove(filler());
  ASSERT_TRUE(WaitForStep("s", 0, stored.at("last_step").get<int64_t>() + 2)) << "it resumes";
  const json trial = Trial("s", 0);
  EXPECT_EQ(trial.at("attempts").size(), 1u) << "no lease was lost: " << trial.at("attempts");
  EXPECT_EQ(trial.at("lost_leases"), 0);
  for (const json& measurement : stored.at("measurements")) {
    EXPECT_THAT(trial.at("measurements"), ::testing::Contains(measurement));
  }
  ExpectNoGap("s", 0);
  EXPECT_EQ(
      cluster_.Run({"trial", "add", "own", "x=0.5", "accuracy=0.5", "--patience", "0s"}).exit_code,
      0);
  EndStudy("s");
  cluster_.coordinator().Signal(SIGTERM);
  EXPECT_EQ(cluster_.coordinator().Wait(), 0) << cluster_.coordinator().Errors();
  const std::string copy = cluster_.directory() + "/copy.db";
  std::filesystem::copy_file(disk_->PathOf(database()), copy);
  EXPECT_EQ(IntegrityCheck(copy), "ok");
}

}  // namespace
}  // namespace caviar::system_test
