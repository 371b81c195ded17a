#include "tests/bench/crossing_curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <utility>

#include "tests/bench/problem_draws.h"

namespace caviar::bench {
namespace {

using search_space::Configuration;
using search_space::ModelAxis;
using search_space::Point;
using search_space::SearchSpace;

constexpr int kEpochs = 27;
constexpr double kNoise = 0.02;
constexpr const char* kNoisy = "_noisy";

struct Kind {
  const char* name;
  const char* function;
  bool speed, drift, bounded;
};

constexpr std::array<Kind, 6> kKinds = {{
    {"drift_branin", "branin2", false, true, true},
    {"speed_hartmann", "hartmann6", true, false, true},
    {"drift_ackley", "ackley10", false, true, false},
    {"speed_rosenbrock", "rosenbrock5", true, false, true},
    {"both_levy", "levy8", true, true, false},
    {"speed_network", "network9", true, false, true},
}};

// Where the name stands in kKinds, with or without the mark of noise; -1: nowhere.
int Find(std::string name) {
  if (name.ends_with(kNoisy)) name.resize(name.size() - std::string(kNoisy).size());
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (name == kKinds[i].name) return static_cast<int>(i);
  }
  return -1;
}

class Curves {
 public:
  Curves(const Kind& kind, int index, const Problem& function)
      : kind_(kind), function_(function), space_(SearchSpace::Create(function.parameters).value()) {
    Draws draws(function.seed, static_cast<uint32_t>(0x100 + index));
    for (int i = 0; i < space_.dimensions(); ++i) {
      waves_.push_back({draws.Uniform(-1, 1), draws.Uniform(0.5, 1.5), draws.Uniform(0, 2)});
      shift_.push_back((draws.Below(2) == 0 ? -1 : 1) * draws.Uniform(0.1, 0.3));
    }
  }

  std::vector<double> Of(const Configuration& configuration) const {
    const Point point = space_.ToPoint(configuration).value();
    const double last = LastValue(configuration);
    if (std::isnan(last)) return Diverging(point);
    const double power = kind_.speed ? Power(point, last) : 1;
    const double end = std::pow(1.0 + kEpochs, -power);
    std::vector<double> curve;
    for (int epoch = 1; epoch <= kEpochs; ++epoch) {
      const double left = (std::pow(1.0 + epoch, -power) - end) / (1 - end);
      double value = kind_.drift ? LastValue(Moved(point, left)) : last;
      if (std::isnan(value)) value = 1;
      if (kind_.speed) value += (1 - value) * left;
      if (kind_.drift) value += 0.5 * left;
      curve.push_back(value);
    }
    return curve;
  }

 private:
  struct Wave {
    double height, frequency, phase;
  };

  double LastValue(const Configuration& configuration) const {
    const double value = function_.value(configuration);
    const double g = (value - function_.optimum) / (function_.reference - function_.optimum);
    return kind_.bounded ? g / (1 + g) : g;
  }

  // A sum of waves along the axes, in about [-1, 1].
  double Smooth(const Point& point) const {
    double sum = 0;
    for (size_t i = 0; i < waves_.size(); ++i) {
      sum += waves_[i].height *
             std::cos(std::numbers::pi * (waves_[i].frequency * point[i] + waves_[i].phase));
    }
    return std::tanh(3 * sum / std::sqrt(static_cast<double>(waves_.size())));
  }

  double Power(const Point& point, double last) const {
    const double slower = 0.4 * (1 - 2 * std::min(last, 1.0));
    return std::clamp(0.77 * std::exp(0.7 * Smooth(point) - slower), 0.3, 2.0);
  }

  // Epochs before what diverges does: some at once, some halfway.
  std::vector<double> Diverging(const Point& point) const {
    const auto epochs = static_cast<int>(kEpochs * 0.5 * (1 + Smooth(point)));
    return std::vector<double>(static_cast<size_t>(std::min(epochs, kEpochs - 1)), 1.0);
  }

  // Categories stay.
  Configuration Moved(const Point& point, double share) const {
    Point moved = point;
    for (size_t i = 0; i < moved.size(); ++i) {
      const bool category =
          space_.model().axis(static_cast<int>(i)).kind == ModelAxis::Kind::kCategorical;
      if (!category) moved[i] = std::clamp(moved[i] + share * shift_[i], 0.0, 1.0);
    }
    return space_.ToConfiguration(moved);
  }

  Kind kind_;
  Problem function_;
  SearchSpace space_;
  std::vector<Wave> waves_;
  std::vector<double> shift_;
};

}  // namespace

std::vector<std::string> CrossingCurveNames() {
  std::vector<std::string> names;
  for (const char* end : {"", kNoisy}) {
    for (const Kind& kind : kKinds) names.push_back(std::string(kind.name) + end);
  }
  return names;
}

std::optional<std::string> CrossingCurveFunction(const std::string& name) {
  const int index = Find(name);
  if (index < 0) return std::nullopt;
  return kKinds[static_cast<size_t>(index)].function;
}

CurveProblem MakeCrossingCurves(const std::string& name, const Problem& function) {
  const int index = Find(name);
  const Kind& kind = kKinds[static_cast<size_t>(index)];
  CurveProblem problem;
  problem.name = name;
  problem.seed = function.seed;
  problem.parameters = function.parameters;
  problem.epochs = kEpochs;
  problem.optimum = 0;
  problem.reference = kind.bounded ? 0.5 : 1;
  problem.noise = name.ends_with(kNoisy) ? kNoise : 0;
  auto curves = std::make_shared<const Curves>(kind, index, function);
  problem.curve = [curves](const Configuration& at) { return curves->Of(at); };
  return problem;
}

}  // namespace caviar::bench
