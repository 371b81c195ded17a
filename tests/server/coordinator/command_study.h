// A study that runs a program of the user's own.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_COMMAND_STUDY_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_COMMAND_STUDY_H_

#include <string>

#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {

inline v1::Study CommandStudy(const std::string& name, int max_trials = 4) {
  v1::Study study = NetworkStudy(name, max_trials);
  v1::Command& command = *study.mutable_trainer()->mutable_command();
  command.add_run("./train");
  command.add_run("${args}");
  return study;
}

}  // namespace caviar::coordinator

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_COMMAND_STUDY_H_
