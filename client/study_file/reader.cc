#include "client/study_file/reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/vocabulary.h"
#include "client/study_file/foreign_words.h"
#include "client/study_file/number_list.h"
#include "client/study_file/scalar.h"

namespace caviar::study_file {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string Join(const std::string& path, absl::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
}

// The members of a section's flattened oneof that have a field of this name.
std::vector<const FieldDescriptor*> MembersThatKnow(absl::string_view name,
                                                    const Descriptor& message) {
  std::vector<const FieldDescriptor*> members;
  for (const FieldDescriptor* member : FlattenedMembers(message)) {
    for (const Field& field : SectionOf(*member->message_type()).fields) {
      if (field.name == name) members.push_back(member);
    }
  }
  return members;
}

// "idx, csv or npy"
std::string Alternatives(std::vector<std::string> words) {
  const std::string last = words.back();
  words.pop_back();
  return words.empty() ? last : absl::StrCat(absl::StrJoin(words, ", "), " or ", last);
}

// What the foreign words call the section at `path`.
std::string PlaceOf(const std::string& path, const Descriptor& message) {
  if (&message == v1::Parameter::descriptor()) return "parameter";
  if (&message == v1::Objective::descriptor()) return "objective";
  if (&message == v1::Constraint::descriptor()) return "constraint";
  return path.substr(path.rfind('.') + 1);
}

std::string NotAMapping(const Node& node, const Descriptor& message) {
  if (&message == v1::Parameter::descriptor()) {
    if (node.kind == Node::Kind::kScalar) {
      return absl::StrCat("is ", Describe(node), "; to fix a parameter write {value: ...}");
    }
    if (!IsNumberList(node)) return "is a list; write {values: [...]}";
    std::vector<std::string> numbers;
    constexpr size_t kShown = 8;
    for (const Node* item : node.items) {
      numbers.push_back(numbers.size() < kShown ? item->text : "...");
      if (numbers.size() > kShown) break;
    }
    const std::string list = absl::StrCat("[", absl::StrJoin(numbers, ", "), "]");
    return absl::StrCat("is a list of numbers; write {value: ", list,
                        "} to fix the parameter to it, or {values: ", list, "} to try each");
  }
  if (SectionOf(message).fields.empty()) return absl::StrCat("is ", Describe(node), "; write {}");
  if (&message == v1::Objective::descriptor() && node.kind == Node::Kind::kSequence) {
    return "is a list; several stand under objectives, and one is a mapping: {metric: ...}";
  }
  return absl::StrCat("is ", Describe(node), "; it is a mapping, such as {",
                      SectionOf(message).fields[0].name, ": ...}");
}

}  // namespace

void Reader::Report(int line, const std::string& field, std::string what) {
  problems_.push_back(Problem{line, field, std::move(what)});
}

void Reader::ReadSection(const Node& node, const std::string& path, Message& message) {
  const Descriptor& descriptor = *message.GetDescriptor();
  const Section& section = SectionOf(descriptor);
  if (path.empty()) lines_.Add("", node.line);
  if (node.kind != Node::Kind::kMapping && node.kind != Node::Kind::kNull) {
    Report(lines_.Find(path), path, NotAMapping(node, descriptor));
    return;
  }
  std::map<std::string, Known> known;
  std::vector<std::string> names;
  const auto learn = [&](const Section& table, Message& owner) {
    for (const Field& field : table.fields) {
      known[std::string(field.name)] = Known{&field, &owner};
      names.emplace_back(field.name);
    }
  };
  learn(section, message);
  if (!section.flattened_oneof.empty()) {
    names.emplace_back(section.flattened_oneof);
    const FieldDescriptor* member = ChooseFlattened(node, path, descriptor);
    if (member == nullptr) return;
    Message* inner = message.GetReflection()->MutableMessage(&message, member);
    learn(SectionOf(*member->message_type()), *inner);
  }

  const Entry* first = nullptr;
  for (const Entry& entry : node.entries) {
    const std::string inner = Join(path, entry.key);
    lines_.Add(inner, entry.line);
    if (!section.flattened_oneof.empty() && entry.key == section.flattened_oneof) continue;
    const auto found = known.find(entry.key);
    if (found == known.end()) {
      ReportUnknownKey(entry, path, descriptor, names);
    } else if (section.one_of && first != nullptr) {
      Report(entry.line, inner,
             absl::StrCat("stands beside ", first->key, "; there is exactly one of ",
                          absl::StrJoin(names, ", ")));
    } else {
      first = &entry;
      ReadField(found->second, entry, inner);
    }
  }
}

