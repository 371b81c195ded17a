#include "tests/server/coordinator/simulation/network.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <string>

#include "caviar/v1/error_detail.h"

namespace caviar::coordinator::simulation {
namespace {

// The same for equal messages.
std::string Bytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

template <typename Response>
Answer Begin(const absl::StatusOr<Response>& response) {
  Answer answer;
  answer.code = response.status().code();
  answer.lease_lost = error::HasReason(response.status(), error::kLeaseLost);
  return answer;
}

template <typename Response>
Answer WithBody(const absl::StatusOr<Response>& response) {
  Answer answer = Begin(response);
  if (response.ok()) answer.body = Bytes(*response);
  return answer;
}

}  // namespace

Answer Describe(const absl::StatusOr<v1::Study>& response) { return WithBody(response); }
Answer Describe(const absl::StatusOr<v1::DeleteStudyResponse>& response) {
  return WithBody(response);
}
Answer Describe(const absl::StatusOr<v1::RegisterWorkerResponse>& response) {
  return WithBody(response);
}

Answer Describe(const absl::StatusOr<v1::Trial>& response) {
  Answer answer = WithBody(response);
  if (!response.ok()) return answer;
  answer.number = response->number();
  answer.state = response->state();
  return answer;
}

Answer Describe(const absl::StatusOr<v1::AcquireWorkResponse>& response) {
  Answer answer = Begin(response);
  if (!response.ok() || !response->has_trial()) return answer;
  answer.number = response->trial().trial().number();
  answer.token = ToToken(response->trial().token());
  return answer;
}

Answer Describe(const absl::StatusOr<v1::AskTrialResponse>& response) {
  Answer answer = Begin(response);
  if (!response.ok()) return answer;
  answer.number = response->trial().number();
  answer.token = ToToken(response->token());
  return answer;
}

Answer Describe(const absl::StatusOr<bool>& response) {
  Answer answer = Begin(response);
  answer.held = response.ok() && *response;
  return answer;
}

Answer Describe(const absl::StatusOr<v1::ReportMeasurementsResponse>& response) {
  Answer answer = Begin(response);
  if (response.ok()) answer.conflicts = response->conflicts();
  return answer;
}

Answer Describe(const absl::StatusOr<v1::FinishWorkResponse>& response) {
  Answer answer = Begin(response);
  if (response.ok()) answer.state = response->state();
  return answer;
}

Answer Describe(const absl::StatusOr<v1::ReportTrialResponse>& response) { return Begin(response); }
Answer Describe(const absl::StatusOr<v1::GiveBackWorkResponse>& response) {
  return Begin(response);
}
Answer Describe(const absl::StatusOr<v1::UploadChunkResponse>& response) { return Begin(response); }

bool IsDefinite(const absl::Status& status) {
  // A row that the store refused, or a disk that had no room, may be taken another time.
  return !absl::IsUnavailable(status) && !absl::IsInternal(status) &&
         !absl::IsResourceExhausted(status);
}

}  // namespace caviar::coordinator::simulation
