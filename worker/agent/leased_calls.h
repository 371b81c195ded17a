// Calls under a lease.
#ifndef CAVIAR_WORKER_AGENT_LEASED_CALLS_H_
#define CAVIAR_WORKER_AGENT_LEASED_CALLS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "caviar/v1/worker_service.pb.h"
#include "client/api/backoff.h"
#include "client/api/worker_client.h"
#include "worker/agent/lease.h"

namespace caviar::agent {

// How long to wait between tries while the coordinator is away.
struct BackoffBounds {
  absl::Duration min = absl::Milliseconds(100);
  absl::Duration max = absl::Seconds(10);
};

// Whether the coordinator does not know the caller, or does not let it: for now. Tokens are changed
// at the coordinator and at its workers, one after the other.
bool IsNotAdmitted(const absl::Status& status);

// Every call waits while the lease is fenced, and is repeated, with backoff, while the coordinator
// is away or does not know who calls: for as long as the lease stands. Errors: ABORTED: the lease
// has ended (the Lease knows how); anything else is the coordinator's last word. Each thread of an
// attempt has its own.
class LeasedCalls {
 public:
  LeasedCalls(client::WorkerClient& client, Lease& lease, const BackoffBounds& bounds);

  // A directive to stop is passed on to the lease.
  absl::Status Report(const std::vector<v1::Measurement>& measurements);
  // Asked between the chunks of a file (false), and when one did not get through for now (true):
  // whether to give it up.
  using GiveUp = std::function<bool(bool failed)>;

  // OK: the file is stored. CANCELLED: given up. DATA_LOSS: it came out damaged, several times.
  absl::Status Upload(v1::Artifact::Kind kind, int64_t step, const std::string& file,
                      const GiveUp& give_up = nullptr);
  // The whole file, its size and checksum verified. DATA_LOSS: they differ, several times.
  // NOT_FOUND: it is gone, and the lease stands. Given up, with an error, where the attempt is to
  // stop.
  absl::StatusOr<std::string> Download(const v1::Artifact& artifact);
  // How much of the attempt's log is there once `data` was added at `offset`. Less than `offset`:
  // the coordinator lost what was before it, and took nothing.
  absl::StatusOr<int64_t> AppendLog(int64_t offset, absl::string_view data, const GiveUp& give_up);
  // The whole code archive, its size and hash verified; as Download otherwise.
  absl::StatusOr<std::string> DownloadCode(const v1::CodeArchive& archive);
  // Gives the lease back, and ends it. `request` says why; its token is set here.
  absl::Status GiveBack(v1::GiveBackWorkRequest request = {});
  // `request` without its token.
  absl::StatusOr<v1::Trial::State> Finish(v1::FinishWorkRequest request);

 private:
  // Sends the file from its start, once. OUT_OF_RANGE: the coordinator lost what it had of it.
  absl::Status SendFile(v1::Artifact::Kind kind, int64_t step, const std::string& file,
                        uint32_t crc32, const GiveUp& give_up);
  // Fetches a file of `size` bytes, `chunk(offset)` at a time, until `is_whole`. `name` is the
  // file's, for messages.
  absl::StatusOr<std::string> Fetch(
      absl::string_view name, int64_t size,
      const std::function<absl::StatusOr<std::string>(int64_t)>& chunk,
      const std::function<bool(const std::string&)>& is_whole);
  // Whether a call that answers LEASE_LOST has the last word. A file's piece is only looked up
  // among the leases of now: after a cut, Renew may give back one that has expired.
  enum class LeaseLost { kFinal, kDoubtful };
  // Calls `attempt`, which returns an absl::StatusOr, until its answer is final.
  template <typename Attempt>
  auto Repeat(Attempt attempt, LeaseLost lease_lost, const GiveUp& give_up = nullptr)
      -> decltype(attempt());
  // Whether to try again after `status`; sleeps before it says yes.
  bool TryAgain(const absl::Status& status);

  client::WorkerClient& client_;
  Lease& lease_;
  const BackoffBounds bounds_;
  client::Backoff backoff_;
  int doubtful_tries_ = 0;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_LEASED_CALLS_H_
