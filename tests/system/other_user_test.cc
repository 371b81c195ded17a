// On a machine that others use too, where loopback is everybody's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class OtherUserTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0u) << "only root can become somebody else";
    std::string name = ::testing::TempDir() + "caviar-public-XXXXXX";
    programs_ = mkdtemp(name.data());
    ASSERT_EQ(chmod(programs_.c_str(), 0755), 0);
    for (const char* program : {"caviar", "caviar-worker"}) {
      fs::copy_file(cluster_.Binary(program), programs_ + "/" + program);
    }
    // So that what is tested is not the folder of tests, which is closed too.
    ASSERT_EQ(chmod(cluster_.directory().c_str(), 0755), 0);
    // As one makes a folder by hand.
    ASSERT_EQ(mkdir(cluster_.data_directory().c_str(), 0755), 0);
    ASSERT_EQ(chmod(cluster_.data_directory().c_str(), 0755), 0);
    cluster_.StartCoordinator();
    WriteIdxPair(cluster_.dataset_directory() + "/train", 20, 4, 4, 2, 1);
    WriteIdxPair(cluster_.dataset_directory() + "/test", 20, 4, 4, 2, 2);
    cluster_.CreateStudy(NetworkStudyFile("mine", 2, 1));
  }
  void TearDown() override { fs::remove_all(programs_); }

  // As nobody; the program of `words[0]`, where it is Caviar's, is one that nobody can run.
  CommandResult AsNobody(std::vector<std::string> words,
                         const std::vector<std::string>& environment = {}) {
    if (words[0].starts_with("caviar")) words[0] = programs_ + "/" + words[0];
    words.insert(words.begin(),
                 {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"});
    Process process(cluster_.directory(), "nobody-" + std::to_string(++runs_), words, environment);
    const int exit_code = process.Wait();
    return {exit_code, process.Output(), process.Errors()};
  }

  Cluster cluster_;
  std::string programs_;
  int runs_ = 0;
};

TEST_F(OtherUserTest, ReadsWritesAndRunsNothing) {
  const std::string study = programs_ + "/study.yaml";
  WriteFile(study,
            "study: theirs\nobjective: {metric: m, goal: maximize}\n"
            "trainer: {command: {run: [id]}}\nparameters: {x: {min: 0.0, max: 1.0}}\n");
  const std::vector<std::vector<std::string>> calls = {
      {"caviar", "study", "list"},
      {"caviar", "study", "show", "mine"},
      {"caviar", "study", "stop", "mine"},
      {"caviar", "study", "create", study},
      {"caviar", "server", "backup", programs_ + "/backup"},
      {"caviar", "worker", "list"}};
  for (std::vector<std::string> call : calls) {
    call.insert(call.end(), {"--coordinator", cluster_.address()});
    const CommandResult refused = AsNobody(call);
    EXPECT_NE(refused.exit_code, 0) << call[2];
    EXPECT_EQ(refused.out, "");
    EXPECT_THAT(refused.err, HasSubstr("does not know who calls")) << call[1] << " " << call[2];
  }
  EXPECT_EQ(cluster_.Json({"study", "show", "mine"})["name"], "mine");
  EXPECT_EQ(cluster_.Json({"study", "show", "mine"})["state"], "ACTIVE");
  EXPECT_EQ(cluster_.Json({"study", "show", "theirs"}), nullptr);
}

TEST_F(OtherUserTest, SeesNoFiles) {
  for (const std::string& file :
       {cluster_.data_directory() + "/token", cluster_.data_directory() + "/caviar.db",
        cluster_.data_directory() + "/caviar.lock", cluster_.directory() + "/state/caviar/token"}) {
    ASSERT_TRUE(fs::exists(file)) << file;
    EXPECT_NE(AsNobody({"cat", file}).exit_code, 0) << file;
  }
  EXPECT_NE(AsNobody({"ls", cluster_.data_directory()}).exit_code, 0);
}

// Connects to the socket at its argument.
constexpr char kConnect[] =
    "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1]); print('connected')";

TEST_F(OtherUserTest, SeesNothingOfAProgramThatRuns) {
  const std::string parent = cluster_.directory() + "/work";
  fs::create_directory(parent);
  ASSERT_EQ(chmod(parent.c_str(), 0777), 0);  // as /tmp is
  cluster_.CreateStudy(
      "study: program\nobjective: {metric: m, goal: maximize}\nlimits: {max_trials: 1}\n"
      "trainer: {command: {run: [sh, -c, 'umask 0; echo mine > result; exec sleep 600']}}\n"
      "parameters: {x: {min: 0.0, max: 1.0}}\n");
  const auto worker = cluster_.StartWorker(
      "w", 1, {.arguments = {"--allow-commands", "--work-dir", parent, "--study", "program"}});
  std::string result, socket;
  const auto find = [&] {
    std::error_code changing;
    for (const auto& entry : fs::recursive_directory_iterator(parent, changing)) {
      if (entry.path().filename() == "result") result = entry.path();
      if (entry.is_socket(changing)) socket = entry.path();
    }
    return !result.empty() && !socket.empty();
  };
  ASSERT_TRUE(Eventually(find)) << worker->Errors();
  EXPECT_NE(AsNobody({"cat", result}).exit_code, 0);
  const std::vector<std::string> connect = {"/usr/bin/python3", "-c", kConnect, socket};
  EXPECT_EQ(AsNobody(connect).out, "");
  // It is nobody that cannot, not the test.
  Process own(cluster_.directory(), "own", connect);
  EXPECT_EQ(own.Wait(), 0) << own.Errors();
  EXPECT_EQ(cluster_.Run({"study", "stop", "program", "--end"}).exit_code, 0);
}

// Prints what calls bring.
constexpr char kThief[] = R"(
import concurrent.futures, grpc, sys
class Thief(grpc.GenericRpcHandler):
    def service(self, call):
        print("got", call.method, call.invocation_metadata, flush=True)
server = grpc.server(concurrent.futures.ThreadPoolExecutor(1), handlers=[Thief()])
server.add_insecure_port(sys.argv[1])
server.start()
print("listens", flush=True)
server.wait_for_termination()
)";

// Whoever takes the port while the coordinator is away.
TEST_F(OtherUserTest, IsSentNoTokenWhereItListens) {
  const std::string address = cluster_.address();
  const auto worker = cluster_.StartWorker("w");  // it had its answers
  ASSERT_EQ(cluster_.Run({"study", "wait", "mine"}).exit_code, 0);
  cluster_.coordinator().Kill();
  Process thief(cluster_.directory(), "thief",
                {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",
                 "/usr/bin/python3", "-c", kThief, address});
  const auto has_said = [&](const std::string& word) {
    return thief.Output().find(word) != std::string::npos;
  };
  ASSERT_TRUE(Eventually([&] { return has_said("listens"); })) << thief.Errors();
  const CommandResult refused = cluster_.Run({"study", "list", "--patience", "0s"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_TRUE(has_said("ListStudies")) << thief.Output() << refused.err;
  ASSERT_TRUE(Eventually([&] { return has_said("WorkerService"); })) << worker->Errors();
  EXPECT_FALSE(has_said("Bearer")) << thief.Output();
  // A person who names a token knows whom it is for.
  cluster_.Run(
      {"study", "list", "--patience", "0s", "--token-file", cluster_.data_directory() + "/token"});
  EXPECT_TRUE(has_said("Bearer")) << "else it could not have been seen above";
}

}  // namespace
}  // namespace caviar::system_test
