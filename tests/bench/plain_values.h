// Configurations as plain JSON: {"learning_rate": 0.1, "kernel": "rbf"}.
#ifndef CAVIAR_TESTS_BENCH_PLAIN_VALUES_H_
#define CAVIAR_TESTS_BENCH_PLAIN_VALUES_H_

#include "nlohmann/json.hpp"
#include "server/search_space/search_space.h"

namespace caviar::bench {

nlohmann::json ToJson(const search_space::Configuration& configuration);

// Numbers with a point are real, others whole; a whole one for a real parameter is taken as real.
search_space::Configuration FromJson(
    const nlohmann::json& object,
    const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_PLAIN_VALUES_H_
