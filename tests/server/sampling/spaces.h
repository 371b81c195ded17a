// Spaces written as text, for tests.
#ifndef CAVIAR_TESTS_SERVER_SAMPLING_SPACES_H_
#define CAVIAR_TESTS_SERVER_SAMPLING_SPACES_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "caviar/v1/study.pb.h"
#include "server/search_space/search_space.h"

namespace caviar::sampling {

// `text` is that of a Study with parameters.
inline search_space::SearchSpace SpaceOf(const std::string& text) {
  v1::Study study;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &study));
  return search_space::SearchSpace::Create(study.parameters(), study.linear_constraints()).value();
}

inline std::string TextOf(const search_space::Configuration& configuration) {
  std::string text;
  for (const auto& [name, value] : configuration) {
    text += name + " " + value.ShortDebugString() + "; ";
  }
  return text;
}

inline search_space::SearchSpace PlainSpace() {
  return SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 }
                    parameters { name: "y" type: DOUBLE min: 0 max: 1 })");
}

// 18 configurations: on -> n and, for n = 2, c.
inline const char* ConditionalSpace() {
  return R"(parameters { name: "on" type: BOOL }
            parameters { name: "n" type: INT min: 1 max: 4 when { parameter: "on" values { bool_value: true } } }
            parameters { name: "c" type: CATEGORICAL values { string_value: "a" } values { string_value: "b" }
                         values { string_value: "c" } when { parameter: "n" values { int_value: 2 } } }
            parameters { name: "o" type: ORDINAL values { int_value: 1 } values { int_value: 100 }
                         values { int_value: 101 } when { parameter: "on" values { bool_value: true } } })";
}

}  // namespace caviar::sampling

#endif  // CAVIAR_TESTS_SERVER_SAMPLING_SPACES_H_
