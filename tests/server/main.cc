// The tests' own main function: this program is also what they run, as the supervisor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/study_end_supervisor.h"

int main(int argc, char** argv) {
  if (const auto code = caviar::RunStudyEndSupervisor(argc, argv)) return *code;
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
