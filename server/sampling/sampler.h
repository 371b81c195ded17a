// Samplers choose configurations.
//
// A sampler is a pure function of its input: what it returns can be computed again from stored
// numbers. Random numbers are counter-based, keyed by (seed, trial number). This room knows search
// spaces and nothing of storage, calls, threads or clocks.
#ifndef CAVIAR_SERVER_SAMPLING_SAMPLER_H_
#define CAVIAR_SERVER_SAMPLING_SAMPLER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "server/sampling/history.h"
#include "server/search_space/search_space.h"

namespace caviar::sampling {

// All a sampler may know beside the space.
struct SamplerInput {
  uint32_t seed = 0;
  int32_t number = 0;  // of the configuration to suggest, from 0
  History history;
  std::vector<Pending> pending;  // configurations below `number` that are not final, by number
  // What earlier studies found, each of them (Study.warm_start) a history of its own: COMPLETED
  // trials only, their points in this study's space, their values standardized among themselves
  // (mean 0, standard deviation 1; one value alone: 0). Never changes in a study's life. nullptr:
  // none.
  std::shared_ptr<const std::vector<std::vector<Observation>>> warm_start;
  // Of the study, where it says so: configurations in all, and how many run at once.
  std::optional<int32_t> max_trials;
  std::optional<int32_t> parallel;
};

// Used by one thread at a time. It may keep what it computed for the inputs before, where that
// cannot change what it returns.
class Sampler {
 public:
  virtual ~Sampler() = default;
  // A point of the cube. For all but the samplers that draw without looking, points that were tried
  // are of interest only where noise is: Suggest below sees to it that none is tried twice.
  // nullopt: the sampler has nothing more to try, whatever becomes of what is pending.
  virtual std::optional<search_space::Point> SuggestPoint(const search_space::SearchSpace& space,
                                                          const SamplerInput& input) = 0;
  // Whether it reads what became of trials. Where not, a suggestion made ahead never gets stale.
  virtual bool UsesHistory() const = 0;
  // Whether it reads history and pending at all, if only for which points were tried: a suggestion
  // can be made as soon as all trials before it are known.
  virtual bool UsesTriedPoints() const { return UsesHistory(); }
};

// The configuration for trial `input.number`: the sampler's, or where that is in the history or
// pending already, one near it that is not. nullopt: all that the space or the sampler has were
// tried.
std::optional<search_space::Configuration> Suggest(Sampler& sampler,
                                                   const search_space::SearchSpace& space,
                                                   const SamplerInput& input);

// Whether the sampler finds a configuration to begin with: linear constraints may be such that
// none, or hardly any, keeps them.
bool FindsConfigurations(const search_space::SearchSpace& space, const v1::Sampler& definition);

// The sampler of that name. INVALID_ARGUMENT: there is none.
absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(const v1::Sampler& definition);

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_SAMPLER_H_
