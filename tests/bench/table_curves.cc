#include "tests/bench/table_curves.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "google/protobuf/util/json_util.h"
#include "tests/bench/plain_values.h"
#include "tests/bench/search_problem.h"

namespace caviar::bench {

using search_space::Configuration;
using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::SearchSpace;

class CurveTable {
 public:
  explicit CurveTable(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    const auto read = [&] {
      auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!json.is_object()) Fail("in " + path + " this is no table of curves: " + line);
      return json;
    };
    if (!std::getline(file, line)) Fail("cannot read " + path);
    const nlohmann::json first = read();
    epochs_ = first.at("epochs").get<int>();
    for (const auto& parameter : first.at("parameters")) {
      if (!google::protobuf::util::JsonStringToMessage(parameter.dump(), parameters_.Add()).ok()) {
        Fail("in " + path + " this is no parameter: " + parameter.dump());
      }
    }
    space_ = SearchSpace::Create(parameters_).value();
    while (std::getline(file, line)) {
      const nlohmann::json row = read();
      points_.push_back(ModelOf(FromJson(row.at("configuration"), parameters_)));
      curves_.push_back(row.at("validation_error").get<std::vector<double>>());
    }
    if (curves_.size() < kNeighbors) Fail("too few curves in " + path);
  }

  std::vector<double> CurveOf(const Configuration& configuration) const {
    const ModelPoint point = ModelOf(configuration);
    std::vector<std::pair<double, size_t>> near;
    for (size_t i = 0; i < points_.size(); ++i) near.emplace_back(Square(point, points_[i]), i);
    std::partial_sort(near.begin(), near.begin() + kNeighbors, near.end());
    if (near[0].first < 1e-12) return curves_[near[0].second];
    double sum = 0;
    std::vector<double> curve(static_cast<size_t>(epochs_), 0.0);
    for (size_t k = 0; k < kNeighbors; ++k) {
      const std::vector<double>& other = curves_[near[k].second];
      // One that diverged says that here it may, if it is the nearest.
      if (other.size() < curve.size()) {
        if (k == 0) return other;
        continue;
      }
      const double weight = 1 / (near[k].first * near[k].first);
      sum += weight;
      for (size_t e = 0; e < curve.size(); ++e) curve[e] += weight * other[e];
    }
    for (double& value : curve) value /= sum;
    return curve;
  }

  double LeastValue() const {
    double least = INFINITY;
    for (const auto& curve : curves_) {
      for (const double value : curve) least = std::min(least, value);
    }
    return least;
  }

  const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters() const {
    return parameters_;
  }
  int epochs() const { return epochs_; }

 private:
  static constexpr size_t kNeighbors = 8;
  static constexpr double kApart = 0.5;

  ModelPoint ModelOf(const Configuration& configuration) const {
    const auto point = space_->ToPoint(configuration);
    if (!point.ok()) Fail("in a table of curves: " + std::string(point.status().message()));
    return space_->model().ToModel(*point);
  }

  double Square(const ModelPoint& a, const ModelPoint& b) const {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      const bool inactive = std::isnan(a[i]);
      double along = 0;
      if (inactive != std::isnan(b[i])) {
        along = kApart;
      } else if (!inactive) {
        const auto kind = space_->model().axis(static_cast<int>(i)).kind;
        along = kind != ModelAxis::Kind::kCategorical ? a[i] - b[i] : a[i] == b[i] ? 0 : kApart;
      }
      sum += along * along;
    }
    return sum;
  }

  google::protobuf::RepeatedPtrField<v1::Parameter> parameters_;
  std::optional<SearchSpace> space_;
  int epochs_ = 0;
  std::vector<ModelPoint> points_;
  std::vector<std::vector<double>> curves_;
};

std::shared_ptr<const CurveTable> ReadCurveTable(const std::string& path) {
  return std::make_shared<const CurveTable>(path);
}

CurveProblem MakeTableCurves(std::shared_ptr<const CurveTable> table, uint32_t seed) {
  CurveProblem problem;
  problem.name = "fashion_mnist";
  problem.seed = seed;
  problem.parameters = table->parameters();
  problem.epochs = table->epochs();
  problem.optimum = table->LeastValue();
  problem.curve = [table = std::move(table)](const Configuration& at) {
    return table->CurveOf(at);
  };
  problem.reference = MedianOfLastValues(problem, 1001);
  return problem;
}

}  // namespace caviar::bench
