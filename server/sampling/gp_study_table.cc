#include "server/sampling/gp_study_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "server/sampling/counter_random.h"
#include "server/sampling/gp_feasibility.h"
#include "server/sampling/gp_noise.h"

namespace caviar::sampling::gp {
namespace {

// Weightings of several objectives: each alone, then so many drawn once and for all.
constexpr size_t kWeightings = 24;
constexpr uint64_t kWeightPurpose = 0x6761757373776569;

double WeightOf(size_t weighting, size_t objective, size_t objectives) {
  if (weighting < objectives) return weighting == objective ? 1 : 0;
  return -std::log1p(-ToUnit(RandomBits(weighting, objective, kWeightPurpose)));
}

// Places in an order by `score`, lower first, ties by index.
std::vector<size_t> OrderBy(const std::vector<double>& score) {
  std::vector<size_t> order(score.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return score[a] < score[b]; });
  return order;
}

template <typename T>
std::vector<T> First(const std::vector<T>& all, size_t size) {
  return {all.begin(), all.begin() + static_cast<ptrdiff_t>(size)};
}

}  // namespace

StudyTable::StudyTable(const StudyShape& shape)
    : shape_(shape), outcomes_(shape.objectives), excesses_(shape.constraints) {}

void StudyTable::Add(const search_space::ModelSpace& space, const Observation& observation,
                     uint64_t fingerprint) {
  const bool infeasible = observation.state == v1::Trial::INFEASIBLE;
  if (!infeasible) {
    if (observation.state != v1::Trial::COMPLETED || !std::isfinite(observation.value)) return;
    if (observation.more_values.size() + 1 < shape_.objectives) return;
    for (const double value : observation.more_values) {
      if (!std::isfinite(value)) return;
    }
  }
  points_.push_back(space.ToModel(observation.point));
  fingerprints_.push_back(fingerprint);
  outcomes_[0].push_back({observation.value, infeasible, observation.variance.value_or(0)});
  for (size_t i = 1; i < shape_.objectives; ++i) {
    outcomes_[i].push_back({infeasible ? 0 : observation.more_values[i - 1], infeasible, 0});
  }
  for (size_t i = 0; i < shape_.constraints; ++i) {
    // What was not said is not kept.
    const double said = i < observation.excesses.size() ? observation.excesses[i]
                                                        : std::numeric_limits<double>::quiet_NaN();
    excesses_[i].push_back(infeasible ? 0 : said);
  }
}

bool StudyTable::feasible(size_t row) const {
  return completed(row) && std::all_of(excesses_.begin(), excesses_.end(),
                                       [&](const auto& excess) { return excess[row] <= 0; });
}

std::vector<double> StudyTable::BestPlaces(const std::vector<size_t>& rows) const {
  std::vector<std::vector<double>> ranks;
  for (const auto& outcomes : outcomes_) {
    std::vector<double> values;
    for (const size_t row : rows) values.push_back(outcomes[row].value);
    std::vector<double>& rank = ranks.emplace_back(rows.size());
    const std::vector<size_t> order = OrderBy(values);
    for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<double>(i + 1);
  }
  std::vector<double> best(rows.size(), std::numeric_limits<double>::infinity());
  for (size_t weighting = 0; weighting < shape_.objectives + kWeightings; ++weighting) {
    std::vector<double> worst(rows.size(), 0.0);
    for (size_t i = 0; i < shape_.objectives; ++i) {
      const double weight = WeightOf(weighting, i, shape_.objectives);
      for (size_t k = 0; k < rows.size(); ++k) {
        worst[k] = std::max(worst[k], weight * ranks[i][k]);
      }
    }
    const std::vector<size_t> order = OrderBy(worst);
    for (size_t i = 0; i < order.size(); ++i) {
      best[order[i]] = std::min(best[order[i]], static_cast<double>(i));
    }
  }
  return best;
}

std::vector<double> StudyTable::Merits(size_t size) const {
  // Feasible ones from 0 to 1, those that break constraints from 2, the others last.
  std::vector<double> merits(size, std::numeric_limits<double>::infinity());
  std::vector<size_t> kept, done;
  for (size_t row = 0; row < size; ++row) {
    if (completed(row)) done.push_back(row);
    if (feasible(row)) kept.push_back(row);
  }
  std::vector<double> values;
  for (const size_t row : kept) values.push_back(outcomes_[0][row].value);
  const std::vector<size_t> order =
      OrderBy(shape_.objectives > 1 ? BestPlaces(kept) : std::move(values));
  for (size_t i = 0; i < order.size(); ++i) {
    merits[kept[order[i]]] = static_cast<double>(i) / static_cast<double>(order.size());
  }
  std::vector<double> broken(done.size(), 0.0);
  for (const std::vector<double>& all : excesses_) {
    std::vector<double> excesses;
    for (const size_t row : done) excesses.push_back(all[row]);
    const std::vector<double> warped = WarpExcesses(excesses);
    for (size_t i = 0; i < done.size(); ++i) broken[i] += std::max(0.0, warped[i]);
  }
  for (size_t i = 0; i < done.size(); ++i) {
    if (!feasible(done[i])) merits[done[i]] = 2 + broken[i];
  }
  return merits;
}

std::vector<size_t> StudyTable::Chosen(size_t size) const {
  if (size > kMaxPoints) return Thinned(OrderBy(Merits(size)), points_, kMaxPoints);
  std::vector<size_t> all(size);
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

Sample StudyTable::ObjectiveSample(size_t objective, const std::vector<size_t>& rows,
                                   size_t size) const {
  const std::vector<Outcome> outcomes = First(outcomes_[objective], size);
  const std::vector<double> warped = WarpOutputs(outcomes);
  const std::vector<double> variances = WarpVariances(outcomes, warped);
  Sample sample;
  for (const size_t row : rows) {
    sample.points.push_back(points_[row]);
    sample.values.push_back(warped[row]);
    if (!variances.empty()) sample.own_noise.push_back(variances[row]);
  }
  return sample;
}

Sample StudyTable::ConstraintSample(size_t constraint, const std::vector<size_t>& rows,
                                    size_t size) const {
  const std::vector<double> warped = WarpExcesses(First(excesses_[constraint], size));
  Sample sample;
  for (const size_t row : rows) {
    if (!completed(row)) continue;
    sample.points.push_back(points_[row]);
    sample.values.push_back(warped[row]);
  }
  return sample;
}

}  // namespace caviar::sampling::gp
