// What the tests of the core share: studies, workers' calls and asks in a few words.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_CORE_FIXTURE_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_CORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>

#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {

class CoreTest : public ::testing::Test {
 protected:
  CoreTest();
  ~CoreTest() override;
  void Create(v1::Study study);

  absl::StatusOr<v1::ReportMeasurementsResponse> Report(const v1::FencingToken& token, int64_t step,
                                                        double value);

  absl::StatusOr<v1::FinishWorkResponse> Complete(const v1::FencingToken& token);

  absl::StatusOr<v1::FinishWorkResponse> Fail(const v1::FencingToken& token,
                                              const std::string& message);

  Harness house_;
};

class TestEvaluationTest : public CoreTest {
 protected:
  // A study of one trial that has ended, with or without its weights.
  void EndStudy(bool with_weights);
  std::string worker_;
};

class AskTest : public CoreTest {
 protected:
  absl::StatusOr<v1::AskTrialResponse> Ask(const std::string& study,
                                           absl::Duration lease = absl::Hours(24));
  v1::TellTrialRequest TellRequest(const v1::AskTrialResponse& asked, double value);
  int asks_ = 0;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_CORE_FIXTURE_H_
