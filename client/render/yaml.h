// JSON as YAML.
#ifndef CAVIAR_CLIENT_RENDER_YAML_H_
#define CAVIAR_CLIENT_RENDER_YAML_H_

#include <string>

#include "nlohmann/json.hpp"

namespace caviar::render {

// The same tree as YAML that readers of 1.1 and 1.2 understand alike: texts that either could take
// for something else are quoted, numbers have a point where they have an exponent. Ends with a line
// end.
std::string FormatYaml(const nlohmann::ordered_json& json);

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_YAML_H_
