// The fields of a study file that are one scalar, or a list of texts or of linear constraints.
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/linear_constraint_text.h"
#include "caviar/v1/vocabulary.h"
#include "client/study_file/foreign_words.h"
#include "client/study_file/reader.h"
#include "client/study_file/scalar.h"
#include "google/protobuf/duration.pb.h"

namespace caviar::study_file {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Up to here every whole number is a double.
constexpr double kLargestWhole = 0x1p53;

bool IsScalar(const Node& node) {
  return node.kind == Node::Kind::kScalar && Resolve(node).kind != Scalar::Kind::kNull;
}

// A hint for a number in quotes.
std::string Unquote(const Node& node) {
  const bool helps = node.quoted && ResolvePlain(node.text).is_number();
  return helps ? " without the quotes" : "";
}

}  // namespace

void Reader::ReadText(const Known& known, const Entry& entry, const std::string& path) {
  // A name may look like a number: `study: 2024` is a text.
  if (!IsScalar(*entry.value)) {
    return Report(entry.line, path, absl::StrCat("is ", Describe(*entry.value), "; write a text"));
  }
  Message& message = *known.message;
  message.GetReflection()->SetString(&message, &ProtoField(*message.GetDescriptor(), *known.field),
                                     entry.value->text);
}

void Reader::ReadTexts(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  if (node.kind != Node::Kind::kSequence) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a list of names: [",
                               IsScalar(node) ? node.text : "...", "]"));
  }
  Message& message = *known.message;
  const FieldDescriptor& proto = ProtoField(*message.GetDescriptor(), *known.field);
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = *node.items[i];
    const std::string inner = absl::StrCat(path, "[", i, "]");
    lines_.Add(inner, item.line);
    if (!IsScalar(item)) {
      Report(item.line, inner, absl::StrCat("is ", Describe(item), "; write a text"));
    }
    message.GetReflection()->AddString(&message, &proto, item.text);
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

void Reader::ReadNumber(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  const Scalar scalar = node.kind == Node::Kind::kScalar ? Resolve(node) : Scalar();
  if (!scalar.is_number()) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a number", Unquote(node)));
  }
  if (!std::isfinite(scalar.number)) {
    return Report(entry.line, path, absl::StrCat("is ", Describe(node), "; write a finite number"));
  }
  if (scalar.kind == Scalar::Kind::kInt) written_whole_.insert(path);
  Message& message = *known.message;
  message.GetReflection()->SetDouble(&message, &ProtoField(*message.GetDescriptor(), *known.field),
                                     scalar.number);
}

void Reader::ReadWhole(const Known& known, const Entry& entry, const std::string& path) {
  Message& message = *known.message;
  const FieldDescriptor& proto = ProtoField(*message.GetDescriptor(), *known.field);
  const bool is_unsigned = proto.cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
  const bool is_wide = proto.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
  const double least = is_wide       ? -kLargestWhole
                       : is_unsigned ? 0
                                     : std::numeric_limits<int32_t>::min();
  const double most = is_wide       ? kLargestWhole
                      : is_unsigned ? std::numeric_limits<uint32_t>::max()
                                    : std::numeric_limits<int32_t>::max();
  const Node& node = *entry.value;
  const Scalar scalar = node.kind == Node::Kind::kScalar ? Resolve(node) : Scalar();
  if (!scalar.is_number() || scalar.number != std::floor(scalar.number)) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a whole number", Unquote(node)));
  }
  if (scalar.number < least || scalar.number > most) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a whole number in [",
                               static_cast<int64_t>(least), ", ", static_cast<int64_t>(most), "]"));
  }
  if (is_wide) {
    message.GetReflection()->SetInt64(&message, &proto, static_cast<int64_t>(scalar.number));
  } else if (is_unsigned) {
    message.GetReflection()->SetUInt32(&message, &proto, static_cast<uint32_t>(scalar.number));
  } else {
    message.GetReflection()->SetInt32(&message, &proto, static_cast<int32_t>(scalar.number));
  }
}

void Reader::ReadWord(const Known& known, const Entry& entry, const std::string& path) {
  Message& message = *known.message;
  const FieldDescriptor& proto = ProtoField(*message.GetDescriptor(), *known.field);
  const std::vector<std::string> words = WordsOf(*proto.enum_type());
  const Node& node = *entry.value;
  for (const std::string& word : words) {
    if (node.kind != Node::Kind::kScalar || node.text != word) continue;
    const auto* value = proto.enum_type()->FindValueByName(absl::AsciiStrToUpper(word));
    return message.GetReflection()->SetEnum(&message, &proto, value);
  }
  const absl::string_view foreign = AnswerToForeignValue(entry.key, node.text);
  const std::string near = vocabulary::NearestName(node.text, words);
  std::string what = absl::StrCat("is ", Describe(node));
  if (!foreign.empty()) {
    what = absl::StrCat("\"", node.text, "\" ", foreign);
  } else if (entry.key == "goal" && Resolve(node).is_number()) {
    absl::StrAppend(&what, "; write minimize or maximize, and \"target\" for a value to reach");
  } else if (!near.empty()) {
    absl::StrAppend(&what, "; did you mean \"", near, "\"?");
  } else {
    absl::StrAppend(&what, "; write one of ", absl::StrJoin(words, ", "));
  }
  Report(entry.line, path, std::move(what));
}

void Reader::ReadDuration(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  if (!IsScalar(node)) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a duration like 90s, 2h30m or 1d"));
  }
  const auto duration = ParseDuration(node.text);
  if (!duration.ok()) {
    return Report(entry.line, path, std::string(duration.status().message()));
  }
  google::protobuf::Duration value;
  absl::Duration rest;
  value.set_seconds(absl::IDivDuration(*duration, absl::Seconds(1), &rest));
  value.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  Message& message = *known.message;
  message.GetReflection()
      ->MutableMessage(&message, &ProtoField(*message.GetDescriptor(), *known.field))
      ->CopyFrom(value);
}

}  // namespace caviar::study_file
