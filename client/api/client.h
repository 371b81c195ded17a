// The C++ client library: typed calls to a coordinator.
//
// This room knows the services' stubs. It must never know terminals, files or training.
#ifndef CAVIAR_CLIENT_API_CLIENT_H_
#define CAVIAR_CLIENT_API_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caviar/v1/server_service.pb.h"
#include "caviar/v1/study_service.pb.h"
#include "caviar/v1/verification_service.pb.h"
#include "client/api/credentials.h"

namespace caviar::client {

struct ClientOptions {
  // host:port, or file:PATH (coordinator_address.h).
  std::string address;
  // How long a call goes on trying while the coordinator cannot be reached or does not answer, with
  // backoff and jitter. Repeats carry the same request id.
  absl::Duration patience = absl::Seconds(5);
  // Bound on a single try.
  absl::Duration call_timeout = absl::Seconds(30);
  Credentials credentials = {};
};

// Calls block. Thread safe. Request ids are filled in. Errors are the coordinator's own,
// ErrorDetail included; UNAVAILABLE: it could not be reached, and the message names the address.
class Client {
 public:
  static std::unique_ptr<Client> Connect(ClientOptions options);
  virtual ~Client() = default;

  virtual absl::StatusOr<v1::Study> CreateStudy(v1::CreateStudyRequest request) = 0;
  virtual absl::StatusOr<v1::Study> GetStudy(const v1::GetStudyRequest& request) = 0;
  virtual absl::StatusOr<v1::ListStudiesResponse> ListStudies(
      const v1::ListStudiesRequest& request) = 0;
  virtual absl::StatusOr<v1::Study> StopStudy(v1::StopStudyRequest request) = 0;
  virtual absl::StatusOr<v1::Study> ResumeStudy(v1::ResumeStudyRequest request) = 0;
  virtual absl::StatusOr<v1::DeleteStudyResponse> DeleteStudy(v1::DeleteStudyRequest request) = 0;
  virtual absl::StatusOr<v1::Trial> GetTrial(const v1::GetTrialRequest& request) = 0;
  virtual absl::StatusOr<v1::ListTrialsResponse> ListTrials(
      const v1::ListTrialsRequest& request) = 0;
  virtual absl::StatusOr<v1::ListBestTrialsResponse> ListBestTrials(
      const v1::ListBestTrialsRequest& request) = 0;
  virtual absl::StatusOr<v1::AskTrialResponse> AskTrial(v1::AskTrialRequest request) = 0;
  virtual absl::StatusOr<v1::ReportTrialResponse> ReportTrial(
      const v1::ReportTrialRequest& request) = 0;
  virtual absl::StatusOr<v1::Trial> TellTrial(const v1::TellTrialRequest& request) = 0;
  virtual absl::StatusOr<v1::Trial> AddTrial(v1::AddTrialRequest request) = 0;
  virtual absl::StatusOr<v1::UpdateStudyResponse> UpdateStudy(v1::UpdateStudyRequest request) = 0;
  virtual absl::StatusOr<v1::Trial> RetryTrial(v1::RetryTrialRequest request) = 0;
  virtual absl::StatusOr<v1::CancelTrialsResponse> CancelTrials(
      v1::CancelTrialsRequest request) = 0;
  // A piece of a file; telling pieces apart and putting them together is the caller's.
  virtual absl::StatusOr<v1::DownloadModelResponse> DownloadModel(
      const v1::DownloadModelRequest& request) = 0;
  // A chunk of an archive, or the question how much of it is there.
  virtual absl::StatusOr<v1::UploadCodeResponse> UploadCode(
      const v1::UploadCodeRequest& request) = 0;
  // A piece of a log.
  virtual absl::StatusOr<v1::ReadLogResponse> ReadLog(const v1::ReadLogRequest& request) = 0;
  virtual absl::StatusOr<v1::GetImportanceResponse> GetImportance(
      const v1::GetImportanceRequest& request) = 0;
  virtual absl::StatusOr<v1::LintStudyResponse> LintStudy(const v1::LintStudyRequest& request) = 0;
  virtual absl::StatusOr<v1::ReplayPrunerResponse> ReplayPruner(
      const v1::ReplayPrunerRequest& request) = 0;
  virtual absl::StatusOr<v1::ServerStatus> GetServerStatus() = 0;
  virtual absl::StatusOr<v1::ListWorkersResponse> ListWorkers() = 0;
  virtual absl::StatusOr<v1::ServerUsage> GetServerUsage() = 0;

  // Calls `on_change` for each message until the study is over (OK), `on_change` returns false
  // (OK), CancelWaiting is called (CANCELLED), or an error. One try: the caller decides whether to
  // watch again.
  virtual absl::Status WatchStudy(const v1::WatchStudyRequest& request,
                                  std::function<bool(const v1::WatchStudyResponse&)> on_change) = 0;
  // Calls `on_progress` for each message but the last one, which is the answer; CANCELLED:
  // CancelWaiting was called. One try.
  virtual absl::StatusOr<v1::VerifyStudyResponse> VerifyStudy(
      const v1::VerifyStudyRequest& request,
      std::function<void(const v1::VerifyStudyResponse&)> on_progress) = 0;

  // From now on AskTrial, WatchStudy and VerifyStudy end with CANCELLED, running ones too; the
  // coordinator gives a cancelled AskTrial's trial to others. A call that has its answer by then
  // returns it. Any thread (not a signal handler).
  virtual void CancelWaiting() = 0;
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_CLIENT_H_
