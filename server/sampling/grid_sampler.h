// Every combination of a few values of each parameter, in an order that the seed shuffles: a grid
// that is cut off is a random part of it and no slice.
#ifndef CAVIAR_SERVER_SAMPLING_GRID_SAMPLER_H_
#define CAVIAR_SERVER_SAMPLING_GRID_SAMPLER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/sampling/sampler.h"
#include "server/search_space/grid.h"

namespace caviar::sampling {

// Where the seed's order puts place `index` of `size` places: a permutation of 0 .. size - 1, for
// size in [1, 2^53].
uint64_t ShuffledIndex(uint32_t seed, uint64_t index, uint64_t size);

// Skips what was tried, by whomever, and what breaks linear constraints; nullopt: the whole grid
// was. Of a grid too large to be counted it draws points; that one has no end.
class GridSampler final : public Sampler {
 public:
  std::optional<search_space::Point> SuggestPoint(const search_space::SearchSpace& space,
                                                  const SamplerInput& input) override;
  bool UsesHistory() const override { return false; }
  bool UsesTriedPoints() const override { return true; }

 private:
  // Of the space seen last.
  std::optional<search_space::Grid> grid_;
  std::vector<std::string> parameters_;  // of that space, serialized
};

// What a grid costs, for people to see before they start one.
struct GridCost {
  struct Axis {
    std::string parameter;
    int grid_values = 0;
    // Different values that a random search of as many trials tries on average.
    double random_values = 0;
  };
  // An upper bound where the grid is too large to be counted, or with linear constraints above
  // 100,000.
  double trials = 0;
  std::vector<Axis> axes;  // in the study's order
};
GridCost CostOfGrid(const search_space::SearchSpace& space);

// One sentence, about the parameter of which the grid tries least beside a random search: "a grid
// of 125 trials tries 5 values of learning_rate; random search would have tried 125". Where no
// parameter would get one value and a half as many: "a grid of 125 trials".
std::string DescribeGridCost(const GridCost& cost);

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_GRID_SAMPLER_H_
