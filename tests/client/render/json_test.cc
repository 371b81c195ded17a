#include "client/render/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "caviar/v1/study_service.pb.h"
#include "caviar/v1/worker_service.pb.h"

namespace caviar::render {
namespace {

using nlohmann::ordered_json;

TEST(Json, ATrialHasProtosFieldNames) {
  v1::Trial trial;
  trial.set_study("s");
  trial.set_number(3);
  trial.set_state(v1::Trial::COMPLETED);
  (*trial.mutable_parameters())["z"].set_double_value(1e-5);
  (*trial.mutable_parameters())["a"].set_int_value(9007199254740992);
  (*trial.mutable_parameters())["m"].set_string_value("sgd");
  (*trial.mutable_parameters())["b"].set_bool_value(true);
  trial.set_objective(0.1);
  trial.set_origin(v1::Trial::SAMPLER);
  trial.mutable_create_time()->set_seconds(1'700'000'000);
  trial.mutable_create_time()->set_nanos(250'000'000);
  EXPECT_EQ(FormatJson(ToJson(trial)), R"({
  "study": "s",
  "number": 3,
  "state": "COMPLETED",
  "parameters": {
    "a": 9007199254740992,
    "b": true,
    "m": "sgd",
    "z": 1e-05
  },
  "objective": 0.1,
  "message": "",
  "worker": "",
  "create_time": "2023-11-14T22:13:20.250Z",
  "lost_leases": 0,
  "attempts": [],
  "measurements": [],
  "weights_file": "",
  "model_file": "",
  "pruner_decisions": [],
  "outcome": {},
  "origin": "SAMPLER",
  "checkpoint_files": [],
  "revision": 0
}
)");
}

TEST(Json, UnsetFieldsWithPresenceAreLeftOutAndSetOnesAreThere) {
  v1::Study study;
  ordered_json json = ToJson(study);
  for (const char* name : {"best_trial", "best_objective", "objective", "limits", "end_time"}) {
    EXPECT_FALSE(json.contains(name)) << name;
  }
  for (const char* name : {"name", "state", "end_reason", "message", "parameters", "description"}) {
    EXPECT_TRUE(json.contains(name)) << name;
  }
  study.set_best_trial(0);
  study.mutable_limits()->mutable_max_duration()->set_seconds(12);
  study.mutable_limits()->mutable_max_duration()->set_nanos(500'000'000);
  json = ToJson(study);
  EXPECT_EQ(json["best_trial"], 0);
  EXPECT_EQ(json["limits"]["max_duration"], "12.500s");
}

TEST(Json, NumbersThatJsonDoesNotKnowAreTexts) {
  v1::Measurement measurement;
  (*measurement.mutable_metrics())["a"] = std::numeric_limits<double>::quiet_NaN();
  (*measurement.mutable_metrics())["b"] = std::numeric_limits<double>::infinity();
  (*measurement.mutable_metrics())["c"] = -std::numeric_limits<double>::infinity();
  (*measurement.mutable_metrics())["d"] = 0.30000000000000004;
  EXPECT_EQ(ToJson(measurement)["metrics"].dump(),
            R"({"a":"NaN","b":"Infinity","c":"-Infinity","d":0.30000000000000004})");
}

TEST(Json, ValuesArePlainScalarsWhereverTheyStand) {
  v1::Parameter parameter;
  parameter.add_values()->set_int_value(64);
  parameter.add_values()->set_string_value("64");
  parameter.add_values()->set_double_value(64);
  parameter.add_values();
  EXPECT_EQ(ToJson(parameter)["values"].dump(), R"([64,"64",64.0,null])");
  EXPECT_FALSE(ToJson(parameter).contains("value"));
  parameter.mutable_value()->set_bool_value(false);
  EXPECT_EQ(ToJson(parameter)["value"], false);
}

TEST(Json, BytesAreBase64AndUnknownEnumsAreNumbers) {
  v1::UploadChunkRequest chunk;
  chunk.set_data(std::string("\x00\xFF", 2));
  chunk.set_kind(static_cast<v1::Artifact::Kind>(77));
  EXPECT_EQ(ToJson(chunk)["data"], "AP8=");
  EXPECT_EQ(ToJson(chunk)["kind"], 77);
}

TEST(Json, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(FormatJson({{"a", "\xFF"}}), "{\n  \"a\": \"\xEF\xBF\xBD\"\n}\n");
}

}  // namespace
}  // namespace caviar::render
