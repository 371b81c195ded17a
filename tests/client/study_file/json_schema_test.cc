#include "client/study_file/json_schema.h"

#include <gtest/gtest.h>

#include <set>

#include "caviar/v1/study.pb.h"
#include "client/study_file/fields.h"

namespace caviar::study_file {
namespace {

using google::protobuf::Descriptor;
using nlohmann::ordered_json;

// All names under "properties" anywhere in a schema.
void CollectKeys(const ordered_json& schema, std::set<std::string>& keys) {
  if (schema.is_object() && schema.contains("properties")) {
    for (const auto& [name, value] : schema["properties"].items()) keys.insert(name);
  }
  if (!schema.is_structured()) return;
  for (const auto& [name, value] : schema.items()) CollectKeys(value, keys);
}

// All names that the reader knows.
void CollectNames(const Descriptor& message, std::set<std::string>& names) {
  for (const Field& field : SectionOf(message).fields) {
    names.emplace(field.name);
    const auto& proto = ProtoField(message, field);
    const Kind kind = KindOf(proto);
    if (kind == Kind::kSection || kind == Kind::kSections || kind == Kind::kParameters) {
      CollectNames(*proto.message_type(), names);
    }
  }
  for (const auto* member : FlattenedMembers(message)) {
    names.emplace(SectionOf(message).flattened_oneof);
    CollectNames(*member->message_type(), names);
  }
}

TEST(JsonSchema, HasEveryNameThatTheReaderKnowsAndNoOther) {
  std::set<std::string> keys;
  std::set<std::string> names;
  CollectKeys(StudyFileSchema(), keys);
  CollectNames(*v1::Study::descriptor(), names);
  EXPECT_EQ(keys, names);
  EXPECT_GT(names.size(), 30u);
}

TEST(JsonSchema, EveryInputFieldOfTheMessagesIsInTheTables) {
  // Fields from 16 to 29, and from 40 on, are the coordinator's own.
  const Descriptor& study = *v1::Study::descriptor();
  int inputs = 0;
  for (int i = 0; i < study.field_count(); ++i) {
    const int number = study.field(i)->number();
    inputs += number < 16 || (number > 29 && number < 40);
  }
  EXPECT_EQ(static_cast<int>(SectionOf(study).fields.size()), inputs);
  for (const Descriptor* message :
       {v1::Objective::descriptor(), v1::Constraint::descriptor(), v1::Trainer::descriptor(),
        v1::BatchNormNetwork::descriptor(), v1::IdxFiles::descriptor(), v1::CsvFile::descriptor(),
        v1::NpyFiles::descriptor(), v1::NpzFile::descriptor(), v1::Sampler::descriptor(),
        v1::Limits::descriptor(), v1::Command::descriptor(), v1::Resources::descriptor(),
        v1::Checkpoints::descriptor()}) {
    EXPECT_EQ(static_cast<int>(SectionOf(*message).fields.size()), message->field_count())
        << message->full_name();
  }
  // The archive is made from the folder to upload.
  EXPECT_EQ(static_cast<int>(SectionOf(*v1::Code::descriptor()).fields.size()),
            v1::Code::descriptor()->field_count() - 1);
  // A parameter's name is its key.
  EXPECT_EQ(static_cast<int>(SectionOf(*v1::Parameter::descriptor()).fields.size()),
            v1::Parameter::descriptor()->field_count() - 1);
}

TEST(JsonSchema, SaysWhatTheWordsAre) {
  const ordered_json schema = StudyFileSchema();
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["properties"]["objective"]["properties"]["goal"]["enum"],
            ordered_json({"minimize", "maximize"}));
  EXPECT_EQ(schema["$defs"]["parameter"]["properties"]["scale"]["enum"],
            ordered_json({"linear", "log", "one_minus_log", "logit"}));
  EXPECT_EQ(schema["required"], ordered_json({"study", "trainer", "parameters"}));
  EXPECT_EQ(schema["additionalProperties"], false);
}

TEST(JsonSchema, ThereIsOneObjectiveOrAListOfThem) {
  const ordered_json schema = StudyFileSchema();
  ASSERT_EQ(schema["oneOf"].size(), 2u);
  EXPECT_EQ(schema["oneOf"][0]["required"], ordered_json::array({"objective"}));
  EXPECT_EQ(schema["oneOf"][1]["required"], ordered_json::array({"objectives"}));
  const ordered_json& objectives = schema["properties"]["objectives"];
  EXPECT_EQ(objectives["type"], "array");
  EXPECT_EQ(objectives["minItems"], 2);
  EXPECT_EQ(objectives["items"]["required"], ordered_json({"metric", "goal"}));
  const ordered_json& constraint = schema["properties"]["constraints"]["items"];
  EXPECT_EQ(constraint["properties"]["max"]["type"], "number");
  EXPECT_EQ(constraint["additionalProperties"], false);
}

TEST(JsonSchema, ValuesMayBeListsOfNumbersAndConditionsMayNot) {
  const ordered_json schema = StudyFileSchema();
  const ordered_json& parameter = schema["$defs"]["parameter"]["properties"];
  const ordered_json value = {{"$ref", "#/$defs/value"}};
  EXPECT_EQ(parameter["value"]["$ref"], "#/$defs/value");
  EXPECT_EQ(parameter["values"]["items"], value);
  EXPECT_EQ(parameter["when"]["additionalProperties"]["anyOf"][0]["$ref"], "#/$defs/scalar");
  const ordered_json& list = schema["$defs"]["value"]["anyOf"][1];
  EXPECT_EQ(list["type"], "array");
  EXPECT_EQ(list["items"]["type"], "number");
  EXPECT_EQ(list["minItems"], 1);
}

TEST(JsonSchema, EveryFormatOfTheDataIsAForm) {
  const ordered_json schema = StudyFileSchema();
  const ordered_json& network =
      schema["properties"]["trainer"]["properties"]["batch_norm_network"]["properties"];
  const ordered_json& forms = network["data"]["oneOf"];
  ASSERT_EQ(forms.size(), 4u);
  std::vector<std::string> formats;
  for (const ordered_json& form : forms) {
    formats.push_back(form["properties"]["format"]["const"]);
    EXPECT_TRUE(form["properties"].contains("validation_fraction"));
  }
  EXPECT_EQ(formats, (std::vector<std::string>{"idx", "csv", "npy", "npz"}));
  const ordered_json& csv = forms[1]["properties"];
  EXPECT_EQ(csv["missing"]["enum"], ordered_json({"refuse", "mean", "median"}));
  EXPECT_EQ(csv["categorical"]["type"], "array");
  EXPECT_EQ(network["checkpoint_every"]["maximum"], 100000);
}

TEST(JsonSchema, WhatACommandIs) {
  const ordered_json schema = StudyFileSchema();
  const ordered_json& command =
      schema["properties"]["trainer"]["properties"]["command"]["properties"];
  EXPECT_EQ(command["arguments"]["enum"], ordered_json({"flags", "hydra", "json", "none"}));
  EXPECT_EQ(command["resumable"]["type"], "boolean");
  EXPECT_EQ(command["env"]["additionalProperties"]["type"],
            ordered_json({"boolean", "number", "string"}));
  EXPECT_EQ(command["code"]["maxProperties"], 1);
  EXPECT_EQ(command["resources"]["properties"]["memory"]["type"],
            ordered_json({"string", "integer"}));
  const ordered_json& kept = schema["properties"]["checkpoints"]["properties"]["keep_per_trial"];
  EXPECT_EQ(kept["items"]["enum"], ordered_json({"last", "best"}));
}

}  // namespace
}  // namespace caviar::study_file
