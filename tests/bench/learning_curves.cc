// caviar_learning_curves FILE: trains some hundred configurations of the built-in trainer on
// Fashion-MNIST, and writes their learning curves into FILE, a table that pruners can be measured
// on in seconds. What the file has already stays: interrupted, it goes on where it was.
//
// The first line is {"parameters": [...], "epochs": E}. Each other one is a configuration:
// {"number": N, "configuration": {...}, "validation_error": [after each epoch]}; there are fewer
// than E errors where training diverged.

#include <cmath>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "google/protobuf/util/json_util.h"
#include "server/sampling/sobol_sampler.h"
#include "tests/bench/fashion_mnist.h"
#include "tests/bench/plain_values.h"
#include "tests/bench/search_problem.h"
#include "worker/data/dataset.h"
#include "worker/training/batch_norm_network_trainer.h"

namespace caviar::bench {
namespace {

constexpr uint32_t kSeed = 1;

struct Options {
  std::string file;
  int configurations = 250;
  int epochs = 27;
  // Of the examples; the rest trains. A small training set overfits, and so its curves cross.
  double validation_fraction = 0.75;
};

// What people tune, in ranges that hold good and bad places, for networks that train in seconds.
google::protobuf::RepeatedPtrField<v1::Parameter> Parameters() {
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  *parameters.Add() = CategoricalParameter("optimizer", {"sgd", "adam"});
  *parameters.Add() = RealParameter("learning_rate", 1e-4, 1, v1::Parameter::LOG);
  *parameters.Add() = When(RealParameter("momentum", 0.5, 0.99, v1::Parameter::ONE_MINUS_LOG),
                           "optimizer", {"sgd"});
  *parameters.Add() =
      CategoricalParameter("learning_rate_schedule", {"constant", "cosine", "one_cycle"});
  *parameters.Add() = OrdinalParameter("batch_size", {16, 32, 64, 128, 256, 512});
  *parameters.Add() = IntParameter("hidden_units", 16, 256, v1::Parameter::LOG);
  *parameters.Add() = IntParameter("hidden_layers", 1, 3);
  *parameters.Add() = RealParameter("l2", 1e-6, 1e-1, v1::Parameter::LOG);
  *parameters.Add() = RealParameter("dropout", 0, 0.6);
  *parameters.Add() =
      CategoricalParameter("batch_norm", {"before_activation", "after_activation", "none"});
  return parameters;
}

class ErrorCurve : public training::AttemptObserver {
 public:
  void OnMeasurement(const v1::Measurement& measurement) override {
    errors.push_back(1 - measurement.metrics().at("validation_accuracy"));
  }
  void OnCheckpoint(int64_t /*step*/, std::string /*checkpoint*/) override {}
  bool StopRequested() const override { return false; }
  bool CheckpointRequested() const override { return false; }
  void OnLog(absl::string_view /*text*/) override {}
  void AwaitAnswers(absl::Duration /*at_most*/) override {}

  std::vector<double> errors;
};

// Numbers of the configurations that the file has; writes its first line where it has none.
std::set<int> Written(const Options& options) {
  std::set<int> numbers;
  std::ifstream before(options.file);
  std::string line;
  const bool old = static_cast<bool>(std::getline(before, line));
  while (std::getline(before, line)) {
    const auto row = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!row.contains("number")) Fail("in " + options.file + " this is no curve: " + line);
    numbers.insert(row.at("number").get<int>());
  }
  if (old) return numbers;
  nlohmann::json first = {{"parameters", nlohmann::json::array()}, {"epochs", options.epochs}};
  for (const v1::Parameter& parameter : Parameters()) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(parameter, &json).ok()) Fail("no JSON");
    first["parameters"].push_back(nlohmann::json::parse(json));
  }
  std::ofstream(options.file) << first << std::endl;
  return numbers;
}

std::vector<double> Train(training::Trainer& trainer, const Options& options, int number,
                          const search_space::Configuration& configuration) {
  v1::Study study = FashionMnistStudy(options.epochs);
  auto& network = *study.mutable_trainer()->mutable_batch_norm_network();
  network.mutable_data()->set_validation_fraction(options.validation_fraction);
  v1::Trial trial;
  trial.set_number(number);
  for (const auto& [name, value] : configuration) (*trial.mutable_parameters())[name] = value;
  ErrorCurve curve;
  const training::Outcome outcome = trainer.Train({.study = study, .trial = trial}, curve);
  if (outcome.kind != training::Outcome::Kind::kCompleted &&
      outcome.kind != training::Outcome::Kind::kInfeasible) {
    Fail(outcome.message);
  }
  return curve.errors;
}

void Main(const Options& options) {
  const std::set<int> written = Written(options);
  const auto space = search_space::SearchSpace::Create(Parameters());
  if (!space.ok()) Fail(std::string(space.status().message()));
  data::DatasetCache datasets(kFolder);
  training::BatchNormNetworkTrainer trainer(datasets);
  std::ofstream file(options.file, std::ios::app);
  for (int number = 0; number < options.configurations; ++number) {
    if (written.contains(number)) continue;
    const auto configuration = space->ToConfiguration(
        sampling::SobolPoint(kSeed, static_cast<uint32_t>(number), space->dimensions()));
    nlohmann::json errors = nlohmann::json::array();
    for (const double error : Train(trainer, options, number, configuration)) {
      errors.push_back(std::round(error * 1e5) / 1e5);
    }
    file << nlohmann::json{{"number", number},
                           {"configuration", ToJson(configuration)},
                           {"validation_error", errors}}
         << std::endl;
    if (!file) Fail("cannot write " + options.file);
    std::fprintf(stderr, "\r%d of %d", number + 1, options.configurations);
  }
  std::fprintf(stderr, "\n");
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) {
  caviar::bench::Options options;
  CLI::App app("Writes a table of learning curves.", "caviar_learning_curves");
  app.add_option("FILE", options.file, "the table")->required();
  app.add_option("--configurations", options.configurations)->check(CLI::Range(1, 100000));
  app.add_option("--epochs", options.epochs)->check(CLI::Range(1, 10000));
  app.add_option("--validation-fraction", options.validation_fraction)
      ->check(CLI::Range(0.01, 0.99));
  CLI11_PARSE(app, argc, argv);
  caviar::bench::Main(options);
  return 0;
}
