// OpenCV's dnn module reads the models and finds the probabilities that the network itself finds.
#include "worker/network/onnx_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

#include "onnx.pb.h"
#include "tests/worker/network/examples.h"
#include "worker/network/initialization.h"
#include "worker/network/network.h"

namespace caviar::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kOnnxExamples = 40;
constexpr double kTolerance = 1e-5;
constexpr Activation kActivations[] = {Activation::kRelu, Activation::kLeakyRelu,
                                       Activation::kTanh, Activation::kSigmoid,
                                       Activation::kElu,  Activation::kGelu};
constexpr BatchNormPosition kPositions[] = {BatchNormPosition::kNone,
                                            BatchNormPosition::kBeforeActivation,
                                            BatchNormPosition::kAfterActivation};

// Raw examples, each contiguous, with their labels and what standardizes them.
struct Examples {
  int inputs = 0;
  std::vector<float> values;
  std::vector<int32_t> labels;
  std::vector<float> mean;
  std::vector<float> inverse_deviation;

  int count() const { return static_cast<int>(labels.size()); }
  void Standardize() {
    for (int i = 0; i < inputs; ++i) {
      double sum = 0;
      double squares = 0;
      for (int j = 0; j < count(); ++j) sum += values[j * inputs + i];
      const double average = sum / count();
      for (int j = 0; j < count(); ++j) squares += std::pow(values[j * inputs + i] - average, 2);
      mean.push_back(static_cast<float>(average));
      // An input that is constant is always 0, as the data room has it.
      inverse_deviation.push_back(squares > 0 ? static_cast<float>(1 / std::sqrt(squares / count()))
                                              : 0.0f);
    }
  }
};

// Normal numbers around `offset`, with deviations of 1, 2, 3, 1, ... and one constant input.
Examples NormalExamples(int inputs, int classes, double offset) {
  Examples examples;
  examples.inputs = inputs;
  examples.values.resize(static_cast<size_t>(inputs) * kOnnxExamples);
  FillNormal(1, int64_t{inputs} * kOnnxExamples, examples.values.data());
  for (size_t k = 0; k < examples.values.size(); ++k) {
    const size_t i = k % static_cast<size_t>(inputs);
    examples.values[k] =
        i == 1 ? 7.0f
               : static_cast<float>(offset + static_cast<double>(1 + i % 3) * examples.values[k]);
  }
  examples.labels.resize(kOnnxExamples);
  FillLabels(2, kOnnxExamples, classes, examples.labels.data());
  examples.Standardize();
  return examples;
}

// `count` numbers of a gzipped IDX file of bytes, behind its header.
std::vector<uint8_t> ReadIdx(const std::string& name, int header, int64_t count) {
  std::vector<uint8_t> bytes(static_cast<size_t>(header + count));
  gzFile file = gzopen(("/usr/share/datasets/fashion-mnist/" + name).c_str(), "rb");
  EXPECT_NE(file, nullptr) << name << ": the package dataset-fashion-mnist is missing";
  EXPECT_EQ(gzread(file, bytes.data(), static_cast<unsigned>(bytes.size())),
            static_cast<int>(bytes.size()));
  gzclose(file);
  bytes.erase(bytes.begin(), bytes.begin() + header);
  return bytes;
}

Examples FashionMnist(int count) {
  Examples examples;
  examples.inputs = 784;
  const std::vector<uint8_t> pixels =
      ReadIdx("train-images-idx3-ubyte.gz", 16, int64_t{784} * count);
  const std::vector<uint8_t> labels = ReadIdx("train-labels-idx1-ubyte.gz", 8, count);
  examples.values.assign(pixels.begin(), pixels.end());
  examples.labels.assign(labels.begin(), labels.end());
  examples.Standardize();
  return examples;
}

// Puts `count` examples from `start` on into the network's batch.
void Load(const Examples& examples, int start, int count, Network& network) {
  for (int j = 0; j < count; ++j) {
    for (int i = 0; i < examples.inputs; ++i) {
      const size_t at = static_cast<size_t>(start + j) * examples.inputs + i;
      network.inputs()[j * examples.inputs + i] =
          (examples.values[at] - examples.mean[i]) * examples.inverse_deviation[i];
    }
    network.labels()[j] = examples.labels[start + j];
  }
}

