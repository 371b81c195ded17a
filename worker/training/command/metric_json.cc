#include "worker/training/command/metric_json.h"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace caviar::command {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array<std::pair<absl::string_view, double>, 3> kWords = {
    {{"NaN", std::numeric_limits<double>::quiet_NaN()},
     {"Infinity", kInfinity},
     {"-Infinity", -kInfinity}}};

// The object at the beginning of `text` with its bare NaNs and infinities in quotes; "": it has no
// end.
std::string TakeObject(absl::string_view text) {
  std::string object;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (in_string) {
      object.push_back(letter);
      if (letter == '\\' && i + 1 < text.size()) object.push_back(text[++i]);
      if (letter == '"') in_string = false;
      continue;
    }
    bool is_word = false;
    for (const auto& [word, value] : kWords) {
      if (!absl::StartsWith(text.substr(i), word)) continue;
      absl::StrAppend(&object, "\"", word, "\"");
      i += word.size() - 1;
      is_word = true;
      break;
    }
    if (is_word) continue;
    object.push_back(letter);
    if (letter == '"') in_string = true;
    if (letter == '{' || letter == '[') ++depth;
    if ((letter == '}' || letter == ']') && --depth == 0) return object;
  }
  return "";
}

std::optional<double> ToNumber(const nlohmann::json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) {
    for (const auto& [word, number] : kWords) {
      if (value.get_ref<const std::string&>() == word) return number;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::map<std::string, std::optional<double>>> ParseMetricJson(
    absl::string_view text) {
  if (!absl::StartsWith(text, "{")) {
    return absl::InvalidArgumentError("it is no JSON object, such as {\"step\": 3, \"loss\": 0.4}");
  }
  const std::string object = TakeObject(text);
  if (object.empty()) return absl::InvalidArgumentError("its { has no }");
  const auto json = nlohmann::json::parse(object, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        "it is no JSON: names are in double quotes, and lines such "
        "as {\"step\": 3, \"loss\": 0.4}");
  }
  std::map<std::string, std::optional<double>> values;
  for (const auto& [name, value] : json.items()) values[name] = ToNumber(value);
  return values;
}

}  // namespace caviar::command
