// One attempt from its grant to its outcome.
#ifndef CAVIAR_WORKER_AGENT_ATTEMPT_RUNNER_H_
#define CAVIAR_WORKER_AGENT_ATTEMPT_RUNNER_H_

#include <spdlog/common.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/worker_service.pb.h"
#include "client/api/worker_client.h"
#include "worker/agent/code_cache.h"
#include "worker/agent/lease.h"
#include "worker/agent/leased_calls.h"
#include "worker/agent/log_box.h"
#include "worker/agent/outbox.h"
#include "worker/training/trainer.h"

namespace caviar::agent {

// Runs attempts on the calling thread; measurements, checkpoints and logs are sent from others.
// Thread safe: the slots share it.
class AttemptRunner {
 public:
  struct Options {
    BackoffBounds backoff;
    int64_t max_unsent_values = Outbox::kDefaultMaxValues;
    LogBox::Options log;
    // Where the code of programs is kept. Empty: none is fetched.
    std::string code_directory;
  };
  AttemptRunner(client::WorkerClient& client, training::Trainer& trainer, const Options& options);

  // Fetches the study's code where it has some, and the checkpoint that came with the grant, trains
  // on from it and reports; then sends all measurements, the weights, the model, and the outcome.
  // Where the lease asks for a checkpoint, or that of the grant cannot be used, it is given back in
  // place of an outcome. Returns when the coordinator has taken that or the lease has ended; what
  // the attempt made is dropped then. Code that is gone, and whatever goes wrong in a trainer,
  // becomes a failed outcome, exceptions included. Whether it went well: the coordinator took its
  // outcome, or a pause. Calls `in_trouble` before it gives it back
  // because this worker is in trouble, and would fare no better if it tried again at once.
  bool RunTrial(const v1::TrialWork& work, Lease& lease, const std::function<void()>& in_trouble);
  // Fetches the weights, evaluates them on the test set, and sends the result. Where it is to stop,
  // or the lease ends, before the weights are there, it is given back or dropped, which is no
  // trouble. The rest as above.
  bool RunEvaluation(const v1::EvaluationWork& work, Lease& lease,
                     const std::function<void()>& in_trouble);

 private:
  // How to log the end of work of the study that `trouble` kept the worker from, or that an
  // evaluation failed of: a warning, but not where it is the same as the last time. Empty: there
  // was none.
  spdlog::level::level_enum LevelOf(const std::string& study, const std::string& trouble);
  // The outcome that counts: of the fetching, the training, or the sending.
  training::Outcome RunAttempt(const v1::TrialWork& work, LeasedCalls& calls, Lease& lease);
  // nullptr: it has none.
  absl::StatusOr<CodeCache::File> FetchCode(const v1::Study& study, LeasedCalls& calls,
                                            const Lease& lease);
  training::Outcome TrainAndSend(const training::AttemptWork& work, Lease& lease);
  training::Outcome Train(const training::AttemptWork& work, training::AttemptObserver& observer);
  // UNAVAILABLE: this worker cannot do it now.
  absl::StatusOr<training::TestResult> Evaluate(const v1::EvaluationWork& work, LeasedCalls& calls);
  struct Ending {
    std::string text;  // what became of it, for the log
    bool went_well = false;
  };
  // `ended`: how, which says why it is given back.
  Ending GiveBack(const training::Outcome& ended, LeasedCalls& calls, const Lease& lease);
  Ending Finish(v1::FinishWorkRequest request, LeasedCalls& calls, const Lease& lease);

  client::WorkerClient& client_;
  training::Trainer& trainer_;
  const Options options_;
  std::optional<CodeCache> code_;
  std::mutex mutex_;
  std::map<std::string, std::string> troubles_;  // by study; guarded by mutex_
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_ATTEMPT_RUNNER_H_
