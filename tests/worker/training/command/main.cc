// The tests' own main function: this program is also what they run, as the supervisor and as a
// program that reports by the socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/worker/training/command/reporting_program.h"
#include "worker/training/command/supervisor.h"

int main(int argc, char** argv) {
  if (const std::optional<int> code = caviar::command::RunSupervisor(argc, argv)) return *code;
  if (const std::optional<int> code = caviar::command::RunReportingProgram(argc, argv)) {
    return *code;
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
