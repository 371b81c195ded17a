// The fields of a study file that are lists or mappings of scalars, or a list of linear
// constraints.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "caviar/v1/linear_constraint_text.h"
#include "client/study_file/foreign_words.h"
#include "client/study_file/reader.h"
#include "client/study_file/scalar.h"

namespace caviar::study_file {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What a list of texts would look like: "of names: [id]", or the words of a command line.
std::string ListOf(const std::string& key, const Node& node) {
  if (key != "run") return absl::StrCat("of names: [", IsScalar(node) ? node.text : "...", "]");
  if (!IsScalar(node)) return "of words: [python3, train.py, \"${args}\"]";
  const std::vector<std::string> words = absl::StrSplit(node.text, ' ', absl::SkipEmpty());
  return absl::StrCat("of words, as there is no shell: [\"", absl::StrJoin(words, "\", \""), "\"]");
}

}  // namespace

void Reader::ReadTexts(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  if (node.kind != Node::Kind::kSequence) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a list ", ListOf(entry.key, node)));
  }
  Message& message = *known.message;
  const FieldDescriptor& proto = ProtoField(*message.GetDescriptor(), *known.field);
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = *node.items[i];
    const std::string inner = absl::StrCat(path, "[", i, "]");
    lines_.Add(inner, item.line);
    const absl::string_view foreign = AnswerToForeignValue(entry.key, item.text);
    if (!IsScalar(item)) {
      Report(item.line, inner, absl::StrCat("is ", Describe(item), "; write a text"));
    } else if (!foreign.empty()) {
      Report(item.line, inner, absl::StrCat("\"", item.text, "\" ", foreign));
    }
    message.GetReflection()->AddString(&message, &proto, item.text);
  }
}

void Reader::ReadTextMap(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  if (node.kind == Node::Kind::kNull) return;
  if (node.kind != Node::Kind::kMapping) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a mapping: {NAME: TEXT}"));
  }
  Message& message = *known.message;
  const FieldDescriptor& proto = ProtoField(*message.GetDescriptor(), *known.field);
  const auto* key = proto.message_type()->map_key();
  const auto* value = proto.message_type()->map_value();
  for (const Entry& item : node.entries) {
    const std::string inner = absl::StrCat(path, ".", item.key);
    lines_.Add(inner, item.line);
    if (!IsScalar(*item.value)) {
      Report(item.line, inner, absl::StrCat("is ", Describe(*item.value), "; write a text"));
      continue;
    }
    Message& pair = *message.GetReflection()->AddMessage(&message, &proto);
    pair.GetReflection()->SetString(&pair, key, item.key);
    pair.GetReflection()->SetString(&pair, value, item.value->text);
  }
}

void Reader::ReadWords(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  Message& message = *known.message;
  const FieldDescriptor& proto = ProtoField(*message.GetDescriptor(), *known.field);
  if (node.kind != Node::Kind::kSequence) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a list: [",
                               absl::StrJoin(WordsOf(*proto.enum_type()), ", "), "]"));
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = *node.items[i];
    const std::string inner = absl::StrCat(path, "[", i, "]");
    lines_.Add(inner, item.line);
    const auto* value = FindWord(*proto.enum_type(), entry.key, item, item.line, inner);
    if (value != nullptr) message.GetReflection()->AddEnum(&message, &proto, value);
  }
}

void Reader::ReadLinear(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  if (node.kind != Node::Kind::kSequence) {
    return Report(
        entry.line, path,
        absl::StrCat("is ", Describe(node), "; write a list of constraints: [units_1 >= units_2]"));
  }
  Message& message = *known.message;
  const FieldDescriptor& proto = ProtoField(*message.GetDescriptor(), *known.field);
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = *node.items[i];
    const std::string inner = absl::StrCat(path, "[", i, "]");
    lines_.Add(inner, item.line);
    auto* constraint = message.GetReflection()->AddMessage(&message, &proto);
    if (!IsScalar(item)) {
      Report(item.line, inner,
             absl::StrCat("is ", Describe(item), "; write it like units_1 >= 2 * units_2"));
      continue;
    }
    const auto read = vocabulary::ParseLinearConstraint(item.text);
    if (read.ok()) {
      constraint->CopyFrom(*read);
    } else {
      Report(item.line, inner,
             absl::StrCat("(", item.text.substr(0, 80), ") ", read.status().message()));
    }
  }
}

}  // namespace caviar::study_file