const FieldDescriptor* Reader::ChooseFlattened(const Node& node, const std::string& path,
                                               const Descriptor& message) {
  const std::string key(SectionOf(message).flattened_oneof);
  const std::vector<const FieldDescriptor*> members = FlattenedMembers(message);
  std::vector<std::string> names;
  for (const FieldDescriptor* member : members) names.push_back(member->name());
  const std::string known = Alternatives(names);
  for (const Entry& entry : node.entries) {
    if (entry.key != key) continue;
    for (const FieldDescriptor* member : members) {
      if (entry.value->text == member->name()) return member;
    }
    Report(entry.line, Join(path, key),
           absl::StrCat("is ", Describe(*entry.value), "; write ", known));
    return nullptr;
  }
  // Where it is left out, the first key that only one of them knows tells.
  for (const Entry& entry : node.entries) {
    const std::vector<const FieldDescriptor*> knowing = MembersThatKnow(entry.key, message);
    if (knowing.size() == 1) return knowing[0];
  }
  Report(lines_.Find(path), Join(path, key), absl::StrCat("is missing; write ", known));
  return nullptr;
}

void Reader::ReportUnknownKey(const Entry& entry, const std::string& path,
                              const Descriptor& message, const std::vector<std::string>& known) {
  const std::string field = Join(path, entry.key);
  const absl::string_view foreign = AnswerToForeignKey(PlaceOf(path, message), entry.key);
  if (!foreign.empty()) return Report(entry.line, field, std::string(foreign));
  std::vector<std::string> owners;
  for (const FieldDescriptor* member : MembersThatKnow(entry.key, message)) {
    owners.push_back(member->name());
  }
  if (!owners.empty()) {
    return Report(entry.line, field,
                  absl::StrCat("belongs to ", SectionOf(message).flattened_oneof, ": ",
                               Alternatives(owners)));
  }
  std::string what = "is not known";
  const std::string near = vocabulary::NearestName(entry.key, known);
  const std::string elsewhere = SectionThatKnows(entry.key);
  const std::vector<std::string> hyperparameters = vocabulary::BatchNormNetworkParameterNames();
  const bool is_hyperparameter =
      std::find(hyperparameters.begin(), hyperparameters.end(), entry.key) != hyperparameters.end();
  if (!elsewhere.empty() && elsewhere != path) {
    absl::StrAppend(&what, " here; it belongs under ", elsewhere);
  } else if (is_hyperparameter && &message != v1::Parameter::descriptor()) {
    absl::StrAppend(&what, " here; it belongs under parameters");
  } else if (!near.empty()) {
    absl::StrAppend(&what, "; did you mean \"", near, "\"?");
  } else if (known.empty()) {
    absl::StrAppend(&what, "; nothing stands here, write {}");
  } else {
    absl::StrAppend(&what, "; known here: ", absl::StrJoin(known, ", "));
  }
  Report(entry.line, field, std::move(what));
}

void Reader::ReadSections(const Known& known, const Entry& entry, const std::string& path) {
  const FieldDescriptor& proto = ProtoField(*known.message->GetDescriptor(), *known.field);
  if (entry.value->kind != Node::Kind::kSequence || entry.value->items.empty()) {
    const bool is_empty = entry.value->kind == Node::Kind::kSequence;
    const Field& first = SectionOf(*proto.message_type()).fields[0];
    return Report(entry.line, path,
                  absl::StrCat("is ", is_empty ? "an empty list" : Describe(*entry.value),
                               "; write a list of mappings: [{", first.name, ": ...}, ...]"));
  }
  for (size_t i = 0; i < entry.value->items.size(); ++i) {
    const Node& item = *entry.value->items[i];
    const std::string inner = absl::StrCat(path, "[", i, "]");
    lines_.Add(inner, item.line);
    ReadSection(item, inner, *known.message->GetReflection()->AddMessage(known.message, &proto));
  }
}

void Reader::ReadField(const Known& known, const Entry& entry, const std::string& path) {
  const FieldDescriptor& proto = ProtoField(*known.message->GetDescriptor(), *known.field);
  Message& message = *known.message;
  switch (KindOf(proto)) {
    case Kind::kText:
      return ReadText(known, entry, path);
    case Kind::kNumber:
      return ReadNumber(known, entry, path);
    case Kind::kWhole:
      return ReadWhole(known, entry, path);
    case Kind::kFlag:
      return ReadFlag(known, entry, path);
    case Kind::kWord:
      return ReadWord(known, entry, path);
    case Kind::kWords:
      return ReadWords(known, entry, path);
    case Kind::kDuration:
      return ReadDuration(known, entry, path);
    case Kind::kByteSize:
      return ReadByteSize(known, entry, path);
    case Kind::kSection:
      return ReadSection(*entry.value, path,
                         *message.GetReflection()->MutableMessage(&message, &proto));
    case Kind::kSections:
      return ReadSections(known, entry, path);
    case Kind::kValue:
      return ReadValue(*entry.value, entry.line, path,
                       *message.GetReflection()->MutableMessage(&message, &proto));
    case Kind::kTexts:
      return ReadTexts(known, entry, path);
    case Kind::kTextMap:
      return ReadTextMap(known, entry, path);
    case Kind::kValues:
      return ReadValues(known, entry, path);
    case Kind::kConditions:
      return ReadConditions(known, entry, path);
    case Kind::kTrials:
      return ReadTrials(known, entry, path);
    case Kind::kLinear:
      return ReadLinear(known, entry, path);
    case Kind::kParameters:
      return ReadParameters(known, entry, path);
  }
}

}  // namespace caviar::study_file
