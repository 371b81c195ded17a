// The search space of a study file: parameters, their values and conditions.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "caviar/v1/search_space.pb.h"
#include "caviar/v1/study.pb.h"
#include "client/study_file/number_list.h"
#include "client/study_file/reader.h"
#include "client/study_file/scalar.h"

namespace caviar::study_file {
namespace {

using google::protobuf::Message;

}  // namespace

void Reader::ReadValue(const Node& node, int line, const std::string& path, Message& message) {
  if (node.kind != Node::Kind::kSequence) return ReadScalarValue(node, line, path, message);
  for (size_t i = 0; i < node.items.size(); ++i) {
    lines_.Add(absl::StrCat(path, "[", i, "]"), node.items[i]->line);
  }
  static_cast<v1::Value&>(message).set_string_value(JoinNumbers(node, path, problems_));
}

void Reader::ReadScalarValue(const Node& node, int line, const std::string& path,
                             Message& message) {
  auto& value = static_cast<v1::Value&>(message);
  if (node.kind == Node::Kind::kSequence || node.kind == Node::Kind::kMapping) {
    return Report(line, path,
                  absl::StrCat("is ", Describe(node), "; write a number, a word, true or false"));
  }
  const Scalar scalar = Resolve(node);
  switch (scalar.kind) {
    case Scalar::Kind::kNull:
      return Report(line, path, "has no value; write a number, a word, true or false");
    case Scalar::Kind::kBool:
      return value.set_bool_value(scalar.boolean);
    case Scalar::Kind::kText:
      return value.set_string_value(node.text);
    case Scalar::Kind::kInt:
      if (scalar.integer > kLargestWhole || scalar.integer < -kLargestWhole) {
        return Report(
            line, path,
            absl::StrCat("is ", Describe(node), "; a whole number lies in [-2^53, 2^53]"));
      }
      return value.set_int_value(scalar.integer);
    case Scalar::Kind::kFloat:
      if (!std::isfinite(scalar.number)) {
        return Report(line, path, absl::StrCat("is ", Describe(node), "; write a finite number"));
      }
      return value.set_double_value(scalar.number);
  }
}

void Reader::ReadValues(const Known& known, const Entry& entry, const std::string& path) {
  auto& parameter = static_cast<v1::Parameter&>(*known.message);
  if (entry.value->kind != Node::Kind::kSequence) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(*entry.value), "; write a list: [64, 128]"));
  }
  for (size_t i = 0; i < entry.value->items.size(); ++i) {
    const Node& item = *entry.value->items[i];
    const std::string inner = absl::StrCat(path, "[", i, "]");
    lines_.Add(inner, item.line);
    ReadValue(item, item.line, inner, *parameter.add_values());
  }
}

void Reader::ReadConditions(const Known& known, const Entry& entry, const std::string& path) {
  auto& parameter = static_cast<v1::Parameter&>(*known.message);
  if (entry.value->kind != Node::Kind::kMapping || entry.value->entries.empty()) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(*entry.value),
                               "; write {PARAMETER: VALUE} or {PARAMETER: [VALUE, VALUE]}"));
  }
  for (const Entry& inner : entry.value->entries) {
    const std::string inner_path = absl::StrCat(path, ".", inner.key);
    lines_.Add(inner_path, inner.line);
    v1::Condition& condition = *parameter.add_when();
    condition.set_parameter(inner.key);
    if (inner.value->kind != Node::Kind::kSequence) {
      ReadScalarValue(*inner.value, inner.line, inner_path, *condition.add_values());
      continue;
    }
    for (const Node* item : inner.value->items) {
      ReadScalarValue(*item, item->line, inner_path, *condition.add_values());
    }
  }
}

void Reader::ReadTrials(const Known& known, const Entry& entry, const std::string& path) {
  auto& study = static_cast<v1::Study&>(*known.message);
  if (entry.value->kind != Node::Kind::kSequence) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(*entry.value),
                               "; write a list of configurations: [{learning_rate: 0.01}]"));
  }
  for (size_t i = 0; i < entry.value->items.size(); ++i) {
    const Node& item = *entry.value->items[i];
    const std::string inner = absl::StrCat(path, "[", i, "]");
    lines_.Add(inner, item.line);
    v1::KnownTrial& trial = *study.add_trials();
    if (item.kind != Node::Kind::kMapping) {
      Report(item.line, inner,
             absl::StrCat("is ", Describe(item),
                          "; write a value for each parameter: "
                          "{learning_rate: 0.01}"));
      continue;
    }
    for (const Entry& value : item.entries) {
      const std::string name = absl::StrCat(inner, ".", value.key);
      lines_.Add(name, value.line);
      ReadValue(*value.value, value.line, name, (*trial.mutable_parameters())[value.key]);
    }
  }
}

void Reader::ReadParameters(const Known& known, const Entry& entry, const std::string& path) {
  auto& study = static_cast<v1::Study&>(*known.message);
  if (entry.value->kind == Node::Kind::kSequence) {
    return Report(
        entry.line, path,
        "is a list (Katib's form); write a mapping: learning_rate: {min: 1e-4, max: 0.1}");
  }
  if (entry.value->kind != Node::Kind::kMapping) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(*entry.value),
                               "; write a mapping: learning_rate: {min: 1e-4, max: 0.1}"));
  }
  for (const Entry& inner : entry.value->entries) {
    const std::string inner_path = absl::StrCat(path, ".", inner.key);
    lines_.Add(inner_path, inner.line);
    // A name that is no name cannot be part of a path: then the coordinator counts.
    lines_.Add(absl::StrCat(path, "[", study.parameters_size(), "]"), inner.line);
    v1::Parameter& parameter = *study.add_parameters();
    parameter.set_name(inner.key);
    if (Resolve(*inner.value).kind == Scalar::Kind::kNull &&
        inner.value->kind != Node::Kind::kSequence && inner.value->kind != Node::Kind::kMapping) {
      Report(inner.line, inner_path,
             "is empty; write {min: ..., max: ...}, {values: [...]} or {value: ...}");
      continue;
    }
    ReadSection(*inner.value, inner_path, parameter);
  }
}

}  // namespace caviar::study_file
