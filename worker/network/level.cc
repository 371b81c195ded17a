// The computing code of one instruction set level: CAVIAR_NETWORK_FACTORY names its factory.
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes the value of its own _mm512_undefined_ps() for a mistake (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "worker/network/level.h"

#include <algorithm>
#include <memory>

#include "worker/network/denormals.h"
#include "worker/network/perceptron.h"

namespace caviar::network {
namespace {

class LevelNetwork final : public Network {
 public:
  LevelNetwork(const Architecture& architecture, const UpdateRule& rule, const Layout& layout,
               int capacity)
      : perceptron_(architecture, rule, layout, capacity) {}

  int capacity() const override { return static_cast<int>(perceptron_.logits().cols()); }
  float* inputs() override { return perceptron_.inputs().data(); }
  int32_t* labels() override { return perceptron_.labels().data(); }
  const float* logits() const override { return perceptron_.logits().data(); }

  BatchResult Update(int count, double learning_rate) override {
    const FlushDenormals flush;
    return perceptron_.Update(count, learning_rate);
  }

  BatchResult Evaluate(int count) override {
    const FlushDenormals flush;
    return perceptron_.Evaluate(count);
  }

  void GetState(NetworkState& state) const override {
    const auto& parameters = perceptron_.parameters();
    const auto& statistics = perceptron_.statistics();
    state.parameters.assign(parameters.data(), parameters.data() + parameters.size());
    state.statistics.assign(statistics.data(), statistics.data() + statistics.size());
    state.updates = perceptron_.updates();
  }

  void SetState(const NetworkState& state) override {
    std::copy(state.parameters.begin(), state.parameters.end(), perceptron_.parameters().data());
    std::copy(state.statistics.begin(), state.statistics.end(), perceptron_.statistics().data());
    perceptron_.set_updates(state.updates);
    perceptron_.optimizer().Reset();
  }

  void GetTrainingState(TrainingState& state) const override {
    GetState(state.network);
    const auto& first = perceptron_.optimizer().first();
    const auto& second = perceptron_.optimizer().second();
    state.first.assign(first.data(), first.data() + first.size());
    state.second.assign(second.data(), second.data() + second.size());
    state.steps = perceptron_.optimizer().steps();
  }

  void SetTrainingState(const TrainingState& state) override {
    SetState(state.network);
    std::copy(state.first.begin(), state.first.end(), perceptron_.optimizer().first().data());
    std::copy(state.second.begin(), state.second.end(), perceptron_.optimizer().second().data());
    perceptron_.optimizer().set_steps(state.steps);
  }

 private:
  Perceptron<float> perceptron_;
};

// Eigen cuts products into blocks that fit the caches, and sums block by block: with this machine's
// cache sizes, a network's last bits would depend on the machine.
void FixBlockSizes() {
  [[maybe_unused]] static const bool fixed = [] {
    Eigen::setCpuCacheSizes(32 * 1024, 512 * 1024, 4 * 1024 * 1024);
    return true;
  }();
}

}  // namespace
}  // namespace caviar::network

extern "C" caviar::network::Network* CAVIAR_NETWORK_FACTORY(
    const caviar::network::Architecture& architecture, const caviar::network::UpdateRule& rule,
    const caviar::network::Layout& layout, int capacity) {
  caviar::network::FixBlockSizes();
  return std::make_unique<caviar::network::LevelNetwork>(architecture, rule, layout, capacity)
      .release();
}
