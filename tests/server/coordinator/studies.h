// Studies written as text, for tests.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_STUDIES_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_STUDIES_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "caviar/v1/study.pb.h"
#include "server/coordinator/study_validation.h"

namespace caviar::coordinator {

inline v1::Study StudyOf(const std::string& text) {
  v1::Study study;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &study));
  return study;
}

// The only violation: "FIELD: what"; else how many there are.
inline std::string Only(const v1::Study& study) {
  const auto violations = ValidateStudy(study);
  if (violations.size() != 1) return absl::StrCat(violations.size(), " violations");
  return absl::StrCat(violations[0].field(), ": ", violations[0].description());
}

}  // namespace caviar::coordinator

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_STUDIES_H_
