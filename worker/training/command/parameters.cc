#include "worker/training/command/parameters.h"

#include <algorithm>
#include <list>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::command {
namespace {

std::string JsonString(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool IsList(const v1::Value& value, size_t least) {
  const auto numbers = vocabulary::ParseList(value.string_value());
  return value.has_string_value() && numbers && numbers->size() >= least;
}

// A text of one number is a list only in company of lists.
bool IsListValue(const v1::Parameter& parameter, const v1::Value& value) {
  if (IsList(value, 2)) return true;
  return IsList(value, 1) && std::any_of(parameter.values().begin(), parameter.values().end(),
                                         [](const v1::Value& other) { return IsList(other, 2); });
}

Parameter Write(const v1::Parameter& parameter, const v1::Value& value) {
  Parameter written = {parameter.name(), vocabulary::FormatValue(value), ""};
  if (IsListValue(parameter, value)) {
    written.text = absl::StrCat("[", absl::StrReplaceAll(written.text, {{",", ", "}}), "]");
    written.json = written.text;
  } else {
    written.json = value.has_string_value() ? JsonString(written.text) : written.text;
  }
  return written;
}

// An object that keeps the order of its keys, so that the study's order shows.
struct Node {
  std::string key;
  std::string json;  // of a leaf
  std::list<Node> children;

  Node* Find(absl::string_view name) {
    for (Node& child : children) {
      if (child.key == name) return &child;
    }
    return nullptr;
  }

  std::string ToText() const {
    if (!json.empty()) return json;
    return absl::StrCat("{",
                        absl::StrJoin(children, ", ",
                                      [](std::string* out, const Node& child) {
                                        absl::StrAppend(out, JsonString(child.key), ": ",
                                                        child.ToText());
                                      }),
                        "}");
  }
};

// The object that `segments` but the last lie in; made where it is missing. nullptr: a value is in
// the way.
Node* FindObject(Node& root, const std::vector<std::string>& segments) {
  Node* at = &root;
  for (size_t i = 0; i + 1 < segments.size(); ++i) {
    Node* next = at->Find(segments[i]);
    if (next == nullptr) next = &at->children.emplace_back(Node{segments[i], "", {}});
    if (!next->json.empty()) return nullptr;
    at = next;
  }
  return at;
}

bool IsPrefix(const std::string& prefix, const std::string& name) {
  return name.size() > prefix.size() && name[prefix.size()] == '.' &&
         name.compare(0, prefix.size(), prefix) == 0;
}

// Whether another parameter's value is where an object of this name would be.
bool IsInTheWay(const std::vector<Parameter>& parameters, const std::string& name) {
  return std::any_of(parameters.begin(), parameters.end(),
                     [&name](const Parameter& other) { return IsPrefix(other.name, name); });
}

}  // namespace

std::vector<Parameter> ActiveParameters(const v1::Study& study, const v1::Trial& trial) {
  std::vector<Parameter> active;
  for (const v1::Parameter& parameter : study.parameters()) {
    const auto value = trial.parameters().find(parameter.name());
    if (value != trial.parameters().end()) active.push_back(Write(parameter, value->second));
  }
  return active;
}

std::string ToJson(const std::vector<Parameter>& parameters) {
  Node root;
  for (const Parameter& parameter : parameters) {
    std::vector<std::string> segments = absl::StrSplit(parameter.name, '.');
    const bool has_gap = std::count(segments.begin(), segments.end(), "") > 0;
    if (has_gap || IsInTheWay(parameters, parameter.name)) segments = {parameter.name};
    Node* object = FindObject(root, segments);
    if (object == nullptr) object = &root;
    object->children.push_back(Node{segments.back(), parameter.json, {}});
  }
  return root.ToText();
}

}  // namespace caviar::command
