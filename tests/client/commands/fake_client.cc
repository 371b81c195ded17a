#include "fake_client.h"

#include <utility>

#include "google/protobuf/text_format.h"

template class nlohmann::basic_json<>;
template class nlohmann::detail::serializer<nlohmann::json>;
template class ::testing::StrictMock<caviar::commands::MockClient>;

namespace caviar::commands {
namespace {

// What a command owns, of a client that the test owns.
class Forwarder : public client::Client {
 public:
  explicit Forwarder(client::Client& client) : client_(client) {}
  absl::StatusOr<v1::Study> CreateStudy(v1::CreateStudyRequest request) override {
    return client_.CreateStudy(std::move(request));
  }
  absl::StatusOr<v1::Study> GetStudy(const v1::GetStudyRequest& request) override {
    return client_.GetStudy(request);
  }
  absl::StatusOr<v1::ListStudiesResponse> ListStudies(
      const v1::ListStudiesRequest& request) override {
    return client_.ListStudies(request);
  }
  absl::StatusOr<v1::Study> StopStudy(v1::StopStudyRequest request) override {
    return client_.StopStudy(std::move(request));
  }
  absl::StatusOr<v1::Study> ResumeStudy(v1::ResumeStudyRequest request) override {
    return client_.ResumeStudy(std::move(request));
  }
  absl::StatusOr<v1::DeleteStudyResponse> DeleteStudy(v1::DeleteStudyRequest request) override {
    return client_.DeleteStudy(std::move(request));
  }
  absl::StatusOr<v1::Trial> GetTrial(const v1::GetTrialRequest& request) override {
    return client_.GetTrial(request);
  }
  absl::StatusOr<v1::ListTrialsResponse> ListTrials(const v1::ListTrialsRequest& request) override {
    return client_.ListTrials(request);
  }
  absl::StatusOr<v1::ListBestTrialsResponse> ListBestTrials(
      const v1::ListBestTrialsRequest& request) override {
    return client_.ListBestTrials(request);
  }
  absl::StatusOr<v1::AskTrialResponse> AskTrial(v1::AskTrialRequest request) override {
    return client_.AskTrial(std::move(request));
  }
  absl::StatusOr<v1::ReportTrialResponse> ReportTrial(
      const v1::ReportTrialRequest& request) override {
    return client_.ReportTrial(request);
  }
  absl::StatusOr<v1::Trial> TellTrial(const v1::TellTrialRequest& request) override {
    return client_.TellTrial(request);
  }
  absl::StatusOr<v1::Trial> AddTrial(v1::AddTrialRequest request) override {
    return client_.AddTrial(std::move(request));
  }
  absl::StatusOr<v1::UpdateStudyResponse> UpdateStudy(v1::UpdateStudyRequest request) override {
    return client_.UpdateStudy(std::move(request));
  }
  absl::StatusOr<v1::Trial> RetryTrial(v1::RetryTrialRequest request) override {
    return client_.RetryTrial(std::move(request));
  }
  absl::StatusOr<v1::CancelTrialsResponse> CancelTrials(v1::CancelTrialsRequest request) override {
    return client_.CancelTrials(std::move(request));
  }
  absl::StatusOr<v1::ServerUsage> GetServerUsage() override { return client_.GetServerUsage(); }
  absl::StatusOr<v1::DownloadModelResponse> DownloadModel(
      const v1::DownloadModelRequest& request) override {
    return client_.DownloadModel(request);
  }
  absl::StatusOr<v1::UploadCodeResponse> UploadCode(const v1::UploadCodeRequest& request) override {
    return client_.UploadCode(request);
  }
  absl::StatusOr<v1::ReadLogResponse> ReadLog(const v1::ReadLogRequest& request) override {
    return client_.ReadLog(request);
  }
  absl::StatusOr<v1::GetImportanceResponse> GetImportance(
      const v1::GetImportanceRequest& request) override {
    return client_.GetImportance(request);
  }
  absl::StatusOr<v1::LintStudyResponse> LintStudy(const v1::LintStudyRequest& request) override {
    return client_.LintStudy(request);
  }
  absl::StatusOr<v1::ReplayPrunerResponse> ReplayPruner(
      const v1::ReplayPrunerRequest& request) override {
    return client_.ReplayPruner(request);
  }
  absl::StatusOr<v1::ServerStatus> GetServerStatus() override { return client_.GetServerStatus(); }
  absl::StatusOr<v1::ListWorkersResponse> ListWorkers() override { return client_.ListWorkers(); }
  absl::Status WatchStudy(const v1::WatchStudyRequest& request,
                          std::function<bool(const v1::WatchStudyResponse&)> on_change) override {
    return client_.WatchStudy(request, std::move(on_change));
  }
  absl::StatusOr<v1::VerifyStudyResponse> VerifyStudy(
      const v1::VerifyStudyRequest& request,
      std::function<void(const v1::VerifyStudyResponse&)> on_progress) override {
    return client_.VerifyStudy(request, std::move(on_progress));
  }
  void CancelWaiting() override { client_.CancelWaiting(); }

