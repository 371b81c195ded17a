// The shape of requests: ids, lengths, list sizes and ranges, as the proto comments state them.
// Pure functions, no gRPC.
//
// What a study must be beyond its size is the coordinator's to say.
#ifndef CAVIAR_SERVER_API_REQUEST_CHECKS_H_
#define CAVIAR_SERVER_API_REQUEST_CHECKS_H_

#include "absl/status/status.h"
#include "caviar/v1/server_service.pb.h"
#include "caviar/v1/study_service.pb.h"
#include "caviar/v1/verification_service.pb.h"
#include "caviar/v1/worker_service.pb.h"

namespace caviar::server_api {

// OK, or INVALID_ARGUMENT with a FieldViolation for each field that is wrong (the first 20), named
// by its path in the request: "request_id.client_id", "measurements[2].step".
absl::Status CheckRequest(const v1::CreateStudyRequest& request);
absl::Status CheckRequest(const v1::GetStudyRequest& request);
absl::Status CheckRequest(const v1::ListStudiesRequest& request);
absl::Status CheckRequest(const v1::StopStudyRequest& request);
absl::Status CheckRequest(const v1::ResumeStudyRequest& request);
absl::Status CheckRequest(const v1::DeleteStudyRequest& request);
absl::Status CheckRequest(const v1::GetTrialRequest& request);
absl::Status CheckRequest(const v1::ListTrialsRequest& request);
absl::Status CheckRequest(const v1::ListBestTrialsRequest& request);
absl::Status CheckRequest(const v1::WatchStudyRequest& request);
absl::Status CheckRequest(const v1::AskTrialRequest& request);
absl::Status CheckRequest(const v1::ReportTrialRequest& request);
absl::Status CheckRequest(const v1::TellTrialRequest& request);
absl::Status CheckRequest(const v1::AddTrialRequest& request);
absl::Status CheckRequest(const v1::UpdateStudyRequest& request);
absl::Status CheckRequest(const v1::RetryTrialRequest& request);
absl::Status CheckRequest(const v1::CancelTrialsRequest& request);
absl::Status CheckRequest(const v1::DownloadModelRequest& request);
absl::Status CheckRequest(const v1::UploadCodeRequest& request);
absl::Status CheckRequest(const v1::ReadLogRequest& request);
absl::Status CheckRequest(const v1::GetImportanceRequest& request);
absl::Status CheckRequest(const v1::LintStudyRequest& request);
absl::Status CheckRequest(const v1::ReplayPrunerRequest& request);
absl::Status CheckRequest(const v1::VerifyStudyRequest& request);

absl::Status CheckRequest(const v1::RegisterWorkerRequest& request);
absl::Status CheckRequest(const v1::AcquireWorkRequest& request);
absl::Status CheckRequest(const v1::RenewLeasesRequest& request);
absl::Status CheckRequest(const v1::AppendLogRequest& request);
absl::Status CheckRequest(const v1::DownloadCodeRequest& request);
absl::Status CheckRequest(const v1::ReportMeasurementsRequest& request);
absl::Status CheckRequest(const v1::FinishWorkRequest& request);
absl::Status CheckRequest(const v1::GiveBackWorkRequest& request);
absl::Status CheckRequest(const v1::UploadChunkRequest& request);
absl::Status CheckRequest(const v1::DownloadChunkRequest& request);

absl::Status CheckRequest(const v1::GetServerStatusRequest& request);
absl::Status CheckRequest(const v1::ListWorkersRequest& request);
absl::Status CheckRequest(const v1::GetServerUsageRequest& request);

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_REQUEST_CHECKS_H_
