#include "client/study_file/json_schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/vocabulary.h"
#include "client/study_file/byte_size.h"
#include "client/study_file/fields.h"
#include "client/study_file/scalar.h"

namespace caviar::study_file {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::ordered_json;

ordered_json Reference(absl::string_view name) {
  return {{"$ref", absl::StrCat("#/$defs/", name)}};
}

ordered_json SectionSchema(const Descriptor& message);

ordered_json ParametersSchema() {
  return {{"type", "object"},
          {"minProperties", 1},
          {"maxProperties", 256},
          // Offers the built-in trainer's settings, and takes any other name.
          {"propertyNames",
           {{"anyOf",
             {{{"enum", vocabulary::BatchNormNetworkParameterNames()}},
              {{"pattern", "^[A-Za-z_][A-Za-z0-9_.-]{0,127}$"}}}}}},
          {"additionalProperties", Reference("parameter")}};
}

ordered_json TypeSchema(const FieldDescriptor& field) {
  switch (KindOf(field)) {
    case Kind::kText:
      // A name that looks like a number is read as text.
      return {{"type", {"string", "number"}}};
    case Kind::kTexts:
      return {{"type", "array"}, {"items", {{"type", {"string", "number"}}}}};
    case Kind::kTextMap:
      return {{"type", "object"},
              {"additionalProperties", {{"type", {"boolean", "number", "string"}}}}};
    case Kind::kWhole:
      return {{"type", "integer"}};
    case Kind::kNumber:
      return {{"type", "number"}};
    case Kind::kFlag:
      return {{"type", "boolean"}};
    case Kind::kWord:
      return {{"enum", WordsOf(*field.enum_type())}};
    case Kind::kWords:
      return {{"type", "array"}, {"items", {{"enum", WordsOf(*field.enum_type())}}}};
    case Kind::kByteSize:
      // A number is bytes.
      return {{"type", {"string", "integer"}},
              {"minimum", 0},
              {"pattern", std::string(kByteSizePattern)}};
    case Kind::kDuration:
      return {{"type", "string"}, {"pattern", std::string(kDurationPattern)}};
    case Kind::kSection:
      return SectionSchema(*field.message_type());
    case Kind::kSections:
      return {{"type", "array"}, {"items", SectionSchema(*field.message_type())}};
    case Kind::kValue:
      return Reference("value");
    case Kind::kValues:
      return {{"type", "array"}, {"items", Reference("value")}};
    case Kind::kConditions:
      return {{"type", "object"},
              {"minProperties", 1},
              {"additionalProperties",
               {{"anyOf",
                 {Reference("scalar"),
                  {{"type", "array"}, {"items", Reference("scalar")}, {"minItems", 1}}}}}}};
    case Kind::kParameters:
      return ParametersSchema();
    case Kind::kLinear:
      return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case Kind::kTrials:
      return {{"type", "array"},
              {"items", {{"type", "object"}, {"additionalProperties", Reference("value")}}}};
  }
  return true;
}

void AddFields(const Descriptor& message, ordered_json& properties, ordered_json& required) {
  for (const Field& field : SectionOf(message).fields) {
    ordered_json schema = {{"description", std::string(field.about)}};
    schema.update(TypeSchema(ProtoField(message, field)));
    schema.update(ordered_json::parse(absl::StrCat("{", field.constraint, "}")));
    properties[std::string(field.name)] = std::move(schema);
    if (field.required) required.push_back(std::string(field.name));
  }
}

ordered_json ObjectSchema(ordered_json properties, ordered_json required) {
  ordered_json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

ordered_json SectionSchema(const Descriptor& message) {
  const Section& section = SectionOf(message);
  ordered_json own = ordered_json::object();
  ordered_json required = ordered_json::array();
  AddFields(message, own, required);
  const std::vector<const FieldDescriptor*> members = FlattenedMembers(message);
  if (members.empty()) {
    ordered_json schema = ObjectSchema(own, required);
    if (section.one_of) {
      schema["minProperties"] = 1;
      schema["maxProperties"] = 1;
    }
    // `limits:` with nothing behind it is an empty mapping.
    if (required.empty() && !section.one_of) schema["type"] = {"object", "null"};
    return schema;
  }
  ordered_json forms = ordered_json::array();
  for (const FieldDescriptor* member : members) {
    ordered_json properties = ordered_json::object();
    ordered_json member_required = ordered_json::array();
    properties[std::string(section.flattened_oneof)] = {{"const", member->name()}};
    AddFields(*member->message_type(), properties, member_required);
    properties.update(own);
    member_required.insert(member_required.end(), required.begin(), required.end());
    forms.push_back(ObjectSchema(std::move(properties), std::move(member_required)));
  }
  return {{"oneOf", std::move(forms)}};
}

ordered_json ParameterSchema() {
  ordered_json schema = SectionSchema(*v1::Parameter::descriptor());
  schema["type"] = "object";
  const auto needs = [](std::initializer_list<const char*> names) -> ordered_json {
    ordered_json required = ordered_json::array();
    for (const char* name : names) required.push_back(name);
    return {{"required", required}};
  };
  ordered_json boolean = needs({"type"});
  boolean["properties"] = {{"type", {{"const", "bool"}}}};
  schema["anyOf"] = {needs({"min", "max"}), needs({"values"}), needs({"value"}), boolean};
  return schema;
}

}  // namespace

ordered_json StudyFileSchema() {
  ordered_json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                         {"title", "Caviar study file"}};
  schema.update(SectionSchema(*v1::Study::descriptor()));
  schema["oneOf"] = {{{"required", {"objective"}}}, {{"required", {"objectives"}}}};
  const ordered_json numbers = {
      {"type", "array"}, {"items", {{"type", "number"}}}, {"minItems", 1}};
  schema["$defs"] = {{"parameter", ParameterSchema()},
                     {"scalar", {{"type", {"boolean", "number", "string"}}}},
                     {"value", {{"anyOf", {Reference("scalar"), numbers}}}}};
  return schema;
}

}  // namespace caviar::study_file
