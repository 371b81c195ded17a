// Simulated workers: they register, take trials, measure, keep checkpoints and end trials or let go
// of them, evaluate on test sets, renew their leases, freeze, and die.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WORKERS_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WORKERS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/simulation/world.h"

namespace caviar::coordinator::simulation {

class Workers {
 public:
  explicit Workers(World& world) : world_(world) {}
  // One more, with one slot. When it dies, another comes.
  void Start();

 private:
  struct Worker {
    int name = 0;
    std::string id;
    int64_t sequence = 0;  // of its newest request
    size_t acquire = 0;    // the call, repeated until it brings a trial; 0: there is none
    int64_t asked = 0;     // counts the tries
    std::optional<v1::TrialWork> work;
    std::optional<Token> evaluation;  // instead of a trial
    Curve curve;  // what it measured and what its checkpoint brought: all its state
    std::optional<std::pair<size_t, double>> reported;  // not answered: the call and its value
    std::optional<std::pair<size_t, v1::FinishWorkRequest>> finish;  // not answered
    bool checkpoint_due = false;
    bool pause_due = false;
    bool weights_due = false;  // of the trial's best step, before its end
    bool dead = false;

    int64_t step() const { return curve.empty() ? 0 : curve.rbegin()->first; }
    Token token() const { return ToToken(work->token()); }
    std::string client() const { return "worker " + std::to_string(name); }
  };
  using WorkerPtr = std::shared_ptr<Worker>;

  void Register(const WorkerPtr& worker);
  void BeginToAcquire(const WorkerPtr& worker);
  void Acquire(const WorkerPtr& worker);
  void Begin(const WorkerPtr& worker, const v1::TrialWork& work);
  void Resume(const WorkerPtr& worker);
  void Renew(const WorkerPtr& worker);
  void TrainStep(const WorkerPtr& worker);
  void Report(const WorkerPtr& worker);
  void TakeReport(const WorkerPtr& worker, int64_t step, double value,
                  const v1::ReportMeasurementsResponse& response);
  void Checkpoint(const WorkerPtr& worker);
  void KeepWeights(const WorkerPtr& worker);
  void GiveBack(const WorkerPtr& worker, const std::string& unusable);
  void Drop(const WorkerPtr& worker);

  // ends.cc
  // Says from now on that its attempt ended so.
  void End(const WorkerPtr& worker, v1::FinishWorkRequest request);
  void Complete(const WorkerPtr& worker);
  // Its program asks for another run, or it stopped though nobody told it to.
  void LetGo(const WorkerPtr& worker);
  void Finish(const WorkerPtr& worker);
  // What was answered comes again much later, and another outcome too.
  void SayAgain(size_t call, const v1::FinishWorkRequest& request);
  Network::Take<v1::FinishWorkResponse> TakeFinish(const v1::FinishWorkRequest& request) const;

  // evaluations.cc
  void BeginToEvaluate(const WorkerPtr& worker, Token token);
  void Evaluate(const WorkerPtr& worker);

  // A call under the worker's lease. What does not come to an answer is tried again by its next
  // step.
  template <typename Response>
  void Send(const WorkerPtr& worker, size_t call, Network::Take<Response> take,
            std::function<void(const Response&)> on_ok);
  Call CallUnderLease(const Worker& worker, Verb verb) const;

  World& world_;
  int names_ = 0;
};

template <typename Response>
void Workers::Send(const WorkerPtr& worker, size_t call, Network::Take<Response> take,
                   std::function<void(const Response&)> on_ok) {
  const Token token = worker->token();
  world_.network.Send<Response>(
      call, std::move(take),
      [this, worker, token, on_ok](const absl::StatusOr<Response>& response) {
        if (worker->dead || !worker->work || worker->token() != token) return;
        if (response.ok()) {
          on_ok(*response);
        } else if (error::HasReason(response.status(), error::kLeaseLost)) {
          Drop(worker);
        }
      });
  world_.time.Later(2 + world_.time.Uniform(20), [this, worker, token] {
    if (worker->work && worker->token() == token) TrainStep(worker);
  });
}

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_WORKERS_H_
