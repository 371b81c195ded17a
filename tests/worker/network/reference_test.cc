// Networks against PyTorch: logits, loss and gradients, then the parameters, the running statistics
// and an evaluation after 20 updates, for layers of every kind and every optimizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/worker/network/reference_values.h"
#include "worker/network/network.h"
#include "worker/network/perceptron.h"
#include "worker/network/settings.h"

namespace caviar::network {
namespace {

constexpr int kCapacity = 16;
// Of the largest value in an array. The file has ten digits.
constexpr double kDoubleTolerance = 1e-8;
constexpr double kFloatTolerance = 1e-5;

class Reference : public testing::TestWithParam<std::string> {
 protected:
  Reference() : case_(ReadReferenceCase(GetParam())) {
    // How many examples a class has plays no role: no case has balanced weights.
    const std::vector<int64_t> examples(static_cast<size_t>(case_.classes), 1);
    auto settings = ToSettings(case_.hyperparameters, case_.inputs, case_.classes, examples);
    EXPECT_TRUE(settings.ok()) << settings.status();
    settings_ = *settings;
    settings_.architecture.hidden = case_.hidden;
    settings_.rule.seed = case_.seed;
    settings_.rule.trial = case_.trial;
    layout_ = MakeLayout(settings_.architecture);
  }

  double rate() const { return case_.hyperparameters.learning_rate(); }

  // Our copy of a layer's arrays, each of which has its place in the layout.
  template <typename Scalar>
  void PutLayers(const std::vector<ReferenceLayer>& from, Scalar* parameters) const {
    for (size_t i = 0; i < layout_.layers.size(); ++i) {
      const LayerLayout& layer = layout_.layers[i];
      const auto put = [&](const std::vector<double>& values, int64_t offset) {
        if (offset >= 0) std::copy(values.begin(), values.end(), parameters + offset);
      };
      put(Transposed(from[i].weights, layer), layer.weights);
      put(from[i].bias, layer.bias);
      put(from[i].gamma, layer.gamma);
      put(from[i].beta, layer.beta);
    }
  }

  template <typename Scalar>
  void ExpectLayers(const std::vector<ReferenceLayer>& expected, const Scalar* parameters,
                    double tolerance) const {
    ASSERT_EQ(expected.size(), layout_.layers.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "layer " << i);
      const LayerLayout& layer = layout_.layers[i];
      const auto expect = [&](const char* name, const std::vector<double>& values, int64_t offset) {
        ASSERT_EQ(values.empty(), offset < 0) << name;
        if (offset >= 0) ExpectNear(name, values, parameters + offset, tolerance);
      };
      expect("weights", Transposed(expected[i].weights, layer), layer.weights);
      expect("bias", expected[i].bias, layer.bias);
      expect("gamma", expected[i].gamma, layer.gamma);
      expect("beta", expected[i].beta, layer.beta);
    }
  }

  // PyTorch's still hold their start, 0 or 1, with the weight m^t; ours do not.
  template <typename Scalar>
  void ExpectStatistics(const Scalar* statistics, double tolerance) const {
    const double start = std::pow(settings_.architecture.batch_norm_momentum,
                                  static_cast<double>(case_.batches.size()));
    for (size_t i = 0; i < layout_.layers.size(); ++i) {
      const LayerLayout& layer = layout_.layers[i];
      if (layer.running_mean < 0) continue;
      SCOPED_TRACE(testing::Message() << "layer " << i);
      std::vector<double> variance = case_.after[i].running_variance;
      for (double& value : variance) value -= start;
      ExpectNear("running_mean", case_.after[i].running_mean, statistics + layer.running_mean,
                 tolerance);
      ExpectNear("running_variance", variance, statistics + layer.running_variance, tolerance);
    }
  }

  template <typename Scalar>
  static void ExpectNear(const char* name, const std::vector<double>& expected,
                         const Scalar* actual, double tolerance) {
    double largest = 0;
    for (const double value : expected) largest = std::max(largest, std::abs(value));
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(actual[i], expected[i], tolerance * largest) << name << ", element " << i;
    }
  }

  // [units][inputs], as rows follow each other, to how a layout holds them: column-major.
  static std::vector<double> Transposed(const std::vector<double>& weights,
                                        const LayerLayout& layer) {
    std::vector<double> transposed;
    for (int input = 0; input < layer.inputs; ++input) {
      for (int unit = 0; unit < layer.units; ++unit) {
        transposed.push_back(weights[static_cast<size_t>(unit * layer.inputs + input)]);
      }
    }
    return transposed;
  }

