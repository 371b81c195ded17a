#include <gtest/gtest.h>

#include "worker/training/command/supervisor.h"

int main(int argc, char** argv) {
  if (const auto code = caviar::command::RunSupervisor(argc, argv)) return *code;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
