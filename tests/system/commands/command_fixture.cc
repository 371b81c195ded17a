#include "tests/system/commands/command_fixture.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace caviar::system_test {

using nlohmann::json;

std::unique_ptr<Process> CommandSystemTest::StartCommandWorker(const std::string& name, int slots) {
  return cluster_.StartWorker(
      name, slots,
      {.arguments = {"--allow-commands", "--cpus", "100", "--memory", "100GiB", "--work-dir",
                     absl::StrCat(cluster_.directory(), "/w-", name)}});
}

void CommandSystemTest::Create(const std::string& study, const std::string& script,
                               const std::string& settings, const std::string& rest) {
  const std::string file = absl::StrCat(cluster_.directory(), "/", study, ".sh");
  WriteFile(file, script);
  cluster_.CreateStudy(absl::StrCat("study: ", study,
                                    "\nobjective: {metric: accuracy, goal: maximize}\n"
                                    "trainer:\n  command:\n    run: [sh, ",
                                    file, ", \"${args}\"]\n", settings,
                                    "sampler: {algorithm: sobol, seed: 3}\n"
                                    "parameters:\n  x: {min: 0.0, max: 1.0}\n",
                                    rest));
}

json CommandSystemTest::Finish(const std::string& study, int number) {
  const CommandResult wait = cluster_.Run({"study", "wait", study});
  EXPECT_TRUE(wait.exit_code == 0 || wait.exit_code == 1) << wait.out << wait.err;
  return Trial(study, number);
}

json CommandSystemTest::Trial(const std::string& study, int number) {
  return cluster_.Json({"trial", "show", study, absl::StrCat(number)});
}

std::string CommandSystemTest::Log(const std::string& study) {
  return cluster_.Run({"trial", "logs", study, "0"}).out;
}

void CommandSystemTest::AwaitStep(const std::string& study, int64_t step) {
  ASSERT_TRUE(Eventually([&] {
    const json trial = Trial(study);
    return trial.is_object() && trial.value("last_step", int64_t{0}) >= step;
  })) << Trial(study);
}

bool CommandSystemTest::Runs(const std::string& word) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    if (absl::StrContains(ReadFile(entry.path() / "cmdline"), word)) return true;
  }
  return false;
}

}  // namespace caviar::system_test
