// Studies that run shell scripts, under real coordinators and workers.
#ifndef CAVIAR_TESTS_SYSTEM_COMMANDS_COMMAND_FIXTURE_H_
#define CAVIAR_TESTS_SYSTEM_COMMANDS_COMMAND_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/system/cluster.h"

namespace caviar::system_test {

class CommandSystemTest : public ::testing::Test {
 protected:
  // Runs programs, as many at once as it has slots.
  std::unique_ptr<Process> StartCommandWorker(const std::string& name, int slots = 1);
  // A study of one trial unless `rest`, further lines of the study file, says otherwise, that runs
  // `script` with sh. `settings` are further lines of trainer.command, indented by four spaces.
  void Create(const std::string& study, const std::string& script, const std::string& settings = "",
              const std::string& rest = "limits: {max_trials: 1}\n");
  // Waits until the study has ended, and shows its trial.
  nlohmann::json Finish(const std::string& study, int number = 0);
  nlohmann::json Trial(const std::string& study, int number = 0);
  // All that the trial's newest attempt printed.
  std::string Log(const std::string& study);
  // Blocks until the trial has measured this step.
  void AwaitStep(const std::string& study, int64_t step);
  // Whether a process runs whose arguments hold this word.
  static bool Runs(const std::string& word);

  Cluster cluster_;
};

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_COMMANDS_COMMAND_FIXTURE_H_
