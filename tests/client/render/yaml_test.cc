#include "client/render/yaml.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace caviar::render {
namespace {

using nlohmann::ordered_json;

TEST(Yaml, IsTheSameTree) {
  const ordered_json json = {{"trials",
                              {{{"number", 0}, {"objective", 1e-5}, {"state", "COMPLETED"}},
                               {{"number", 1}, {"parameters", ordered_json::object()}}}},
                             {"next_page_token", ""},
                             {"none", ordered_json::array()},
                             {"nothing", nullptr},
                             {"no", false},
                             {"flag", true}};
  EXPECT_EQ(FormatYaml(json), R"(trials:
  - number: 0
    objective: 1.0e-05
    state: COMPLETED
  - number: 1
    parameters: {}
next_page_token: ""
none: []
nothing: ~
"no": false
flag: true
)");
}

TEST(Yaml, TextsThatLookLikeSomethingElseAreQuoted) {
  for (const char* text :
       {"true", "No",   "on",  "null", "~",  "123",  "1e5",        "0x1",  "",  " a",
        "a ",   "a: b", "- a", "#a",   "{a", "a\nb", "2024-01-01", "NaN?", "'", "é"}) {
    const std::string yaml = FormatYaml({{"k", text}});
    EXPECT_NE(yaml.find('"'), std::string::npos) << yaml;
    EXPECT_EQ(YAML::Load(yaml)["k"].as<std::string>(), text) << yaml;
  }
  for (const char* text : {"sgd", "host-1", "train-images.gz", "/a/b", "NaN", "a b (c)"}) {
    EXPECT_EQ(FormatYaml({{"k", text}}), std::string("k: ") + text + "\n");
  }
}

}  // namespace
}  // namespace caviar::render
