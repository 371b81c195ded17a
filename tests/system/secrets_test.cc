// Whatever the programs print, as much as they can be told to and whatever goes wrong, holds no
// token and no key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kAlice[] = "wwww-alice-0123456789";
constexpr char kNodes[] = "kkkk-nodes-0123456789";
constexpr char kWrong[] = "xxxx-wrong-0123456789";
constexpr char kMistyped[] = "mmmm-mistyped-0123456789";

class SecretsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(system(absl::StrCat(MAKE_CERTIFICATES, " ", Tls(""), " >/dev/null").c_str()), 0);
    secrets_ = {kAlice, kNodes, kWrong, kMistyped};
    for (const char* key : {"ca-key.pem", "server-key.pem", "client-key.pem"}) {
      for (const absl::string_view line : absl::StrSplit(ReadFile(Tls(key)), '\n')) {
        if (!line.empty() && !absl::StartsWith(line, "-----")) secrets_.emplace(line);
      }
    }
    WriteTokens(absl::StrCat("alice command ", kAlice, "\nnodes worker ", kNodes, "\n"));
    for (const auto& [name, token] :
         {std::pair("alice", kAlice), std::pair("nodes", kNodes), std::pair("wrong", kWrong)}) {
      WriteFile(File(name), token);
    }
    setenv("CAVIAR_TLS_CA", Tls("ca.pem").c_str(), 1);
  }
  void TearDown() override { unsetenv("CAVIAR_TLS_CA"); }

  std::string File(const std::string& name) const { return cluster_.directory() + "/" + name; }
  std::string Tls(const std::string& name) const { return File("tls/" + name); }
  void WriteTokens(const std::string& lines) {
    WriteFile(File("tokens.new"), lines);
    fs::permissions(File("tokens.new"), fs::perms::owner_read | fs::perms::owner_write);
    fs::rename(File("tokens.new"), File("tokens"));
  }
  static std::vector<std::string> Talkative(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--log-level", "trace", "--log-format", "json"});
    return arguments;
  }
  void StartCoordinator(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--tokens", File("tokens"), "--tls-cert", Tls("server.pem"),
                             "--tls-key", Tls("server-key.pem")});
    cluster_.StartCoordinator("60s", {.arguments = Talkative(std::move(more))});
    secrets_.insert(ReadFile(cluster_.data_directory() + "/token"));
  }
  std::unique_ptr<Process> StartWorker(const std::string& name, std::vector<std::string> more,
                                       const std::vector<std::string>& environment = {}) {
    more.insert(more.end(), {"--allow-commands", "--work-dir", File("work-" + name)});
    return cluster_.StartWorker(
        name, 1, {.arguments = Talkative(std::move(more)), .environment = environment});
  }
  // Creates a study whose program says all that it knows, and waits for its end.
  void RunStudy(const std::string& name, const std::vector<std::string>& as) {
    WriteFile(File(name + ".sh"),
              "env\n"
              "echo 'caviar: {\"step\": 1, \"accuracy\": 0.5}'\n");
    WriteFile(File(name + ".yaml"), absl::StrCat("study: ", name,
                                                 "\nobjective: {metric: accuracy, goal: maximize}\n"
                                                 "trainer: {command: {run: [sh, ",
                                                 File(name + ".sh"),
                                                 "]}}\nlimits: {max_trials: 1}\n"
                                                 "parameters: {x: {min: 0.0, max: 1.0}}\n"));
    const auto run = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), as.begin(), as.end());
      return cluster_.Run(arguments);
    };
    const CommandResult created = run({"study", "create", File(name + ".yaml")});
    ASSERT_EQ(created.exit_code, 0) << created.err;
    EXPECT_EQ(run({"study", "wait", name}).exit_code, 0);
    EXPECT_THAT(run({"trial", "logs", name, "0"}).out, HasSubstr("CAVIAR_STUDY"));
    EXPECT_EQ(run({"study", "show", name}).exit_code, 0);
    EXPECT_EQ(run({"worker", "list"}).exit_code, 0);
    EXPECT_EQ(run({"server", "status"}).exit_code, 0);
  }
  void ExpectRefused(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--patience", "0s"});
    EXPECT_NE(cluster_.Run(arguments).exit_code, 0);
  }

  // Looks at all that was printed by processes of this test.
  void ExpectNoSecretWasPrinted() const {
    int files = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(cluster_.directory())) {
      const std::string kind = entry.path().extension();
      if (kind != ".out" && kind != ".err") continue;
      ++files;
      const std::string text = ReadFile(entry.path());
      for (const std::string& secret : secrets_) {
        EXPECT_EQ(text.find(secret), std::string::npos) << entry.path() << " holds " << secret;
      }
    }
    EXPECT_GT(files, 10) << "else there was little to see";
  }

  Cluster cluster_;
  std::set<std::string> secrets_;
};