 private:
  client::Client& client_;
};

}  // namespace

MockClient::MockClient() = default;
MockClient::~MockClient() = default;

void MergeText(const std::string& text, google::protobuf::Message& message) {
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(text, &message)) << text;
}

v1::Study TestStudy(const std::string& more) {
  return Parse<v1::Study>(R"(
    name: "mnist"
    objective { metric: "accuracy" goal: MAXIMIZE value: BEST }
    trainer { external {} }
    sampler { algorithm: SOBOL seed: 7 }
    limits { max_trials: 4 }
    parameters { name: "rate" type: DOUBLE min: 1e-4 max: 0.1 scale: LOG }
    parameters { name: "optimizer" type: CATEGORICAL values { string_value: "sgd" } }
    state: ACTIVE
    create_time { seconds: 1700000000 }
  )",
                          more);
}

v1::Trial TestTrial(int number, const std::string& more) {
  v1::Trial trial = Parse<v1::Trial>(R"(
    study: "mnist" state: COMPLETED worker: "host-1" origin: SAMPLER
    parameters { key: "rate" value { double_value: 0.012345678901234 } }
    parameters { key: "optimizer" value { string_value: "sgd" } }
    objective: 0.8911666870117188 objective_step: 7
  )",
                                     more);
  trial.set_number(number);
  return trial;
}

int CommandTest::Run(std::vector<std::string> arguments) {
  out_.str("");
  err_.str("");
  std::vector<const char*> words = {"caviar"};
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  Environment environment{
      .in = in_,
      .out = out_,
      .err = err_,
      .out_is_terminal = terminal_,
      .err_is_terminal = terminal_,
      .terminal_width = [] { return 100; },
      .variable =
          [this](const std::string& name) {
            const auto found = variables_.find(name);
            return found == variables_.end() ? std::nullopt : std::optional(found->second);
          },
      .connect =
          [this](client::ClientOptions options) {
            options_ = options;
            return std::make_unique<Forwarder>(client_);
          },
      .now = [this] { return now_; },
      .wait =
          [this](absl::Duration duration, const absl::Notification&) {
            now_ += duration;
            on_wait_();
          },
      .catch_interrupts =
          [this](std::function<void()> on_interrupt) {
            interrupt_ = std::move(on_interrupt);
            return std::shared_ptr<void>();
          },
      .run_trial = run_trial_,
      .start_cluster = start_cluster_,
  };
  return RunCaviar(static_cast<int>(words.size()), words.data(), environment);
}

CommandTest::CommandTest() = default;
CommandTest::~CommandTest() = default;

nlohmann::json CommandTest::json() const { return nlohmann::json::parse(out_.str()); }

}  // namespace caviar::commands
