// The fields of a study file that are one scalar.
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/command.pb.h"
#include "caviar/v1/vocabulary.h"
#include "client/study_file/byte_size.h"
#include "client/study_file/foreign_words.h"
#include "client/study_file/reader.h"
#include "client/study_file/scalar.h"
#include "google/protobuf/duration.pb.h"

namespace caviar::study_file {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

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

void Reader::ReadFlag(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  const Scalar scalar = node.kind == Node::Kind::kScalar ? Resolve(node) : Scalar();
  if (scalar.kind != Scalar::Kind::kBool) {
    return Report(entry.line, path, absl::StrCat("is ", Describe(node), "; write true or false"));
  }
  Message& message = *known.message;
  message.GetReflection()->SetBool(&message, &ProtoField(*message.GetDescriptor(), *known.field),
                                   scalar.boolean);
}

const google::protobuf::EnumValueDescriptor* Reader::FindWord(
    const google::protobuf::EnumDescriptor& enumeration, const std::string& key, const Node& node,
    int line, const std::string& path) {
  const std::vector<std::string> words = WordsOf(enumeration);
  for (const std::string& word : words) {
    if (node.kind != Node::Kind::kScalar || node.text != word) continue;
    return enumeration.FindValueByName(absl::AsciiStrToUpper(word));
  }
  const absl::string_view foreign = AnswerToForeignValue(key, node.text);
  const std::string near = vocabulary::NearestName(node.text, words);
  std::string what = absl::StrCat("is ", Describe(node));
  if (!foreign.empty()) {
    what = absl::StrCat("\"", node.text, "\" ", foreign);
  } else if (key == "goal" && Resolve(node).is_number()) {
    absl::StrAppend(&what, "; write minimize or maximize, and \"target\" for a value to reach");
  } else if (!near.empty()) {
    absl::StrAppend(&what, "; did you mean \"", near, "\"?");
  } else {
    absl::StrAppend(&what, "; write one of ", absl::StrJoin(words, ", "));
  }
  Report(line, path, std::move(what));
  return nullptr;
}

void Reader::ReadWord(const Known& known, const Entry& entry, const std::string& path) {
  Message& message = *known.message;
  const FieldDescriptor& proto = ProtoField(*message.GetDescriptor(), *known.field);
  const auto* value = FindWord(*proto.enum_type(), entry.key, *entry.value, entry.line, path);
  if (value != nullptr) message.GetReflection()->SetEnum(&message, &proto, value);
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

void Reader::ReadByteSize(const Known& known, const Entry& entry, const std::string& path) {
  const Node& node = *entry.value;
  if (!IsScalar(node)) {
    return Report(entry.line, path,
                  absl::StrCat("is ", Describe(node), "; write a size like 2GiB or 512MB"));
  }
  const auto bytes = ParseByteSize(node.text);
  if (!bytes.ok()) return Report(entry.line, path, std::string(bytes.status().message()));
  Message& message = *known.message;
  static_cast<v1::ByteSize*>(message.GetReflection()->MutableMessage(
                                 &message, &ProtoField(*message.GetDescriptor(), *known.field)))
      ->set_bytes(*bytes);
}

}  // namespace caviar::study_file
