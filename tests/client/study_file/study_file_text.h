// Study files for tests.
#ifndef CAVIAR_TESTS_CLIENT_STUDY_FILE_STUDY_FILE_TEXT_H_
#define CAVIAR_TESTS_CLIENT_STUDY_FILE_STUDY_FILE_TEXT_H_

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "client/study_file/study_file.h"

namespace caviar::study_file {

// The study of deploy/examples.
inline std::string ExampleText() {
  std::ifstream file(EXAMPLE_FILE);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A file that holds nothing but one parameter `x`, on line 2.
inline std::string ParameterText(const std::string& definition) {
  return "parameters:\n  x: " + definition + "\n";
}

// The parameter `x` of such a file; fails the test where it is wrong.
inline v1::Parameter ParseParameter(const std::string& definition) {
  const auto file = ParseStudyFile(ParameterText(definition), "f");
  EXPECT_TRUE(file.ok()) << definition << ": " << file.status();
  return file.ok() ? file->study.parameters(0) : v1::Parameter();
}

}  // namespace caviar::study_file

#endif  // CAVIAR_TESTS_CLIENT_STUDY_FILE_STUDY_FILE_TEXT_H_
