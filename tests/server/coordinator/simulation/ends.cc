// How simulated workers end their attempts, and what of that comes again later.
#include <utility>

#include "tests/server/coordinator/simulation/workers.h"

namespace caviar::coordinator::simulation {
namespace {

// Something else under the same token.
v1::FinishWorkRequest Contradict(const v1::FinishWorkRequest& request, bool gives_reason) {
  v1::FinishWorkRequest other;
  *other.mutable_token() = request.token();
  if (request.has_completed() || gives_reason) {
    other.mutable_run_again()->set_message("simulated other reason");
  } else {
    other.mutable_completed();
  }
  return other;
}

Call ToCall(const std::string& study, const v1::FinishWorkRequest& request) {
  Call call{Verb::kFinish};
  call.study = study;
  call.token = ToToken(request.token());
  if (request.has_completed()) call.outcome = v1::Attempt::COMPLETED;
  if (request.has_stopped()) call.outcome = v1::Attempt::GIVEN_BACK;
  if (request.has_failed()) {
    call.outcome = v1::Attempt::FAILED;
    call.why = request.failed().message();
  }
  if (request.has_run_again()) {
    call.outcome = v1::Attempt::RUN_AGAIN;
    call.why = request.run_again().message();
  }
  return call;
}

}  // namespace

void Workers::End(const WorkerPtr& worker, v1::FinishWorkRequest request) {
  if (worker->finish) return;
  *request.mutable_token() = worker->work->token();
  const size_t call = world_.network.NewCall(ToCall(worker->work->trial().study(), request));
  worker->finish = {call, std::move(request)};
}

void Workers::Complete(const WorkerPtr& worker) {
  v1::FinishWorkRequest request;
  if (worker->work->trial().number() % 7 == 3) {
    request.mutable_failed()->set_message("simulated failure");
  } else {
    request.mutable_completed();
  }
  End(worker, std::move(request));
  Finish(worker);
}

void Workers::LetGo(const WorkerPtr& worker) {
  v1::FinishWorkRequest request;
  if (world_.time.Chance(0.6)) {
    request.mutable_run_again()->set_message("simulated reason");
  } else {
    request.mutable_stopped();
  }
  End(worker, std::move(request));
  Finish(worker);
}

void Workers::Finish(const WorkerPtr& worker) {
  const auto& [call, request] = *worker->finish;
  Send<v1::FinishWorkResponse>(
      worker, call, TakeFinish(request),
      [this, worker, call = call, request = request](const v1::FinishWorkResponse&) {
        const bool ends_trial = request.has_completed() || request.has_failed();
        if (ends_trial) world_.finished[worker->token()] = worker->curve;
        SayAgain(call, request);
        Drop(worker);
      });
}

void Workers::SayAgain(size_t call, const v1::FinishWorkRequest& request) {
  if (world_.time.Chance(0.3)) {
    world_.network.Stray<v1::FinishWorkResponse>(call, TakeFinish(request));
  }
  if (world_.time.Chance(0.1)) {
    const auto other = Contradict(request, request.has_run_again() && world_.time.Chance(0.5));
    world_.network.Stray<v1::FinishWorkResponse>(
        world_.network.NewCall(ToCall(world_.history.calls[call].study, other)), TakeFinish(other));
  }
}

Network::Take<v1::FinishWorkResponse> Workers::TakeFinish(
    const v1::FinishWorkRequest& request) const {
  return [this, request](auto done) { world_.frontend.Finish(request, std::move(done)); };
}

}  // namespace caviar::coordinator::simulation
