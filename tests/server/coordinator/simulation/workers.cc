#include "tests/server/coordinator/simulation/workers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/error_detail.h"

namespace caviar::coordinator::simulation {

void Workers::Start() {
  if (world_.is_over) return;
  auto worker = std::make_shared<Worker>();
  worker->name = ++names_;
  Register(worker);
}

void Workers::Register(const WorkerPtr& worker) {
  v1::RegisterWorkerRequest request;
  request.mutable_request_id()->set_client_id(worker->client());
  request.mutable_request_id()->set_sequence(++worker->sequence);
  request.set_name(absl::StrCat("w", worker->name));
  request.set_slots(1);
  request.add_features("batch_norm_network");
  request.add_features("command");
  Call call{Verb::kRegister};
  call.client = worker->client();
  call.sequence = worker->sequence;
  world_.network.Insist<v1::RegisterWorkerResponse>(
      world_.network.NewCall(std::move(call)),
      [this, request](auto done) {
        world_.frontend.Decide(&Core::RegisterWorker, request, std::move(done));
      },
      [this] { return !world_.is_over; },
      [this, worker](const absl::StatusOr<v1::RegisterWorkerResponse>& response) {
        if (!response.ok()) return;
        const bool first = worker->id.empty();
        worker->id = response->worker_id();
        BeginToAcquire(worker);
        if (first) Renew(worker);
      });
}

void Workers::BeginToAcquire(const WorkerPtr& worker) {
  Call call{Verb::kAcquire};
  call.client = worker->client();
  call.sequence = ++worker->sequence;
  worker->acquire = world_.network.NewCall(std::move(call));
  Acquire(worker);
}

// What is empty or lost on the way, there or back, is tried again with the same id.
void Workers::Acquire(const WorkerPtr& worker) {
  if (worker->dead || worker->work || worker->evaluation || worker->acquire == 0 ||
      world_.is_over) {
    return;
  }
  const int64_t asked = ++worker->asked;
  v1::AcquireWorkRequest request;
  request.mutable_request_id()->set_client_id(worker->client());
  request.mutable_request_id()->set_sequence(worker->sequence);
  request.set_worker_id(worker->id);
  world_.network.Send<v1::AcquireWorkResponse>(
      worker->acquire,
      [this, request](auto done) { world_.frontend.Acquire(request, std::move(done)); },
      [this, worker, asked,
       call = worker->acquire](const absl::StatusOr<v1::AcquireWorkResponse>& response) {
        // Of a request that had its answer before.
        if (worker->dead || worker->work || worker->evaluation || worker->acquire != call) return;
        if (response.ok() && response->has_trial()) {
          Begin(worker, response->trial());
        } else if (response.ok() && response->has_evaluation()) {
          BeginToEvaluate(worker, ToToken(response->evaluation().token()));
        } else if (error::HasReason(response.status(), error::kWorkerUnknown)) {
          worker->acquire = 0;
          Register(worker);
        } else if (asked == worker->asked) {
          world_.time.Later(world_.time.Uniform(2), [this, worker, asked] {
            if (asked == worker->asked) Acquire(worker);
          });
        }
      });
  world_.time.Later(25, [this, worker, asked] {
    if (asked == worker->asked) Acquire(worker);
  });
}

void Workers::Begin(const WorkerPtr& worker, const v1::TrialWork& work) {
  worker->work = work;
  worker->reported.reset();
  worker->finish.reset();
  Resume(worker);
  if (!worker->work) return;  // it was given back
  world_.time.Later(1 + world_.time.Uniform(20), [this, worker, token = worker->token()] {
    if (worker->work && worker->token() == token) TrainStep(worker);
  });
}

// Takes its state from the checkpoint: that has to be the curve which the coordinator counts.
void Workers::Resume(const WorkerPtr& worker) {
  worker->curve.clear();
  worker->checkpoint_due = worker->pause_due = false;
  const v1::TrialWork& work = *worker->work;
  worker->weights_due = world_.HasTestSet(work.trial().study());
  if (!work.has_checkpoint()) return;
  const v1::Artifact& checkpoint = work.checkpoint();
  const auto study = world_.memory.GetStudy(checkpoint.study());
  if (!study.ok()) return;
  const auto row =
      world_.memory.GetArtifact(study->study.id, checkpoint.trial(), checkpoint.attempt(),
                                v1::Artifact::CHECKPOINT, checkpoint.step());
  // An answer that came late: meanwhile another has the trial.
  if (!row.ok()) return GiveBack(worker, "gone");
  worker->curve = world_.contents[row->file];
  const auto attempt = world_.store->FindAttempt(work.token().epoch(), work.token().counter());
  if (!attempt.ok() || !*attempt || (*attempt)->outcome != v1::Attempt::OUTCOME_UNSPECIFIED) return;
  // Another study has its name by now.
  const auto trial = world_.memory.GetTrial(study->study.id, work.trial().number(), false);
  if (!trial.ok() || trial->trial.id != (*attempt)->trial_id) return;
  const auto curve = world_.store->ReadCurve((*attempt)->trial_id, (*attempt)->number, kMetric);
  if (Curve(curve->begin(), curve->end()) != worker->curve ||
      (*attempt)->resumed_from_step != worker->step()) {
    world_.Fault(absl::StrCat(
        "trial ", work.trial().number(), " of ", work.trial().study(), " goes on in attempt ",
        (*attempt)->number, " from ", row->file, ", which is not the stored curve: ",
        absl::StrJoin(worker->curve, " ", absl::PairFormatter(":")), " instead of ",
        absl::StrJoin(*curve, " ", absl::PairFormatter(":"))));
  }
}

void Workers::Renew(const WorkerPtr& worker) {
  if (worker->dead || world_.is_over) return;
  Call call{Verb::kRenew};
  std::optional<Token> token;
  if (worker->work) call.token = *(token = worker->token());
  if (worker->evaluation) call.token = *(token = worker->evaluation);
  world_.network.Send<bool>(
      world_.network.NewCall(std::move(call)),
      [this, id = worker->id, token](auto done) {
        world_.frontend.Renew(id, token, std::move(done));
      },
      [this, worker, token](const absl::StatusOr<bool>& held) {
        if (!token || !held.ok() || *held) return;
        if (worker->evaluation == token || (worker->work && worker->token() == *token)) {
          Drop(worker);
        }
      });
  // Now and then a worker freezes for longer than its lease.
  const bool freezes = world_.plan.freezes && world_.time.Chance(0.02);
  world_.time.Later(freezes ? 90 + world_.time.Uniform(60) : 10, [this, worker] { Renew(worker); });
}

void Workers::Drop(const WorkerPtr& worker) {
  worker->work.reset();
  worker->evaluation.reset();
  // Its request had its answer: what else comes is not for it.
  worker->acquire = 0;
  world_.time.Later(world_.time.Uniform(2), [this, worker] {
    if (worker->acquire == 0) BeginToAcquire(worker);
  });
}

}  // namespace caviar::coordinator::simulation
