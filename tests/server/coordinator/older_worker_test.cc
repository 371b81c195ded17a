// A client and a worker of the version before, whose requests were kept byte by byte: a study is
// created and a trial trained by them.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

class OlderWorker : public CoreTest {
 protected:
  void SetUp() override {
    std::ifstream lines(OLDER_VERSION "/messages-1.txt");
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string name, hex;
      words >> name >> hex;
      if (name != "#") messages_[name] = absl::HexStringToBytes(hex);
    }
  }
  template <typename Message>
  Message Kept() {
    Message message;
    EXPECT_TRUE(message.ParseFromString(messages_[Message::descriptor()->name()]));
    return message;
  }
  std::map<std::string, std::string> messages_;
};

TEST_F(OlderWorker, CreatesAStudyAndTrainsATrial) {
  const auto study = house_.Call(&Core::CreateStudy, Kept<v1::CreateStudyRequest>());
  ASSERT_TRUE(study.ok()) << study.status();
  EXPECT_EQ(study->limits().max_duration().seconds(), 3600);
  const auto worker = house_.Call(&Core::RegisterWorker, Kept<v1::RegisterWorkerRequest>());
  ASSERT_TRUE(worker.ok()) << worker.status();
  const auto work = house_.Acquire(worker->worker_id());
  ASSERT_TRUE(work.has_trial());
  EXPECT_EQ(work.trial().trial().parameters().at("hidden_units").int_value(), 16);
  v1::ReportMeasurementsRequest report = Kept<v1::ReportMeasurementsRequest>();
  *report.mutable_token() = work.trial().token();
  ASSERT_TRUE(house_.Call(&Core::Report, report).ok());
  v1::FinishWorkRequest finish = Kept<v1::FinishWorkRequest>();
  *finish.mutable_token() = work.trial().token();
  const auto finished = house_.Call(&Core::Finish, finish);
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->state(), v1::Trial::COMPLETED);
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.75);
  const auto added = house_.Call(&Core::AddTrial, Kept<v1::AddTrialRequest>());
  ASSERT_TRUE(added.ok()) << added.status();
  const auto stopped = house_.Call(&Core::StopStudy, Kept<v1::StopStudyRequest>());
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_TRUE(house_.Call(&Core::ResumeStudy, Kept<v1::ResumeStudyRequest>()).ok());
}

}  // namespace
}  // namespace caviar::coordinator
