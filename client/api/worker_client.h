// What a worker calls. One try a call, no hidden repeats: the agent decides about those.
#ifndef CAVIAR_CLIENT_API_WORKER_CLIENT_H_
#define CAVIAR_CLIENT_API_WORKER_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "caviar/v1/worker_service.pb.h"
#include "client/api/crc32.h"
#include "client/api/credentials.h"
#include "client/api/request_ids.h"

namespace caviar::client {

// A file is sent and fetched in pieces of this size.
inline constexpr int64_t kChunkBytes = 1 << 20;
inline constexpr int64_t kLogPieceBytes = 256 << 10;

// Calls block for at most their timeout. Errors are the coordinator's own, ErrorDetail included;
// UNAVAILABLE without one: it could not be reached. Thread safe.
class WorkerClient {
 public:
  struct Options {
    std::string address;  // host:port, or file:PATH (coordinator_address.h)
    absl::Duration call_timeout = absl::Seconds(30);  // of calls that name none
    Credentials credentials = {};
  };
  static std::unique_ptr<WorkerClient> Connect(Options options);
  virtual ~WorkerClient() = default;

  // For the requests that carry an id; a repeat has to carry the one of the first try.
  virtual v1::RequestId NextRequestId() = 0;

  virtual absl::StatusOr<v1::RegisterWorkerResponse> Register(
      const v1::RegisterWorkerRequest& request) = 0;
  // Blocks for the request's wait (30 s where it names none) and a little more.
  virtual absl::StatusOr<v1::AcquireWorkResponse> Acquire(
      const v1::AcquireWorkRequest& request) = 0;
  virtual absl::StatusOr<v1::RenewLeasesResponse> Renew(const v1::RenewLeasesRequest& request,
                                                        absl::Duration timeout) = 0;
  virtual absl::StatusOr<v1::ReportMeasurementsResponse> Report(
      const v1::ReportMeasurementsRequest& request) = 0;
  virtual absl::StatusOr<v1::FinishWorkResponse> Finish(const v1::FinishWorkRequest& request) = 0;
  virtual absl::StatusOr<v1::GiveBackWorkResponse> GiveBack(const v1::GiveBackWorkRequest& request,
                                                            absl::Duration timeout) = 0;

  // Sends the chunk of `file` that starts at `offset`, with its checksum. `crc32` is that of the
  // whole. Returns how much of the file the coordinator has; all of it: it is stored.
  virtual absl::StatusOr<int64_t> UploadChunk(const v1::FencingToken& token,
                                              v1::Artifact::Kind kind, int64_t step,
                                              absl::string_view file, uint32_t crc32,
                                              int64_t offset) = 0;
  // The artifact's bytes from `offset`, at most a chunk. DATA_LOSS: the checksum differs, or
  // nothing came.
  virtual absl::StatusOr<std::string> DownloadChunk(const v1::Artifact& artifact,
                                                    int64_t offset) = 0;

  // Adds `data`, at most kLogPieceBytes, at `offset` of the attempt's log. Returns how much of the
  // log is there; empty at offset 0, it only asks. OUT_OF_RANGE: something before it is missing.
  virtual absl::StatusOr<int64_t> AppendLog(const v1::FencingToken& token, int64_t offset,
                                            absl::string_view data, absl::Duration timeout) = 0;
  // The code archive's bytes from `offset`, at most a chunk; empty: that is its end. DATA_LOSS: the
  // checksum differs.
  virtual absl::StatusOr<std::string> DownloadCode(const std::string& sha256, int64_t offset) = 0;

  // Every Acquire that runs now ends with CANCELLED, or with its answer where that is here. Any
  // thread.
  virtual void EndPolls() = 0;
  // From now on Register and Acquire end with CANCELLED, running ones too. Any thread.
  virtual void CancelWaiting() = 0;
  // The same for all calls.
  virtual void CancelAll() = 0;
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_WORKER_CLIENT_H_
