#include "tests/system/faults/fault_fixture.h"

#include <signal.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace caviar::system_test {

using nlohmann::json;

bool IsLong() { return std::getenv("CAVIAR_LONG") != nullptr; }

void FaultTest::CreateEndlessStudy(const std::string& name, int trials) {
  WriteIdxPair(cluster_.dataset_directory() + "/train", 6'000, 8, 8, 4, 1);
  WriteIdxPair(cluster_.dataset_directory() + "/test", 40, 8, 8, 4, 2);
  cluster_.CreateStudy(
      absl::StrReplaceAll(NetworkStudyFile(name, trials, 100'000, ", max_attempts: 100"),
                          {{"epochs: 100000", "epochs: 100000\n    checkpoint_every: 20"}}));
}

void FaultTest::EndStudy(const std::string& name) {
  EXPECT_EQ(cluster_.Run({"study", "stop", name, "--end"}).exit_code, 0);
}

void FaultTest::WaitForEnd(const std::string& study) {
  const CommandResult wait = cluster_.Run({"study", "wait", study});
  ASSERT_EQ(wait.exit_code, 0) << wait.out << wait.err;
}

json FaultTest::Trial(const std::string& study, int number) {
  return cluster_.Json({"trial", "show", study, std::to_string(number)});
}

bool FaultTest::WaitForState(const std::string& study, int number, const std::string& state) {
  return Eventually([&] {
    const json trial = Trial(study, number);
    return trial.is_object() && trial.at("state") == state;
  });
}

bool FaultTest::WaitForWorker(const std::string& study, int number, const std::string& worker) {
  return Eventually([&] {
    const json trial = Trial(study, number);
    return trial.is_object() && trial.at("state") == "RUNNING" && trial.at("worker") == worker;
  });
}

bool FaultTest::WaitForStep(const std::string& study, int number, int64_t step) {
  return Eventually([&] { return LastStep(study, number) >= step; });
}

int64_t FaultTest::LastStep(const std::string& study, int number) {
  const json trial = Trial(study, number);
  return trial.is_object() ? trial.value("last_step", int64_t{0}) : 0;
}

void FaultTest::ExpectNoGap(const std::string& study, int number) {
  const json trial = Trial(study, number);
  ASSERT_TRUE(trial.is_object());
  int64_t expected = 0;
  for (const json& measurement : trial.at("measurements")) {
    ASSERT_EQ(measurement.at("step"), ++expected);
  }
  EXPECT_GT(expected, 0);
}

json FaultTest::Curve(const std::string& study, int number) {
  const json trial = Trial(study, number);
  json curve = json::array();
  for (json measurement : trial.at("measurements")) {
    measurement.erase("time");
    measurement.at("metrics").erase("samples_per_second");
    curve.push_back(measurement);
  }
  return {{"measurements", curve},
          {"parameters", trial.at("parameters")},
          {"objective", trial.at("objective")},
          {"objective_step", trial.at("objective_step")}};
}

std::string FaultTest::Weights(const std::string& study, int number) {
  return ReadFile(cluster_.data_directory() + "/" +
                  Trial(study, number).at("weights_file").get<std::string>());
}

std::unique_ptr<client::Client> FaultTest::Connect() {
  client::ClientOptions options;
  options.address = cluster_.address();
  options.patience = kPatience;
  return client::Client::Connect(options);
}

void Freeze(const Process& process) {
  process.Signal(SIGSTOP);
  const std::string status = absl::StrCat("/proc/", process.pid(), "/status");
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(ReadFile(status), "State:\tT"); }));
}

void Thaw(const Process& process) { process.Signal(SIGCONT); }

bool WaitForLog(const Process& process, const std::string& text) {
  return Eventually([&] { return absl::StrContains(process.Errors(), text); });
}

}  // namespace caviar::system_test
