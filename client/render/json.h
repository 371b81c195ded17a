// How answers look: JSON and YAML of any message, tables, progress bars, sparklines, CSV.
//
// This room knows the messages of proto and plain values. It must never know the network, files or
// what a command does; whether there is a terminal is told to it.
#ifndef CAVIAR_CLIENT_RENDER_JSON_H_
#define CAVIAR_CLIENT_RENDER_JSON_H_

#include <string>

#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace caviar::render {

// A message with stable names: proto's own field names, in its order; 64-bit integers as numbers;
// enums by name; Timestamp as RFC 3339, Duration as "12.5s"; caviar.v1.Value as the plain scalar it
// is; maps as objects with sorted keys; bytes in base64; NaN and infinities as "NaN", "Infinity",
// "-Infinity". Fields that have presence and are not set are left out; all others are always there.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

// Indented by two, with a line end. Numbers in their shortest form that reads back to the same;
// what is not UTF-8 is replaced.
std::string FormatJson(const nlohmann::ordered_json& json);

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_JSON_H_
