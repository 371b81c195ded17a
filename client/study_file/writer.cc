// From messages to YAML, by the tables of fields.h.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/linear_constraint_text.h"
#include "caviar/v1/study.pb.h"
#include "client/study_file/byte_size.h"
#include "client/study_file/fields.h"
#include "client/study_file/number_list.h"
#include "client/study_file/scalar.h"
#include "client/study_file/study_file.h"
#include "google/protobuf/duration.pb.h"

namespace caviar::study_file {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A name and its value, already YAML.
using Written = std::vector<std::pair<std::string, std::string>>;

std::string Number(double number) {
  char buffer[32];
  // Whole numbers as such, others as %g would: 0.0001 and 1e-05.
  const bool is_whole = number == std::floor(number) && std::abs(number) < 1e15;
  const auto format = is_whole ? std::chars_format::fixed : std::chars_format::general;
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), number, format).ptr;
  return std::string(buffer, end);
}

std::string ValueText(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue: {
      std::string text = Number(value.double_value());
      // 1 would be read back as a whole number.
      if (text.find_first_of(".ein") == std::string::npos) text += ".0";
      return text;
    }
    case v1::Value::kIntValue:
      return absl::StrCat(value.int_value());
    case v1::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case v1::Value::kStringValue:
      return WriteText(value.string_value());
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return "null";
}

// A value that may be a list of numbers. A text of one number is taken for one only in company of
// such lists.
std::string ValueOrListText(const v1::Value& value, bool beside_lists = false) {
  const std::string& text = value.string_value();
  const bool several = text.find(',') != std::string::npos;
  const std::string list = several || beside_lists ? BracketNumbers(text) : "";
  return list.empty() ? ValueText(value) : list;
}

template <typename Items>
std::string List(const Items& items) {
  return absl::StrCat("[", absl::StrJoin(items, ", "), "]");
}

std::string Texts(const Message& message, const FieldDescriptor& field) {
  std::vector<std::string> texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    texts.push_back(WriteText(message.GetReflection()->GetRepeatedString(message, &field, i)));
  }
  return List(texts);
}

std::string Words(const Message& message, const FieldDescriptor& field) {
  std::vector<std::string> words;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    words.push_back(absl::AsciiStrToLower(
        message.GetReflection()->GetRepeatedEnum(message, &field, i)->name()));
  }
  return List(words);
}

std::string Values(const v1::Parameter& parameter) {
  const bool lists = std::any_of(
      parameter.values().begin(), parameter.values().end(),
      [](const v1::Value& value) { return ValueOrListText(value) != ValueText(value); });
  std::vector<std::string> texts;
  for (const v1::Value& value : parameter.values()) texts.push_back(ValueOrListText(value, lists));
  return List(texts);
}

std::string Flow(const Written& fields) {
  return absl::StrCat("{", absl::StrJoin(fields, ", ", absl::PairFormatter(": ")), "}");
}

// By name, as a map has no order.
std::string TextMap(const Message& message, const FieldDescriptor& field) {
  Written texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    const Message& pair = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    const auto text = [&](const FieldDescriptor* part) {
      return WriteText(pair.GetReflection()->GetString(pair, part));
    };
    texts.emplace_back(text(field.message_type()->map_key()),
                       text(field.message_type()->map_value()));
  }
  std::sort(texts.begin(), texts.end());
  return Flow(texts);
}

std::string Conditions(const v1::Parameter& parameter) {
  Written conditions;
  for (const v1::Condition& condition : parameter.when()) {
    std::vector<std::string> texts;
    for (const v1::Value& value : condition.values()) texts.push_back(ValueText(value));
    conditions.emplace_back(WriteText(condition.parameter()),
                            texts.size() == 1 ? texts[0] : List(texts));
  }
  return Flow(conditions);
}

std::string KnownTrials(const v1::Study& study) {
  std::vector<std::string> trials;
  for (const v1::KnownTrial& trial : study.trials()) {
    const std::map<std::string, v1::Value> sorted(trial.parameters().begin(),
                                                  trial.parameters().end());
    Written values;
    for (const auto& [name, value] : sorted)
      values.emplace_back(WriteText(name), ValueOrListText(value));
    trials.push_back(Flow(values));
  }
  return List(trials);
}

