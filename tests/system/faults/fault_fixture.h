// What the tests of this folder share: a cluster, studies that train slowly, and the long mode.
#ifndef CAVIAR_TESTS_SYSTEM_FAULTS_FAULT_FIXTURE_H_
#define CAVIAR_TESTS_SYSTEM_FAULTS_FAULT_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/api/client.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {

// CAVIAR_LONG=1: as often as is worth a night; otherwise as often as CI has time for.
bool IsLong();
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

class FaultTest : public ::testing::Test {
 protected:
  // A study of `trials` that do not come to an end by themselves: end them with EndStudy.
  void CreateEndlessStudy(const std::string& name, int trials);
  // What the study's trials came to no longer matters.
  void EndStudy(const std::string& name);
  // Waits until the study has ended by itself.
  void WaitForEnd(const std::string& study);

  nlohmann::json Trial(const std::string& study, int number);
  // Waits until the trial's `field` is `value`; false: it never was.
  bool WaitForState(const std::string& study, int number, const std::string& state);
  bool WaitForWorker(const std::string& study, int number, const std::string& worker);
  // Waits until the trial has measured `step`.
  bool WaitForStep(const std::string& study, int number, int64_t step);
  int64_t LastStep(const std::string& study, int number);
  // The trial's steps are 1, 2, ... and none is missing.
  void ExpectNoGap(const std::string& study, int number);
  // What a training came to, without what is measured by a clock.
  nlohmann::json Curve(const std::string& study, int number);
  // The bytes of the trial's kept weights.
  std::string Weights(const std::string& study, int number);

  std::unique_ptr<client::Client> Connect();
  std::string database() const { return cluster_.data_directory() + "/caviar.db"; }

  Cluster cluster_;
};

// SIGSTOP, and waits until all of its threads stand still.
void Freeze(const Process& process);
// SIGCONT.
void Thaw(const Process& process);
// Waits until the process has logged `text`.
bool WaitForLog(const Process& process, const std::string& text);

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_FAULTS_FAULT_FIXTURE_H_
