// Spaces written as text, for tests.
#ifndef CAVIAR_TESTS_SERVER_SEARCH_SPACE_SPACES_H_
#define CAVIAR_TESTS_SERVER_SEARCH_SPACE_SPACES_H_

#include <google/protobuf/text_format.h>

#include <cstdlib>
#include <string>

#include "caviar/v1/study.pb.h"
#include "server/search_space/search_space.h"

namespace caviar::search_space {

// `text` is that of a Study with parameters.
inline google::protobuf::RepeatedPtrField<v1::Parameter> ParametersOf(const std::string& text) {
  v1::Study study;
  if (!google::protobuf::TextFormat::ParseFromString(text, &study)) std::abort();
  return study.parameters();
}

inline SearchSpace SpaceOf(const std::string& text) {
  return SearchSpace::Create(ParametersOf(text)).value();
}

inline std::string TextOf(const Configuration& configuration) {
  std::string text;
  for (const auto& [name, value] : configuration) text += name + " " + value.DebugString();
  return text;
}

inline double DoubleAt(const SearchSpace& space, double u) {
  return space.ToConfiguration({u}).begin()->second.double_value();
}

inline int64_t IntAt(const SearchSpace& space, double u) {
  return space.ToConfiguration({u}).begin()->second.int_value();
}

}  // namespace caviar::search_space

#endif  // CAVIAR_TESTS_SERVER_SEARCH_SPACE_SPACES_H_
