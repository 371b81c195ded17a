// The sampler that an expert would pick from the study.
#ifndef CAVIAR_SERVER_SAMPLING_AUTO_SAMPLER_H_
#define CAVIAR_SERVER_SAMPLING_AUTO_SAMPLER_H_

#include <memory>
#include <optional>
#include <string>

#include "server/sampling/sampler.h"

namespace caviar::sampling {

struct Choice {
  v1::Sampler::Algorithm algorithm = v1::Sampler::GP;
  // For people: "gp: 6 parameters, 100 trials, 2 objectives, 1 constraint".
  std::string reason;
};

// What AUTO stands for in this study. The Gaussian process finds better configurations than the
// others in every class of problems that was measured (tests/bench/README.md), as long as its time
// is small beside a trial's and its space is not of very many dimensions; there the tree-structured
// Parzen estimator, which costs nothing, goes on. Both learn from constraints, several objectives
// and earlier studies.
Choice Choose(const v1::Study& study);

class AutoSampler final : public Sampler {
 public:
  std::optional<search_space::Point> SuggestPoint(const search_space::SearchSpace& space,
                                                  const SamplerInput& input) override;
  bool UsesHistory() const override { return true; }

 private:
  v1::Sampler::Algorithm algorithm_ = v1::Sampler::ALGORITHM_UNSPECIFIED;
  std::unique_ptr<Sampler> chosen_;
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_AUTO_SAMPLER_H_