// A network after `updates` updates on batches of kOnnxExamples.
Weights Train(const Architecture& architecture, const Examples& examples, int updates) {
  auto network = CreateNetwork(architecture, UpdateRule(), kOnnxExamples);
  EXPECT_TRUE(network.ok()) << network.status();
  (*network)->SetState(InitialState(architecture, Initialization::kHe, 5, 6));
  for (int i = 0; i < updates; ++i) {
    Load(examples, i * kOnnxExamples % examples.count(), kOnnxExamples, **network);
    (*network)->Update(kOnnxExamples, 0.01);
  }
  Weights weights;
  weights.architecture = architecture;
  weights.mean = examples.mean;
  weights.inverse_deviation = examples.inverse_deviation;
  weights.class_names.resize(static_cast<size_t>(architecture.classes));
  (*network)->GetState(weights.state);
  return weights;
}

// [examples x classes]: softmax of the network's own logits.
std::vector<double> Expected(const Weights& weights, const Examples& examples) {
  const int classes = weights.architecture.classes;
  auto network = CreateNetwork(weights.architecture, UpdateRule(), examples.count());
  EXPECT_TRUE(network.ok()) << network.status();
  (*network)->SetState(weights.state);
  Load(examples, 0, examples.count(), **network);
  (*network)->Evaluate(examples.count());
  std::vector<double> probabilities;
  for (int j = 0; j < examples.count(); ++j) {
    const float* logits = (*network)->logits() + int64_t{j} * classes;
    const double largest = *std::max_element(logits, logits + classes);
    double sum = 0;
    for (int c = 0; c < classes; ++c) sum += std::exp(logits[c] - largest);
    for (int c = 0; c < classes; ++c) {
      probabilities.push_back(std::exp(logits[c] - largest) / sum);
    }
  }
  return probabilities;
}

// The same of OpenCV, from the model's bytes and raw values.
std::vector<double> FromOpenCv(const std::string& model, const Examples& examples) {
  cv::dnn::Net net = cv::dnn::readNetFromONNX(model.data(), model.size());
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  const cv::Mat inputs(examples.count(), examples.inputs, CV_32F,
                       const_cast<float*>(examples.values.data()));
  net.setInput(inputs.clone(), kOnnxInput);
  const cv::Mat output = net.forward(kOnnxOutput);
  return std::vector<double>(output.begin<float>(), output.end<float>());
}

double LargestDifference(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;  // NaN stays
  }
  return largest;
}

void ExpectSameProbabilities(const Weights& weights, const Examples& examples) {
  const auto model = ToOnnx(weights, {});
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<double> found;
  ASSERT_NO_THROW(found = FromOpenCv(*model, examples));
  EXPECT_LE(LargestDifference(found, Expected(weights, examples)), kTolerance);
}

TEST(OnnxModel, GivesTheSameProbabilitiesForAllActivationsAndBatchNormPositions) {
  for (const Activation activation : kActivations) {
    for (const BatchNormPosition position : kPositions) {
      for (const std::vector<int>& hidden : {std::vector<int>{19}, {17, 9, 6}}) {
        SCOPED_TRACE(testing::Message()
                     << "activation " << static_cast<int>(activation) << ", position "
                     << static_cast<int>(position) << ", " << hidden.size() << " hidden layers");
        const Architecture architecture = SmallArchitecture(hidden, activation, position);
        const Examples examples =
            NormalExamples(architecture.inputs, architecture.classes, /*offset=*/2);
        ExpectSameProbabilities(Train(architecture, examples, 30), examples);
      }
    }
  }
}

TEST(OnnxModel, GivesTheSameProbabilitiesOnRealImages) {
  const Examples examples = FashionMnist(20 * kOnnxExamples);
  for (const BatchNormPosition position : kPositions) {
    Architecture architecture;
    architecture.inputs = 784;
    architecture.hidden = {64, 32};
    architecture.classes = 10;
    architecture.batch_norm = position;
    const Weights weights = Train(architecture, examples, 100);
    const std::vector<double> expected = Expected(weights, examples);
    int right = 0;
    for (int j = 0; j < examples.count(); ++j) {
      const auto first = expected.begin() + 10 * j;
      right += std::max_element(first, first + 10) - first == examples.labels[j];
    }
    EXPECT_GT(right, examples.count() / 2) << "it has learned something";
    ExpectSameProbabilities(weights, examples);
  }
}