  // Puts the batch in; returns how many examples it has.
  template <typename Scalar>
  static int Put(const ReferenceBatch& batch, Scalar* inputs, int32_t* labels) {
    std::copy(batch.inputs.begin(), batch.inputs.end(), inputs);
    std::copy(batch.labels.begin(), batch.labels.end(), labels);
    return static_cast<int>(batch.labels.size());
  }

  // The templates, where gradients can be seen.
  template <typename Scalar>
  void CheckPerceptron(double tolerance) const {
    Perceptron<Scalar> network(settings_.architecture, settings_.rule, layout_, kCapacity);
    const auto put = [&](const ReferenceBatch& batch) {
      return Put(batch, network.inputs().data(), network.labels().data());
    };
    PutLayers(case_.initial, network.parameters().data());

    const int first = put(case_.batches[0]);
    const BatchResult result = network.Forward(first);
    EXPECT_NEAR(result.loss, case_.first_loss, tolerance * case_.first_loss);
    EXPECT_NEAR(result.minimized, case_.first_minimized, tolerance * case_.first_minimized);
    ExpectNear("first logits", case_.first_logits, network.logits().data(), tolerance);
    network.Backward(first);
    ExpectLayers(case_.first_gradient, network.gradient().data(), tolerance);
    EXPECT_NEAR(network.gradient().norm(), case_.first_gradient_norm,
                tolerance * case_.first_gradient_norm);

    for (size_t i = 0; i < case_.batches.size(); ++i) {
      const double loss = network.Update(put(case_.batches[i]), rate()).loss;
      EXPECT_NEAR(loss, case_.losses[i], tolerance * case_.losses[i]) << "update " << i;
    }
    ExpectLayers(case_.after, network.parameters().data(), tolerance);
    ExpectStatistics(network.statistics().data(), tolerance);
    network.Evaluate(put(case_.evaluation));
    ExpectNear("evaluation logits", case_.evaluation_logits, network.logits().data(), tolerance);
  }

  // The code that workers run.
  void CheckNetwork(double tolerance) const {
    const auto network = CreateNetwork(settings_.architecture, settings_.rule, kCapacity);
    ASSERT_TRUE(network.ok()) << network.status();
    const auto put = [&](const ReferenceBatch& batch) {
      return Put(batch, (*network)->inputs(), (*network)->labels());
    };
    NetworkState state;
    state.parameters.assign(static_cast<size_t>(layout_.parameters), 0.0f);
    state.statistics.assign(static_cast<size_t>(layout_.statistics), 0.0f);
    PutLayers(case_.initial, state.parameters.data());
    (*network)->SetState(state);

    for (size_t i = 0; i < case_.batches.size(); ++i) {
      const BatchResult result = (*network)->Update(put(case_.batches[i]), rate());
      EXPECT_NEAR(result.loss, case_.losses[i], tolerance * case_.losses[i]) << "update " << i;
      if (i > 0) continue;
      ExpectNear("first logits", case_.first_logits, (*network)->logits(), tolerance);
      EXPECT_NEAR(result.minimized, case_.first_minimized, tolerance * case_.first_minimized);
      EXPECT_NEAR(result.gradient_norm, case_.first_gradient_norm,
                  tolerance * case_.first_gradient_norm);
    }
    (*network)->GetState(state);
    ExpectLayers(case_.after, state.parameters.data(), tolerance);
    ExpectStatistics(state.statistics.data(), tolerance);
    (*network)->Evaluate(put(case_.evaluation));
    ExpectNear("evaluation logits", case_.evaluation_logits, (*network)->logits(), tolerance);
  }

  const ReferenceCase case_;
  Settings settings_;
  Layout layout_;
};

TEST_P(Reference, IsMetInDouble) { CheckPerceptron<double>(kDoubleTolerance); }

TEST_P(Reference, IsMetInFloat) { CheckPerceptron<float>(kFloatTolerance); }

TEST_P(Reference, IsMetAtEveryLevel) {
  for (const std::string& level : SupportedLevels()) {
    SCOPED_TRACE(level);
    setenv(kLevelVariable, level.c_str(), 1);
    CheckNetwork(kFloatTolerance);
  }
  unsetenv(kLevelVariable);
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(PyTorch, Reference, testing::ValuesIn(ReferenceCaseNames()), TestName);

}  // namespace
}  // namespace caviar::network