std::string LinearConstraints(const v1::Study& study) {
  std::vector<std::string> texts;
  for (const v1::LinearConstraint& constraint : study.linear_constraints()) {
    texts.push_back(WriteText(vocabulary::FormatLinearConstraint(constraint)));
  }
  return List(texts);
}

std::string DurationText(const Message& message) {
  const auto& duration = static_cast<const google::protobuf::Duration&>(message);
  return WriteDuration(absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos()));
}

Written Fields(const Message& message);

std::string Sections(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  std::vector<std::string> sections;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    sections.push_back(Flow(Fields(reflection.GetRepeatedMessage(message, &field, i))));
  }
  return List(sections);
}

// A field with a value, but parameters.
std::string Scalar(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (KindOf(field)) {
    case Kind::kText:
      return WriteText(reflection.GetString(message, &field));
    case Kind::kTexts:
      return Texts(message, field);
    case Kind::kNumber:
      return Number(reflection.GetDouble(message, &field));
    case Kind::kWhole:
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_UINT32:
          return absl::StrCat(reflection.GetUInt32(message, &field));
        case FieldDescriptor::CPPTYPE_INT64:
          return absl::StrCat(reflection.GetInt64(message, &field));
        default:
          return absl::StrCat(reflection.GetInt32(message, &field));
      }
    case Kind::kTextMap:
      return TextMap(message, field);
    case Kind::kFlag:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case Kind::kWord:
      return absl::AsciiStrToLower(reflection.GetEnum(message, &field)->name());
    case Kind::kWords:
      return Words(message, field);
    case Kind::kByteSize:
      return WriteByteSize(
          static_cast<const v1::ByteSize&>(reflection.GetMessage(message, &field)).bytes());
    case Kind::kDuration:
      return DurationText(reflection.GetMessage(message, &field));
    case Kind::kSection:
      return Flow(Fields(reflection.GetMessage(message, &field)));
    case Kind::kSections:
      return Sections(message, field);
    case Kind::kValue:
      return ValueOrListText(static_cast<const v1::Value&>(reflection.GetMessage(message, &field)));
    case Kind::kValues:
      return Values(static_cast<const v1::Parameter&>(message));
    case Kind::kConditions:
      return Conditions(static_cast<const v1::Parameter&>(message));
    case Kind::kTrials:
      return KnownTrials(static_cast<const v1::Study&>(message));
    case Kind::kLinear:
      return LinearConstraints(static_cast<const v1::Study&>(message));
    case Kind::kParameters:
      break;
  }
  return "";
}

bool IsSet(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                             : reflection.HasField(message, &field);
}

Written Fields(const Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  Written fields;
  for (const FieldDescriptor* member : FlattenedMembers(descriptor)) {
    if (!message.GetReflection()->HasField(message, member)) continue;
    fields.emplace_back(std::string(SectionOf(descriptor).flattened_oneof), member->name());
    for (auto& field : Fields(message.GetReflection()->GetMessage(message, member))) {
      fields.push_back(std::move(field));
    }
  }
  for (const Field& field : SectionOf(descriptor).fields) {
    const FieldDescriptor& proto = ProtoField(descriptor, field);
    if (!IsSet(message, proto) || KindOf(proto) == Kind::kParameters) continue;
    fields.emplace_back(std::string(field.name), Scalar(message, proto));
  }
  return fields;
}

}  // namespace

std::string WriteStudyFile(const v1::Study& study) {
  std::string text;
  for (const auto& [name, value] : Fields(study)) absl::StrAppend(&text, name, ": ", value, "\n");
  if (study.parameters().empty()) return text;  // an unfinished file, which is read all the same
  absl::StrAppend(&text, "parameters:\n");
  for (const v1::Parameter& parameter : study.parameters()) {
    absl::StrAppend(&text, "  ", WriteText(parameter.name()), ": ", Flow(Fields(parameter)), "\n");
  }
  return text;
}

}  // namespace caviar::study_file
