// The study files that we hand out are what a colleague would write.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "client/study_file/presets.h"
#include "client/study_file/study_file.h"
#include "server/analysis/lint.h"
#include "server/coordinator/study_validation.h"

namespace caviar::analysis {
namespace {

std::string CodesOf(const std::string& text, const std::string& name) {
  const auto file = study_file::ParseStudyFile(text, name);
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return "";
  v1::Study study = file->study;
  if (study.trainer().command().has_code()) {
    // Filled in by who sends it.
    v1::CodeArchive& code =
        *study.mutable_trainer()->mutable_command()->mutable_code()->mutable_archive();
    code.set_sha256(std::string(64, '0'));
    code.set_size(1);
  }
  for (const auto& violation : coordinator::ValidateStudy(study)) {
    ADD_FAILURE() << name << ": " << violation.field() << " " << violation.description();
  }
  coordinator::FillDefaults(study);
  std::string codes;
  const v1::LintStudyResponse response = Lint(study, {});
  for (const v1::Finding& finding : response.findings()) {
    codes += v1::Finding::Severity_Name(finding.severity()) + " " + finding.code() + " ";
  }
  return codes;
}

TEST(Examples, Presets) {
  for (const std::string& name : study_file::PresetNames()) {
    EXPECT_EQ(CodesOf(*study_file::Preset(name), name), "") << name;
  }
}

TEST(Examples, Files) {
  // They are to be over in a minute: 16 trials of seven parameters, and 12 of four or five.
  const std::map<std::string, std::string> expected = {
      {"fashion-mnist.yaml", "NOTE too_few_trials "},
      {"scikit-learn/study.yaml", "NOTE too_few_trials "},
      {"tensorflow-js/study.yaml", "NOTE too_few_trials "}};
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(EXAMPLES)) {
    if (entry.path().extension() != ".yaml") continue;
    ++files;
    std::ifstream stream(entry.path());
    std::stringstream text;
    text << stream.rdbuf();
    auto codes = expected.find(std::filesystem::relative(entry.path(), EXAMPLES).string());
    EXPECT_EQ(CodesOf(text.str(), entry.path()), codes == expected.end() ? "" : codes->second)
        << entry.path();
  }
  EXPECT_GE(files, 3);
}

}  // namespace
}  // namespace caviar::analysis
