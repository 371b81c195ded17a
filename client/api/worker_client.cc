#include "client/api/worker_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/worker_service.grpc.pb.h"
#include "client/api/channel.h"
#include "client/api/line.h"
#include "client/api/running_calls.h"

namespace caviar::client {
namespace {

using Stub = v1::WorkerService::Stub;

// The data of a downloaded chunk.
template <typename Response>
absl::StatusOr<std::string> Checked(Response& response, int64_t offset) {
  if (Crc32(response.data()) != response.data_crc32()) {
    return absl::DataLossError(
        absl::StrCat("the chunk at offset ", offset, " came with a wrong checksum"));
  }
  return std::move(*response.mutable_data());
}

class GrpcWorkerClient final : public WorkerClient {
 public:
  explicit GrpcWorkerClient(Options options)
      : options_(std::move(options)), line_(options_.address, options_.credentials) {}

  v1::RequestId NextRequestId() override { return ids_.Next(); }

  absl::StatusOr<v1::RegisterWorkerResponse> Register(
      const v1::RegisterWorkerRequest& request) override {
    return Call(registrations_, &Stub::RegisterWorker, request, options_.call_timeout);
  }

  absl::StatusOr<v1::AcquireWorkResponse> Acquire(const v1::AcquireWorkRequest& request) override {
    const absl::Duration wait = request.has_wait() ? absl::Seconds(request.wait().seconds()) +
                                                         absl::Nanoseconds(request.wait().nanos())
                                                   : absl::Seconds(30);
    return Call(polls_, &Stub::AcquireWork, request, wait + absl::Seconds(10));
  }

  absl::StatusOr<v1::RenewLeasesResponse> Renew(const v1::RenewLeasesRequest& request,
                                                absl::Duration timeout) override {
    return Call(other_, &Stub::RenewLeases, request, timeout);
  }

  absl::StatusOr<v1::ReportMeasurementsResponse> Report(
      const v1::ReportMeasurementsRequest& request) override {
    return Call(other_, &Stub::ReportMeasurements, request, options_.call_timeout);
  }

  absl::StatusOr<v1::FinishWorkResponse> Finish(const v1::FinishWorkRequest& request) override {
    return Call(other_, &Stub::FinishWork, request, options_.call_timeout);
  }

  absl::StatusOr<v1::GiveBackWorkResponse> GiveBack(const v1::GiveBackWorkRequest& request,
                                                    absl::Duration timeout) override {
    return Call(other_, &Stub::GiveBackWork, request, timeout);
  }

  absl::StatusOr<int64_t> UploadChunk(const v1::FencingToken& token, v1::Artifact::Kind kind,
                                      int64_t step, absl::string_view file, uint32_t crc32,
                                      int64_t offset) override {
    const absl::string_view data = file.substr(offset, kChunkBytes);
    v1::UploadChunkRequest request;
    *request.mutable_token() = token;
    request.set_kind(kind);
    request.set_step(step);
    request.set_size(static_cast<int64_t>(file.size()));
    request.set_crc32(crc32);
    request.set_offset(offset);
    request.set_data(data.data(), data.size());
    request.set_data_crc32(Crc32(data));
    const auto response = Call(other_, &Stub::UploadChunk, request, options_.call_timeout);
    if (!response.ok()) return response.status();
    return response->received();
  }

  absl::StatusOr<std::string> DownloadChunk(const v1::Artifact& artifact, int64_t offset) override {
    v1::DownloadChunkRequest request;
    *request.mutable_artifact() = artifact;
    request.set_offset(offset);
    auto response = Call(other_, &Stub::DownloadChunk, request, options_.call_timeout);
    if (!response.ok()) return response.status();
    if (response->data().empty()) {
      return absl::DataLossError(absl::StrCat("the coordinator's file ends at ", offset, " of ",
                                              artifact.size(), " bytes"));
    }
    return Checked(*response, offset);
  }

  absl::StatusOr<int64_t> AppendLog(const v1::FencingToken& token, int64_t offset,
                                    absl::string_view data, absl::Duration timeout) override {
    v1::AppendLogRequest request;
    *request.mutable_token() = token;
    request.set_offset(offset);
    request.set_data(data.data(), data.size());
    const auto response = Call(other_, &Stub::AppendLog, request, timeout);
    if (!response.ok()) return response.status();
    return response->size();
  }

  absl::StatusOr<std::string> DownloadCode(const std::string& sha256, int64_t offset) override {
    v1::DownloadCodeRequest request;
    request.set_sha256(sha256);
    request.set_offset(offset);
    auto response = Call(other_, &Stub::DownloadCode, request, options_.call_timeout);
    if (!response.ok()) return response.status();
    return Checked(*response, offset);
  }

  void EndPolls() override { polls_.CancelRunning(); }

  void CancelWaiting() override {
    polls_.Cancel();
    registrations_.Cancel();
  }

  void CancelAll() override {
    CancelWaiting();
    other_.Cancel();
  }

 private:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(RunningCalls& running,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, absl::Duration timeout) {
    const auto end = line_.Get();
    if (!end.ok()) return end.status();
    grpc::ClientContext context;
    SetTimeout(context, timeout);
    return CallOnce((*end)->stubs, method, context, request, (*end)->address, &running);
  }

  const Options options_;
  Line<Stub> line_;
  RequestIds ids_;
  RunningCalls registrations_, polls_, other_;
};

}  // namespace

std::unique_ptr<WorkerClient> WorkerClient::Connect(Options options) {
  return std::make_unique<GrpcWorkerClient>(std::move(options));
}

}  // namespace caviar::client
