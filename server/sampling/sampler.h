// Samplers choose configurations.
//
// A sampler is a pure function of its input: what it returns can be computed again from stored
// numbers. Random numbers are counter-based, keyed by (seed, trial number). This room knows search
// spaces and nothing of storage, calls, threads or clocks.
#ifndef CAVIAR_SERVER_SAMPLING_SAMPLER_H_
#define CAVIAR_SERVER_SAMPLING_SAMPLER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "server/search_space/search_space.h"

namespace caviar::sampling {

// A trial that is final.
struct Observation {
  int32_t number = 0;
  v1::Trial::State state = v1::Trial::COMPLETED;
  double objective = 0;  // of COMPLETED trials
  search_space::Configuration configuration;
};

// All a sampler may know beside the space.
struct SamplerInput {
  uint32_t seed = 0;
  int32_t number = 0;  // of the trial to suggest
  v1::Objective::Goal goal = v1::Objective::MAXIMIZE;
  std::vector<Observation> history;                  // by number
  std::vector<search_space::Configuration> pending;  // trials below `number` that are not final
};

// Stateless and thread safe.
class Sampler {
 public:
  virtual ~Sampler() = default;
  virtual search_space::Configuration Suggest(const search_space::SearchSpace& space,
                                              const SamplerInput& input) const = 0;
  // Whether it reads history and pending. Where not, a suggestion made ahead never gets stale.
  virtual bool UsesHistory() const = 0;
};

// The sampler of that name. INVALID_ARGUMENT: there is none.
absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(v1::Sampler::Algorithm algorithm);

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_SAMPLER_H_
