// A coordinator that answers what a test told it to, and a command line to run against it.
#ifndef CAVIAR_TESTS_CLIENT_COMMANDS_FAKE_CLIENT_H_
#define CAVIAR_TESTS_CLIENT_COMMANDS_FAKE_CLIENT_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "client/api/client.h"
#include "client/commands/environment.h"
#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

// What takes long to compile is instantiated in the .cc alone, here and below.
extern template class nlohmann::basic_json<>;
extern template class nlohmann::detail::serializer<nlohmann::json>;

namespace caviar::commands {

class MockClient : public client::Client {
 public:
  MockClient();
  ~MockClient() override;
  MOCK_METHOD(absl::StatusOr<v1::Study>, CreateStudy, (v1::CreateStudyRequest), (override));
  MOCK_METHOD(absl::StatusOr<v1::Study>, GetStudy, (const v1::GetStudyRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ListStudiesResponse>, ListStudies, (const v1::ListStudiesRequest&),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::Study>, StopStudy, (v1::StopStudyRequest), (override));
  MOCK_METHOD(absl::StatusOr<v1::Study>, ResumeStudy, (v1::ResumeStudyRequest), (override));
  MOCK_METHOD(absl::StatusOr<v1::DeleteStudyResponse>, DeleteStudy, (v1::DeleteStudyRequest),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::Trial>, GetTrial, (const v1::GetTrialRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ListTrialsResponse>, ListTrials, (const v1::ListTrialsRequest&),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::ListBestTrialsResponse>, ListBestTrials,
              (const v1::ListBestTrialsRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::AskTrialResponse>, AskTrial, (v1::AskTrialRequest), (override));
  MOCK_METHOD(absl::StatusOr<v1::ReportTrialResponse>, ReportTrial, (const v1::ReportTrialRequest&),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::Trial>, TellTrial, (const v1::TellTrialRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::Trial>, AddTrial, (v1::AddTrialRequest), (override));
  MOCK_METHOD(absl::StatusOr<v1::UpdateStudyResponse>, UpdateStudy, (v1::UpdateStudyRequest),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::Trial>, RetryTrial, (v1::RetryTrialRequest), (override));
  MOCK_METHOD(absl::StatusOr<v1::CancelTrialsResponse>, CancelTrials, (v1::CancelTrialsRequest),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::ServerUsage>, GetServerUsage, (), (override));
  MOCK_METHOD(absl::StatusOr<v1::DownloadModelResponse>, DownloadModel,
              (const v1::DownloadModelRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::UploadCodeResponse>, UploadCode, (const v1::UploadCodeRequest&),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::ReadLogResponse>, ReadLog, (const v1::ReadLogRequest&),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::GetImportanceResponse>, GetImportance,
              (const v1::GetImportanceRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::LintStudyResponse>, LintStudy, (const v1::LintStudyRequest&),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::ReplayPrunerResponse>, ReplayPruner,
              (const v1::ReplayPrunerRequest&), (override));
  MOCK_METHOD(absl::StatusOr<v1::ServerStatus>, GetServerStatus, (), (override));
  MOCK_METHOD(absl::StatusOr<v1::ListWorkersResponse>, ListWorkers, (), (override));
  MOCK_METHOD(absl::Status, WatchStudy,
              (const v1::WatchStudyRequest&, std::function<bool(const v1::WatchStudyResponse&)>),
              (override));
  MOCK_METHOD(absl::StatusOr<v1::VerifyStudyResponse>, VerifyStudy,
              (const v1::VerifyStudyRequest&, std::function<void(const v1::VerifyStudyResponse&)>),
              (override));
  MOCK_METHOD(void, CancelWaiting, (), (override));
};

}  // namespace caviar::commands

extern template class ::testing::StrictMock<caviar::commands::MockClient>;

namespace caviar::commands {

// Into `message`; what the text does not set stays.
void MergeText(const std::string& text, google::protobuf::Message& message);

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  MergeText(text, message);
  return message;
}

// `more` may set again what `base` sets.
template <typename Message>
Message Parse(const std::string& base, const std::string& more) {
  Message message = Parse<Message>(base);
  MergeText(more, message);
  return message;
}

v1::Study TestStudy(const std::string& more = "");

v1::Trial TestTrial(int number, const std::string& more = "");

class CommandTest : public ::testing::Test {
 protected:
  CommandTest();
  ~CommandTest() override;
  // Runs "caviar ARGUMENTS..." and returns its exit code; out() and err() have what it wrote.
  int Run(std::vector<std::string> arguments);

  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }
  nlohmann::json json() const;

  ::testing::StrictMock<MockClient> client_;
  client::ClientOptions options_;  // of the last connection
  std::map<std::string, std::string> variables_;
  std::istringstream in_;
  bool terminal_ = false;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::function<void()> interrupt_;
  std::function<void()> on_wait_ = [] {};  // while a command waits
  // As in Environment; for commands that need them.
  std::function<LocalOutcome(const LocalTrial&, LocalTrialWatcher&)> run_trial_;
  std::function<absl::StatusOr<std::unique_ptr<LocalCluster>>(LocalClusterOptions)> start_cluster_;

 private:
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace caviar::commands

#endif  // CAVIAR_TESTS_CLIENT_COMMANDS_FAKE_CLIENT_H_
