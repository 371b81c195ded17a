// `caviar report` inside a trial; for asked trials see ask_test.cc.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "fake_client.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;

// A worker's socket that answers one line.
class FakeWorker {
 public:
  FakeWorker(const std::string& path, std::string answer) : answer_(std::move(answer)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeWorker() { Line(); }

  // What was sent, once it was answered.
  std::string Line() {
    if (thread_.joinable()) thread_.join();
    if (listener_ >= 0) close(listener_);
    listener_ = -1;
    return line_;
  }

 private:
  void Serve() {
    const int connection = accept(listener_, nullptr, nullptr);
    char byte = 0;
    while (recv(connection, &byte, 1, 0) == 1 && byte != '\n') line_ += byte;
    send(connection, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    close(connection);
  }

  std::string answer_;
  std::string line_;
  int listener_ = -1;
  std::thread thread_;
};

class Report : public CommandTest {
 protected:
  storage::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/s";
};

TEST_F(Report, InsideATrialItAsksTheWorker) {
  variables_["CAVIAR_REPORT_ADDRESS"] = "unix:" + path_;
  {
    FakeWorker worker(path_, "pause\n");
    EXPECT_EQ(Run({"report", "--step", "3", "accuracy=0.8", "loss=nan", "a\"b=-inf"}), kDone);
    EXPECT_EQ(out(), "pause\n");
    EXPECT_EQ(worker.Line(), R"({"step": 3, "a\"b": -Infinity, "accuracy": 0.8, "loss": NaN})");
  }
  unlink(path_.c_str());
  {
    FakeWorker worker(path_, "stop\n");
    EXPECT_EQ(Run({"report", "accuracy=1", "--output", "json"}), kDone);
    EXPECT_EQ(json()["directive"], "DIRECTIVE_STOP");
    EXPECT_EQ(worker.Line(), R"({"accuracy": 1})");
  }
  unlink(path_.c_str());
  {
    FakeWorker worker(path_, "error: step 2 was measured before\n");
    EXPECT_EQ(Run({"report", "--step", "2", "accuracy=1"}), kWrongUsage);
    EXPECT_EQ(err(), "caviar: step 2 was measured before\n");
  }
  unlink(path_.c_str());
  {
    FakeWorker worker(path_, "");
    EXPECT_EQ(Run({"report", "--step", "2", "accuracy=1"}), kFailed);
    EXPECT_THAT(err(), HasSubstr("did not answer"));
  }
}

TEST_F(Report, WhatTheWorkerLeftOutIsSaid) {
  variables_["CAVIAR_REPORT_ADDRESS"] = "unix:" + path_;
  FakeWorker worker(path_, "continue\nstep 2 came after step 4 and was left out\n");
  EXPECT_EQ(Run({"report", "--step", "2", "accuracy=1"}), kDone);
  EXPECT_EQ(out(), "continue\n");
  EXPECT_EQ(err(), "caviar: step 2 came after step 4 and was left out\n");
}

TEST_F(Report, WhatIsWrongNamesBothForms) {
  EXPECT_EQ(Run({"report", "--step", "3", "accuracy=0.8"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("CAVIAR_REPORT_ADDRESS is not set"));
  EXPECT_THAT(err(), HasSubstr("caviar report NAME NUMBER --step 3"));
  EXPECT_EQ(Run({"report", "--step", "3", "mnist"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("names no trial and metric"));
  EXPECT_EQ(Run({"report", "--step", "3", "mnist", "x", "a=1"}), kWrongUsage);
  EXPECT_EQ(Run({"report", "mnist", "3", "a=1"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("--step is missing"));
  EXPECT_EQ(Run({"report"}), kWrongUsage);
}

TEST_F(Report, AWorkerThatIsGoneIsSaid) {
  variables_["CAVIAR_REPORT_ADDRESS"] = "unix:" + path_;
  EXPECT_EQ(Run({"report", "--step", "3", "accuracy=0.8"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("No such file or directory; has the trial"));
  variables_["CAVIAR_REPORT_ADDRESS"] = "tcp:7461";
  EXPECT_EQ(Run({"report", "--step", "3", "accuracy=0.8"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("unix:/PATH"));
}

}  // namespace
}  // namespace caviar::commands
