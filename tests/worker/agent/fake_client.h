// A connection to a coordinator, without a network.
#ifndef CAVIAR_TESTS_WORKER_AGENT_FAKE_CLIENT_H_
#define CAVIAR_TESTS_WORKER_AGENT_FAKE_CLIENT_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "caviar/v1/sha256.h"
#include "client/api/worker_client.h"

namespace caviar::agent {

// Calls under a lease are answered as a test says; there is no other work.
class FakeClient final : public client::WorkerClient {
 public:
  template <typename Response>
  using Answer = absl::StatusOr<Response>;

  v1::RequestId NextRequestId() override { return {}; }
  Answer<v1::RegisterWorkerResponse> Register(const v1::RegisterWorkerRequest&) override {
    return absl::UnimplementedError("");
  }
  Answer<v1::AcquireWorkResponse> Acquire(const v1::AcquireWorkRequest&) override {
    return absl::UnimplementedError("");
  }
  Answer<v1::RenewLeasesResponse> Renew(const v1::RenewLeasesRequest&, absl::Duration) override {
    return absl::UnimplementedError("");
  }
  Answer<v1::ReportMeasurementsResponse> Report(const v1::ReportMeasurementsRequest&) override {
    return report();
  }
  Answer<v1::FinishWorkResponse> Finish(const v1::FinishWorkRequest& request) override {
    return finish(request);
  }
  Answer<v1::GiveBackWorkResponse> GiveBack(const v1::GiveBackWorkRequest& request,
                                            absl::Duration) override {
    return give_back(request);
  }
  Answer<int64_t> UploadChunk(const v1::FencingToken&, v1::Artifact::Kind, int64_t,
                              absl::string_view file, uint32_t crc32, int64_t offset) override {
    EXPECT_EQ(crc32, client::Crc32(file));
    offsets.push_back(offset);
    return upload(offset);
  }
  Answer<std::string> DownloadChunk(const v1::Artifact&, int64_t offset) override {
    offsets.push_back(offset);
    return download(offset);
  }
  Answer<int64_t> AppendLog(const v1::FencingToken&, int64_t offset, absl::string_view data,
                            absl::Duration) override {
    offsets.push_back(offset);
    return append(offset, std::string(data));
  }
  Answer<std::string> DownloadCode(const std::string& sha256, int64_t offset) override {
    EXPECT_EQ(sha256, vocabulary::Sha256("123456"));
    offsets.push_back(offset);
    return download(offset);
  }
  void EndPolls() override {}
  void CancelWaiting() override {}
  void CancelAll() override {}

  std::function<Answer<v1::ReportMeasurementsResponse>()> report;
  std::function<Answer<v1::FinishWorkResponse>(const v1::FinishWorkRequest&)> finish;
  std::function<Answer<v1::GiveBackWorkResponse>(const v1::GiveBackWorkRequest&)> give_back;
  std::function<Answer<int64_t>(int64_t)> upload;
  std::function<Answer<std::string>(int64_t)> download;
  std::function<Answer<int64_t>(int64_t, const std::string&)> append;
  std::vector<int64_t> offsets;  // that were asked for
};

}  // namespace caviar::agent

#endif  // CAVIAR_TESTS_WORKER_AGENT_FAKE_CLIENT_H_
