// From coarse to fine: search the whole space, zoom into a box around the best, search that more
// densely, and so on.
//
// A round is a run of trial numbers. Its points are those of a scrambled Sobol sequence of its own,
// in a box that the best observations span; a share of the trials stays in the whole space. A round
// never waits: until the rounds before it are finished its box is made from what there is. The
// first round is in the whole space; where there are earlier studies half of it is in a box that
// the best of these span. Trials that break a constraint rank behind those that do not, pruned ones
// behind all that completed, the further the fewer rungs they reached: with asha, on the learning
// curves of tests/bench (52 studies, seeds 10-13), the regret was .114 at the end, and .139 when
// pruned trials taught nothing.
//
// Regret as tests/bench/search_quality measures it (100 trials, seeds 10-39, public problems, one
// worker and eight; the noise is some 20 %): .027 and .025, Sobol's .094. With one choice changed:
// five rounds in place of eight .039 and .036, twelve .024 and .026; a margin of a whole mean gap
// .035 and .035; 20 % of the trials outside .028 and .028; the best 30 % of a round .027 and .029.
// Widening by a quarter at an edge measures the same there (.025 and .025), but leaves a bowl's
// optimum twice as far away in the worst tenth of 300 seeds; widening by the whole range .031 and
// .033.
// Without a limit of trials (--unlimited, seeds 10-24) .026 after 100 trials and .0092 after 400;
// with half as many trials a round .027 and .017, with twice as many .049 and .0079. With the limit
// known .029 after 100. With an earlier study (measured as TpeSampler's) .225, .145 and .088 after
// 25, 50 and 100 trials, with nothing known .290, .178 and .080.
#ifndef CAVIAR_SERVER_SAMPLING_COARSE_TO_FINE_SAMPLER_H_
#define CAVIAR_SERVER_SAMPLING_COARSE_TO_FINE_SAMPLER_H_

#include <cstdint>
#include <vector>

#include "server/sampling/allowed.h"
#include "server/sampling/sampler.h"

namespace caviar::sampling {

// Where a round searches.
struct Box {
  struct Side {
    // Of an axis with an order, in coordinates of the cube: 0 <= low <= high <= 1.
    double low = 0;
    double high = 1;
    // Of a categorical one: how probable each category is; they sum to 1.
    std::vector<double> probabilities;
  };
  std::vector<Side> sides;  // by axis
};

// Trials of a round, at least 2: an equal part of max_trials, or by the dimension where there is no
// such limit.
int32_t RoundSize(const SamplerInput& input, int dimensions);

// The box of round `round`, from the best of the first round * RoundSize observations; of round 0,
// from the best of every earlier study. It has the whole space where fewer than two of them are
// COMPLETED.
Box BoxOf(const search_space::ModelSpace& space, const SamplerInput& input, int32_t round);

class CoarseToFineSampler final : public Sampler {
 public:
  std::optional<search_space::Point> SuggestPoint(const search_space::SearchSpace& space,
                                                  const SamplerInput& input) override;
  bool UsesHistory() const override { return true; }

 private:
  AllowedSobol whole_;
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_COARSE_TO_FINE_SAMPLER_H_