TEST_F(SecretsTest, AreNotPrintedWhereTokensOpenTheDoor) {
  StartCoordinator();
  const auto worker = StartWorker("w", {}, {absl::StrCat("CAVIAR_TOKEN=", kNodes)});
  RunStudy("by-own-token", {});
  RunStudy("by-alice", {"--token-file", File("alice")});
  ExpectRefused({"study", "list", "--token-file", File("wrong")});
  ExpectRefused({"worker", "list", "--token-file", File("nodes")});
  ExpectRefused({"study", "list", "--token-file", Tls("client-key.pem")});
  ExpectRefused({"study", "list", "--tls-ca", Tls("client-key.pem")});
  const auto stranger = StartWorker("stranger", {"--token-file", File("wrong")});
  EXPECT_TRUE(Eventually([&] {
    return stranger->Errors().find("does not know who calls") != std::string::npos;
  })) << stranger->Errors();
  stranger->Kill();
  WriteTokens(absl::StrCat("alice comand ", kMistyped, "\n"));
  EXPECT_TRUE(Eventually([&] {
    return cluster_.coordinator().Errors().find("tokens, line 1") != std::string::npos;
  })) << cluster_.coordinator().Errors();
  cluster_.coordinator().Kill();
  for (const char* tokens : {"alice comand T\n", "alice T\n", "T\n", "alice command T x\n"}) {
    WriteTokens(absl::StrReplaceAll(tokens, {{"T", kMistyped}}));
    EXPECT_NE(cluster_
                  .RunCoordinator(Talkative({"--listen", "127.0.0.1:0", "--data-dir",
                                             File("other-data"), "--tokens", File("tokens")}))
                  .exit_code,
              0);
  }
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->Wait(), 0);
  EXPECT_THAT(worker->Errors(), HasSubstr("\"level\":\"info\""));
  EXPECT_THAT(worker->Errors(), HasSubstr("by-alice"));
  ExpectNoSecretWasPrinted();
}

TEST_F(SecretsTest, AreNotPrintedWhereCertificatesOpenTheDoor) {
  StartCoordinator({"--tls-client-ca", Tls("ca.pem")});
  const std::vector<std::string> certificate = {"--tls-cert", Tls("client.pem"), "--tls-key",
                                                Tls("client-key.pem")};
  const auto worker = StartWorker("w", certificate);
  RunStudy("s", certificate);
  ExpectRefused({"study", "list"});
  ExpectRefused(
      {"study", "list", "--tls-cert", Tls("client.pem"), "--tls-key", Tls("server-key.pem")});
  ExpectRefused(
      {"study", "list", "--tls-cert", Tls("client-key.pem"), "--tls-key", Tls("client.pem")});
  cluster_.coordinator().Kill();
  for (const auto& [shown, key] :
       {std::pair("server-key.pem", "server.pem"), std::pair("server.pem", "client-key.pem"),
        std::pair("server-key.pem", "server-key.pem")}) {
    EXPECT_NE(
        cluster_
            .RunCoordinator(Talkative({"--listen", "127.0.0.1:0", "--data-dir", File("other-data"),
                                       "--tls-cert", Tls(shown), "--tls-key", Tls(key)}))
            .exit_code,
        0);
  }
  worker->Kill();
  ExpectNoSecretWasPrinted();
}

}  // namespace
}  // namespace caviar::system_test
