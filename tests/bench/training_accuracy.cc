// caviar_training_accuracy FOLDER: writes the examples as its trainer sees them into FOLDER, split
// and standardized: {train,validation}_inputs (float, example by example) and _labels (int32), in
// this machine's byte order. Then trains, for each line "SETTINGS EPOCHS TRIAL" of stdin, and
// answers with the validation accuracy of the last epoch. Settings are as in fashion_mnist.h.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "tests/bench/fashion_mnist.h"
#include "worker/data/dataset.h"
#include "worker/training/batch_norm_network_trainer.h"

namespace caviar::bench {
namespace {

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "caviar_training_accuracy: %s\n", message.c_str());
  std::exit(1);
}

template <typename T>
void Append(std::ofstream& file, const std::vector<T>& values) {
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

void Write(const data::Split& split, const std::string& path) {
  std::ofstream inputs(path + "_inputs", std::ios::binary);
  std::ofstream labels(path + "_labels", std::ios::binary);
  constexpr int kRows = 1000;
  for (int first = 0; first < split.rows(); first += kRows) {
    std::vector<int32_t> rows(static_cast<size_t>(std::min(kRows, split.rows() - first)));
    std::iota(rows.begin(), rows.end(), first);
    std::vector<float> values(rows.size() * kInputs);
    split.CopyRows(rows.data(), static_cast<int>(rows.size()), values.data());
    Append(inputs, values);
    for (int32_t& row : rows) row = split.label(row);
    Append(labels, rows);
  }
  inputs.close();
  labels.close();
  if (!inputs || !labels) Fail("cannot write " + path + "_inputs and _labels");
}

class LastAccuracy : public training::AttemptObserver {
 public:
  void OnMeasurement(const v1::Measurement& measurement) override {
    value = measurement.metrics().at("validation_accuracy");
  }
  void OnCheckpoint(int64_t /*step*/, std::string /*checkpoint*/) override {}
  bool StopRequested() const override { return false; }
  bool CheckpointRequested() const override { return false; }
  void OnLog(absl::string_view /*text*/) override {}
  void AwaitAnswers(absl::Duration /*at_most*/) override {}
  double value = 0;
};

int Main(const std::string& folder) {
  data::DatasetCache datasets(kFolder);
  training::BatchNormNetworkTrainer trainer(datasets);
  const v1::Study any = FashionMnistStudy(1);
  const auto data = datasets.Get(any.trainer().batch_norm_network().data(), any.sampler().seed());
  if (!data.ok()) Fail(std::string(data.status().message()));
  Write((*data)->train, folder + "/train");
  Write((*data)->validation, folder + "/validation");
  std::printf("written\n");
  std::fflush(stdout);

  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string settings;
    int epochs = 0, number = 0;
    if (!(words >> settings >> epochs >> number)) Fail("cannot do \"" + line + "\"");
    const v1::Study study = FashionMnistStudy(epochs);
    v1::Trial trial = TrialOf(settings);
    trial.set_number(number);
    LastAccuracy accuracy;
    const training::Outcome outcome = trainer.Train({.study = study, .trial = trial}, accuracy);
    if (outcome.kind != training::Outcome::Kind::kCompleted) Fail(outcome.message);
    std::printf("%.9f\n", accuracy.value);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace caviar::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: caviar_training_accuracy FOLDER\n");
    return 2;
  }
  return caviar::bench::Main(argv[1]);
}
