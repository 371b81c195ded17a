// Configurations that a person wrote: those that a study's creator wants to be tried first, and
// those that are added to it later.
#ifndef CAVIAR_SERVER_COORDINATOR_KNOWN_TRIALS_H_
#define CAVIAR_SERVER_COORDINATOR_KNOWN_TRIALS_H_

#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "google/protobuf/map.h"
#include "server/coordinator/violations.h"
#include "server/search_space/search_space.h"

namespace caviar::coordinator {

struct KnownConfiguration {
  search_space::Configuration configuration;
  v1::Trial::Origin origin = v1::Trial::KNOWN;  // or DEFAULT
};

// What is said of a configuration that is not allowed.
inline constexpr char kBreaksConstraints[] = "breaks the study's linear_constraints";

// Adds what is wrong with `study.trials()` and with the parameters' defaults together. The study's
// space is valid.
void CheckKnownTrials(const v1::Study& study, Violations& violations);

// The configuration that a person means: the values given, each of its parameter's type, and for
// active parameters without one their fixed values and defaults. SearchSpace::ToPoint says what is
// wrong with it.
search_space::Configuration ToConfiguration(
    const search_space::SearchSpace& space,
    const google::protobuf::Map<std::string, v1::Value>& given);

// What a valid study tries before its sampler's configurations, in this order: the defaults, where
// there are some and `trials` does not hold the same configuration, then its `trials`.
std::vector<KnownConfiguration> ListKnown(const v1::Study& study,
                                          const search_space::SearchSpace& space);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_KNOWN_TRIALS_H_
