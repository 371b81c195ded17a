// A coordinator and workers that run programs, for the examples' folders.
#ifndef CAVIAR_TESTS_SYSTEM_EXAMPLES_EXAMPLE_CLUSTER_H_
#define CAVIAR_TESTS_SYSTEM_EXAMPLES_EXAMPLE_CLUSTER_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {

class ExampleTest : public ::testing::Test {
 protected:
  // Its programs find the modules that a user would have installed.
  std::unique_ptr<Process> StartWorker(const std::string& name) {
    return cluster_.StartWorker(
        name, 1,
        {.arguments = {"--allow-commands", "--work-dir",
                       absl::StrCat(cluster_.directory(), "/w-", name)},
         .environment = {"PYTHONPATH=" CAVIAR_PYTHON_MODULE, "PYTHONDONTWRITEBYTECODE=1",
                         "NODE_PATH=" CAVIAR_NODE_MODULES}});
  }

  // Creates the study of a copy of the example's folder, its study file changed; fails the test
  // where it is refused.
  void CreateExample(const std::string& example, const std::string& name,
                     const std::map<std::string, std::string>& changes) {
    const std::string folder = absl::StrCat(cluster_.directory(), "/", name);
    std::filesystem::copy(absl::StrCat(CAVIAR_EXAMPLES "/", example), folder,
                          std::filesystem::copy_options::recursive);
    std::string text = ReadFile(folder + "/study.yaml");
    for (const auto& [from, to] : changes) {
      ASSERT_NE(text.find(from), std::string::npos) << example << "/study.yaml lacks " << from;
      text = absl::StrReplaceAll(text, {{from, to}});
    }
    WriteFile(folder + "/study.yaml", text);
    const CommandResult created =
        cluster_.Run({"study", "create", folder + "/study.yaml", "--name", name});
    ASSERT_EQ(created.exit_code, 0) << created.err;
  }

  // Waits until it has ended, and shows it with its trials, "trials", and their measurements.
  nlohmann::json Finish(const std::string& study) {
    const CommandResult wait = cluster_.Run({"study", "wait", study});
    EXPECT_EQ(wait.exit_code, 0) << wait.out << wait.err;
    nlohmann::json shown = cluster_.Json({"study", "show", study});
    const nlohmann::json listed = cluster_.Json({"trial", "list", study});
    if (!shown.is_object() || !listed.is_object()) return nullptr;
    shown["trials"] = nlohmann::json::array();
    for (const nlohmann::json& trial : listed.at("trials")) {
      const std::string number = std::to_string(trial.at("number").get<int>());
      shown["trials"].push_back(cluster_.Json({"trial", "show", study, number}));
    }
    return shown;
  }

  Cluster cluster_;
};

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_EXAMPLES_EXAMPLE_CLUSTER_H_
