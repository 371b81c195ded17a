#include "tests/system/cluster.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace caviar::system_test {
namespace {

// AddressSanitizer bears no other library before its own, where it is one (g++).
#ifdef ASAN_LIBRARY
const char kFirstLibrary[] = ASAN_LIBRARY ":";
#else
const char kFirstLibrary[] = "";
#endif

// `arguments`, the program's own, and what surrounds them.
std::vector<std::string> CommandLine(std::vector<std::string> arguments, const Surroundings& with) {
  arguments.insert(arguments.begin(), with.command.begin(), with.command.end());
  arguments.insert(arguments.end(), with.arguments.begin(), with.arguments.end());
  return arguments;
}

}  // namespace

const char kAskedStudyFile[] = R"(
study: asked
objective: {metric: accuracy, goal: maximize}
trainer: {external: {}}
limits: {max_trials: 3}
parameters:
  x: {min: 0.0, max: 1.0}
)";

std::string Preloading(const std::string& library) {
  return absl::StrCat("LD_PRELOAD=", kFirstLibrary, library);
}

Cluster::Cluster() {
  std::string name = ::testing::TempDir() + "caviar-XXXXXX";
  directory_ = mkdtemp(name.data());
  // Where coordinators leave their token, and all others, this process among them, find it.
  setenv("XDG_STATE_HOME", (directory_ + "/state").c_str(), 1);
  unsetenv("CAVIAR_TOKEN_FILE");
  std::filesystem::create_directories(dataset_directory());
}

Cluster::~Cluster() {
  coordinator_.reset();
  if (!::testing::Test::HasFailure()) {
    std::filesystem::remove_all(directory_);
  } else {
    fprintf(stderr, "the files of this failed test are in %s\n", directory_.c_str());
  }
}

std::string Cluster::Binary(const std::string& name) const {
  return absl::StrCat(CAVIAR_BINARY_DIRECTORY, "/", name);
}

void Cluster::MoveTo(const std::string& address, const std::vector<std::string>& command) {
  address_ = address;
  client_command_ = command;
  // To other machines a token is not sent unless it is named.
  setenv("CAVIAR_TOKEN_FILE", (directory_ + "/state/caviar/token").c_str(), 1);
}

void Cluster::StartCoordinator(const std::string& lease_ttl, const Surroundings& with) {
  coordinator_.reset();
  coordinator_ = std::make_unique<Process>(
      directory_, "coordinator",
      CommandLine({Binary("caviar-coordinator"), "--listen", address_, "--data-dir",
                   data_directory(), "--lease-ttl", lease_ttl},
                  with),
      with.environment);
  ASSERT_TRUE(Eventually([this] {
    return coordinator_->Output().ends_with("\n") || !coordinator_->Running();
  })) << coordinator_->Errors();
  const std::string line = coordinator_->Output();
  ASSERT_FALSE(line.empty()) << coordinator_->Errors();
  address_ = line.substr(line.rfind(' ') + 1);
  address_.pop_back();
}

std::unique_ptr<Process> Cluster::StartWorker(const std::string& name, int slots,
                                              const Surroundings& with) {
  return std::make_unique<Process>(
      directory_, name,
      CommandLine({Binary("caviar-worker"), "--coordinator", address_, "--name", name, "--slots",
                   std::to_string(slots), "--dataset-dir", dataset_directory()},
                  with),
      with.environment);
}

std::unique_ptr<Process> Cluster::Start(const std::string& name,
                                        std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), Binary("caviar"));
  arguments.insert(arguments.begin(), client_command_.begin(), client_command_.end());
  return std::make_unique<Process>(
      directory_, name, arguments,
      std::vector<std::string>{"CAVIAR_COORDINATOR=" + address_,
                               "XDG_STATE_HOME=" + directory_ + "/state"});
}

CommandResult Cluster::RunCoordinator(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), Binary("caviar-coordinator"));
  Process process(directory_, absl::StrCat("coordinator-", ++runs_), std::move(arguments));
  const int exit_code = process.Wait();
  return {exit_code, process.Output(), process.Errors()};
}

CommandResult Cluster::Run(std::vector<std::string> arguments) {
  const auto process = Start(absl::StrCat("caviar-", ++runs_), std::move(arguments));
  const int exit_code = process->Wait();
  return {exit_code, process->Output(), process->Errors()};
}

nlohmann::json Cluster::Json(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--output", "json"});
  const CommandResult result = Run(std::move(arguments));
  if (result.exit_code != 0) return nullptr;
  return nlohmann::json::parse(result.out, nullptr, false);
}

void Cluster::CreateStudy(const std::string& yaml) {
  const std::string file = absl::StrCat(directory_, "/study-", ++runs_, ".yaml");
  WriteFile(file, yaml);
  const CommandResult created = Run({"study", "create", file});
  ASSERT_EQ(created.exit_code, 0) << created.err;
}

void WriteIdxPair(const std::string& prefix, int examples, int rows, int columns, int classes,
                  unsigned seed) {
  const auto big_endian = [](uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
  };
  std::mt19937 random(seed);
  std::string images =
      big_endian(0x803) + big_endian(examples) + big_endian(rows) + big_endian(columns);
  std::string labels = big_endian(0x801) + big_endian(examples);
  for (int i = 0; i < examples; ++i) {
    const int label = i % classes;
    labels += static_cast<char>(label);
    for (int pixel = 0; pixel < rows * columns; ++pixel) {
      const int bright = pixel % classes == label ? 60 : 0;
      images += static_cast<char>(random() % 196 + bright);
    }
  }
  WriteFile(prefix + "-images", images);
  WriteFile(prefix + "-labels", labels);
}

void WriteCsv(const std::string& path, int examples, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.4);
  const char* words[] = {"ash", "birch", "cedar"};
  std::string text = "height,width,tree\n";
  for (int i = 0; i < examples; ++i) {
    const int tree = i % 3;
    absl::StrAppend(&text, tree + noise(random), ",", 2 - tree + noise(random), ",", words[tree],
                    "\n");
  }
  WriteFile(path, text);
}

std::string NetworkStudyFile(const std::string& name, int max_trials, int epochs,
                             const std::string& limits) {
  return absl::StrReplaceAll(R"(
study: NAME
objective: {metric: validation_accuracy, goal: maximize}
trainer:
  batch_norm_network:
    data:
      format: idx
      train_images: train-images
      train_labels: train-labels
      test_images: test-images
      test_labels: test-labels
      validation_fraction: 0.2
    epochs: EPOCHS
sampler: {algorithm: sobol, seed: 7}
limits: {max_trials: TRIALSLIMITS}
parameters:
  learning_rate: {min: 1e-4, max: 1e-1, scale: log}
  optimizer: {values: [sgd, adam]}
  momentum: {min: 0.9, max: 0.999, scale: one_minus_log, when: {optimizer: sgd}}
  batch_size: {type: ordinal, values: [32, 64]}
  hidden_units: {min: 8, max: 32, scale: log}
  hidden_layers: {min: 1, max: 2}
)",
                             {{"NAME", name},
                              {"EPOCHS", std::to_string(epochs)},
                              {"TRIALS", std::to_string(max_trials)},
                              {"LIMITS", limits}});
}

}  // namespace caviar::system_test
