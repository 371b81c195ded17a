#include "client/render/yaml.h"

#include <yaml-cpp/yaml.h>

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace caviar::render {
namespace {

using nlohmann::ordered_json;

bool IsPlain(const std::string& text) {
  static const auto& words =
      *new std::set<std::string>{"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  if (text.empty() || words.count(absl::AsciiStrToLower(text)) > 0) return false;
  if (!absl::ascii_isalpha(text[0]) && text[0] != '_' && text[0] != '/') return false;
  if (text.back() == ' ') return false;
  for (const char c : text) {
    constexpr absl::string_view kSafe = "_./- ()+";
    if (!absl::ascii_isalnum(c) && kSafe.find(c) == absl::string_view::npos) return false;
  }
  return true;
}

void EmitText(const std::string& text, YAML::Emitter& out) {
  if (!IsPlain(text)) out << YAML::DoubleQuoted;
  out << text;
}

// A number, true or false.
std::string Plain(const ordered_json& json) {
  std::string text = json.dump();
  const size_t exponent = json.is_number() ? text.find('e') : std::string::npos;
  if (exponent != std::string::npos && text.find('.') == std::string::npos) {
    text.insert(exponent, ".0");  // YAML 1.1 takes 1e-05 for a text
  }
  return text;
}

void Emit(const ordered_json& json, YAML::Emitter& out) {
  if (json.is_object()) {
    if (json.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [key, value] : json.items()) {
      out << YAML::Key;
      EmitText(key, out);
      out << YAML::Value;
      Emit(value, out);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    if (json.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const ordered_json& element : json) Emit(element, out);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    EmitText(json.get<std::string>(), out);
  } else if (json.is_null()) {
    out << YAML::Null;
  } else {
    out << Plain(json);
  }
}

}  // namespace

std::string FormatYaml(const ordered_json& json) {
  YAML::Emitter out;
  Emit(json, out);
  return std::string(out.c_str()) + "\n";
}

}  // namespace caviar::render
