// Bayesian optimization with a Gaussian process.
#ifndef CAVIAR_SERVER_SAMPLING_GP_SAMPLER_H_
#define CAVIAR_SERVER_SAMPLING_GP_SAMPLER_H_

#include <cstdint>
#include <memory>

#include "server/sampling/gp_fit.h"
#include "server/sampling/gp_points.h"
#include "server/sampling/sampler.h"

namespace caviar::sampling {

class GpSampler final : public Sampler {
 public:
  search_space::Point SuggestPoint(const search_space::SearchSpace& space,
                                   const SamplerInput& input) override;
  bool UsesHistory() const override { return true; }

 private:
  // Everything kept from call to call belongs to one space and to the beginning of one history.
  struct Memory {
    gp::PointLayout layout;
    gp::Lessons lessons;
    size_t read = 0;           // observations
    uint64_t fingerprint = 0;  // of the space and of them
    std::unique_ptr<gp::FitChain> fits;
  };

  void Recall(const search_space::SearchSpace& space, const History& history);

  Memory memory_;
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_GP_SAMPLER_H_
