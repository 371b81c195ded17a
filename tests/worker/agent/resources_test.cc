#include "worker/agent/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace caviar::agent {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A machine of files.
class ResourcesTest : public testing::Test {
 protected:
  ResourcesTest() {
    std::string folder = testing::TempDir() + "/resources_XXXXXX";
    root_ = mkdtemp(folder.data());
    machine_.proc = root_ + "/proc";
    machine_.cgroups = root_ + "/cgroup";
    machine_.devices = root_ + "/dev";
    machine_.affinity = 8;
    Write("proc/meminfo", "MemTotal:       16384 kB\nMemFree:         1024 kB\n");
  }
  ~ResourcesTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) const {
    const std::filesystem::path whole = std::filesystem::path(root_) / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }

  std::string root_;
  Machine machine_;
};

TEST_F(ResourcesTest, WithoutLimitsTheMachineIsTheLimit) {
  Write("proc/self/cgroup", "0::/\n");
  const MachineResources found = Detect(machine_);
  EXPECT_THAT(found.cpus, DoubleEq(8));
  EXPECT_EQ(found.memory_bytes, 16384 * 1024);
  EXPECT_THAT(found.gpus, IsEmpty());
}

TEST_F(ResourcesTest, ThisMachineHasSome) {
  const MachineResources found = Detect(Machine::This());
  EXPECT_GT(found.cpus, 0);
  EXPECT_GT(found.memory_bytes, 0);
}

TEST_F(ResourcesTest, TheTightestOfTheGroupsAboveCounts) {
  Write("proc/self/cgroup", "0::/slurm/job_7/step_0\n");
  Write("cgroup/cpu.max", "700000 100000\n");
  Write("cgroup/slurm/cpu.max", "150000 100000\n");
  Write("cgroup/slurm/job_7/cpu.max", "400000 100000\n");
  Write("cgroup/slurm/job_7/step_0/cpu.max", "max 100000\n");
  Write("cgroup/slurm/memory.max", "4194304\n");
  Write("cgroup/slurm/job_7/memory.max", "2097152\n");
  Write("cgroup/slurm/job_7/step_0/memory.max", "max\n");
  const MachineResources found = Detect(machine_);
  EXPECT_THAT(found.cpus, DoubleEq(1.5));
  EXPECT_EQ(found.memory_bytes, 2097152);
}

TEST_F(ResourcesTest, TheFirstVersionOfControlGroupsCountsToo) {
  Write("proc/self/cgroup", "4:memory:/job\n3:cpuacct,cpu:/docker/of/the/host\n2:cpuset:/\n0::/\n");
  Write("cgroup/cpu/cpu.cfs_quota_us", "250000\n");
  Write("cgroup/cpu/cpu.cfs_period_us", "100000\n");
  Write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  Write("cgroup/memory/job/memory.limit_in_bytes", "1048576\n");
  const MachineResources found = Detect(machine_);
  EXPECT_THAT(found.cpus, DoubleEq(2.5));
  EXPECT_EQ(found.memory_bytes, 1048576);
  Write("cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_THAT(Detect(machine_).cpus, DoubleEq(8));
}

TEST_F(ResourcesTest, ALimitAboveTheMachineIsNone) {
  Write("proc/self/cgroup", "0::/\n");
  Write("cgroup/cpu.max", "1600000 100000\n");
  Write("cgroup/memory.max", "99999999999\n");
  const MachineResources found = Detect(machine_);
  EXPECT_THAT(found.cpus, DoubleEq(8));
  EXPECT_EQ(found.memory_bytes, 16384 * 1024);
}

TEST_F(ResourcesTest, WhereNothingIsKnownOfMemoryNothingIsSaid) {
  Write("proc/meminfo", "");
  EXPECT_EQ(Detect(machine_).memory_bytes, 0);
}

TEST_F(ResourcesTest, GpusAreThoseThatCudaMaySee) {
  for (const char* name : {"nvidia0", "nvidia3"}) Write(std::string("dev/") + name, "");
  const auto visible = [this](const std::string& list) {
    machine_.cuda_visible_devices = list;
    return Detect(machine_).gpus;
  };
  EXPECT_THAT(visible("2,3"), ElementsAre("2", "3"));
  EXPECT_THAT(visible("GPU-8932f937, MIG-1/2/3"), ElementsAre("GPU-8932f937", "MIG-1/2/3"));
  EXPECT_THAT(visible("1,1,0"), ElementsAre("1", "0"));
  EXPECT_THAT(visible("1,-1,0"), ElementsAre("1")) << "as CUDA does";
  EXPECT_THAT(visible(""), IsEmpty());
  EXPECT_THAT(visible("NoDevFiles"), IsEmpty());
}

TEST_F(ResourcesTest, WithoutThatVariableAllGpusOfTheMachineCount) {
  for (const char* name : {"nvidia1", "nvidia3", "nvidiactl", "nvidia-uvm", "nvidia", "sda1"}) {
    Write(std::string("dev/") + name, "");
  }
  EXPECT_THAT(Detect(machine_).gpus, ElementsAre("0", "1")) << "CUDA counts those it can open";
}

TEST_F(ResourcesTest, TheFirstGpusAreChosen) {
  EXPECT_THAT(*ChooseGpus({"4", "2", "3"}, "all"), ElementsAre("4", "2", "3"));
  EXPECT_THAT(*ChooseGpus({"4", "2", "3"}, "2"), ElementsAre("4", "2"));
  EXPECT_THAT(*ChooseGpus({"4"}, "0"), IsEmpty());
  EXPECT_THAT(*ChooseGpus({}, "all"), IsEmpty());
  EXPECT_THAT(std::string(ChooseGpus({"4", "2"}, "3").status().message()),
              HasSubstr("there are 2 GPUs, not 3 (4,2)"));
  for (const char* wrong : {"some", "-1", "", "1.5"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ChooseGpus({"4"}, wrong).status())) << wrong;
  }
}

}  // namespace
}  // namespace caviar::agent
