// One attempt from its grant to its outcome.
#ifndef CAVIAR_WORKER_AGENT_ATTEMPT_RUNNER_H_
#define CAVIAR_WORKER_AGENT_ATTEMPT_RUNNER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "caviar/v1/worker_service.pb.h"
#include "client/api/worker_client.h"
#include "worker/agent/lease.h"
#include "worker/agent/leased_calls.h"
#include "worker/agent/outbox.h"
#include "worker/training/trainer.h"

namespace caviar::agent {

// Runs attempts on the calling thread; measurements and checkpoints are sent from two others.
// Thread safe: the slots share it.
class AttemptRunner {
 public:
  struct Options {
    BackoffBounds backoff;
    int64_t max_unsent_values = Outbox::kDefaultMaxValues;
  };
  AttemptRunner(client::WorkerClient& client, training::Trainer& trainer, const Options& options)
      : client_(client), trainer_(trainer), options_(options) {}

  // Fetches the checkpoint that came with the grant, trains on from it and reports; then sends all
  // measurements, the weights, the model, and the outcome. Where the lease asks for a checkpoint,
  // or that of the grant cannot be used, it is given back in place of an outcome. Returns when the
  // coordinator has taken that or the lease has ended; what the attempt made is dropped then.
  // Whatever goes wrong in a trainer becomes a failed outcome, exceptions included.
  void RunTrial(const v1::TrialWork& work, Lease& lease);
  // Fetches the weights, evaluates them on the test set, and sends the result. Gives the lease back
  // where it is to stop before the weights are there.
  void RunEvaluation(const v1::EvaluationWork& work, Lease& lease);

 private:
  // The outcome that counts: of the fetching, the training, or the sending.
  training::Outcome RunAttempt(const v1::TrialWork& work, LeasedCalls& calls, Lease& lease);
  training::Outcome TrainAndSend(const v1::TrialWork& work, const std::string* checkpoint,
                                 Lease& lease);
  training::Outcome Train(const training::AttemptWork& work, training::AttemptObserver& observer);
  v1::FinishWorkRequest Evaluate(const v1::EvaluationWork& work, const std::string& weights);
  // Each returns what became of it, for the log.
  std::string GiveBack(const std::string& unusable_checkpoint, LeasedCalls& calls,
                       const Lease& lease);
  std::string Finish(v1::FinishWorkRequest request, LeasedCalls& calls, const Lease& lease);

  client::WorkerClient& client_;
  training::Trainer& trainer_;
  const Options options_;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_ATTEMPT_RUNNER_H_