TEST(OnnxModel, SoftmaxRegressionHasOneLayer) {
  const Architecture architecture = SmallArchitecture({});
  const Examples examples = NormalExamples(architecture.inputs, architecture.classes, 0);
  ExpectSameProbabilities(Train(architecture, examples, 10), examples);
}

TEST(OnnxModel, UsesTheRunningStatisticsAsEvaluationDoes) {
  for (const BatchNormPosition position :
       {BatchNormPosition::kBeforeActivation, BatchNormPosition::kAfterActivation}) {
    Architecture architecture = SmallArchitecture({12}, Activation::kRelu, position);
    const Examples examples = NormalExamples(architecture.inputs, architecture.classes, 0);
    for (const bool corrected : {true, false}) {
      architecture.bias_correction = corrected;
      for (const double momentum : {0.0, 0.5, 0.999}) {
        architecture.batch_norm_momentum = momentum;
        // Before any update, after the first one, and later.
        for (const int updates : {0, 1, 5}) {
          SCOPED_TRACE(testing::Message() << momentum << " after " << updates << " updates, "
                                          << (corrected ? "" : "not ") << "corrected");
          ExpectSameProbabilities(Train(architecture, examples, updates), examples);
        }
      }
    }
  }
}

TEST(OnnxModel, LosesNothingWhereTheInputsAreFarFromZero) {
  const Architecture architecture = SmallArchitecture({12});
  for (const double offset : {2026.0, -1e6}) {
    const Examples examples = NormalExamples(architecture.inputs, architecture.classes, offset);
    ExpectSameProbabilities(Train(architecture, examples, 30), examples);
  }
}

TEST(OnnxModel, SaysWhatItIs) {
  const Architecture architecture = SmallArchitecture({12, 5}, Activation::kLeakyRelu);
  const Examples examples = NormalExamples(architecture.inputs, architecture.classes, 0);
  const auto bytes =
      ToOnnx(Train(architecture, examples, 1), {{"study", "mnist"}, {"class_names", "[\"é\"]"}});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(*bytes));
  EXPECT_EQ(model.ir_version(), 7);
  EXPECT_EQ(model.producer_name(), "caviar");
  EXPECT_EQ(model.producer_version(), CAVIAR_VERSION);
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).version(), 13);
  ASSERT_EQ(model.metadata_props_size(), 2);
  EXPECT_EQ(model.metadata_props(1).key(), "class_names");
  EXPECT_EQ(model.metadata_props(1).value(), "[\"é\"]");

  const auto shape = [](const onnx::ValueInfoProto& value) {
    const auto& dimensions = value.type().tensor_type().shape();
    return absl::StrCat(value.name(), "[", dimensions.dim(0).dim_param(), " x ",
                        dimensions.dim(1).dim_value(), "]");
  };
  ASSERT_EQ(model.graph().input_size(), 1);
  ASSERT_EQ(model.graph().output_size(), 1);
  EXPECT_EQ(shape(model.graph().input(0)),
            absl::StrCat("inputs[batch x ", architecture.inputs, "]"));
  EXPECT_EQ(shape(model.graph().output(0)),
            absl::StrCat("probabilities[batch x ", architecture.classes, "]"));
  std::vector<std::string> operators;
  for (const onnx::NodeProto& node : model.graph().node()) operators.push_back(node.op_type());
  EXPECT_THAT(operators, ElementsAre("Gemm", "LeakyRelu", "Gemm", "LeakyRelu", "Gemm", "Softmax"))
      << "standardization and batch norm are in the weights";
}

TEST(OnnxModel, TooLargeANetworkIsRefused) {
  const Architecture architecture = SmallArchitecture({12});
  const Weights weights =
      Train(architecture, NormalExamples(architecture.inputs, architecture.classes, 0), 1);
  const size_t bytes = ToOnnx(weights, {})->size();
  EXPECT_TRUE(ToOnnx(weights, {}, bytes).ok());
  const absl::Status status = ToOnnx(weights, {}, bytes - 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat(bytes, " bytes")));
}

TEST(OnnxModel, NumbersThatLeaveFloatAreRefused) {
  const Architecture architecture = SmallArchitecture({12});
  Weights weights =
      Train(architecture, NormalExamples(architecture.inputs, architecture.classes, 0), 1);
  weights.inverse_deviation[0] = 3e38f;
  weights.state.parameters[0] = 1e3f;
  const absl::Status status = ToOnnx(weights, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(status.message()), HasSubstr("layer 1 of 2"));
}

}  // namespace
}  // namespace caviar::network
