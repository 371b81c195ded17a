// What a simulated worker does with the best trial of a study that has ended.
#include <utility>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/simulation/workers.h"

namespace caviar::coordinator::simulation {

void Workers::BeginToEvaluate(const WorkerPtr& worker, Token token) {
  worker->evaluation = token;
  world_.time.Later(1 + world_.time.Uniform(100), [this, worker, token] {
    if (worker->evaluation == token) Evaluate(worker);
  });
}

void Workers::Evaluate(const WorkerPtr& worker) {
  if (worker->dead || world_.is_over) return;
  const Token token = *worker->evaluation;
  if (world_.time.Chance(0.1)) {
    worker->dead = true;
    return world_.time.Later(world_.time.Uniform(30), [this] { Start(); });
  }
  Call call{Verb::kEvaluate};
  call.token = token;
  const size_t place = world_.network.NewCall(std::move(call));
  if (world_.time.Chance(0.1)) {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = ToMessage(token);
    world_.network.Send<v1::GiveBackWorkResponse>(
        place,
        [this, request](auto done) {
          world_.frontend.Decide(&Core::GiveBack, request, std::move(done));
        },
        [](const auto&) {});
    return Drop(worker);
  }
  const double value = world_.NewValue();
  v1::FinishWorkRequest request;
  *request.mutable_token() = ToMessage(token);
  (*request.mutable_evaluated()->mutable_metrics())[kTestMetric] = value;
  world_.network.Insist<v1::FinishWorkResponse>(
      place, [this, request](auto done) { world_.frontend.Finish(request, std::move(done)); },
      [this, worker] { return !worker->dead && !world_.is_over; },
      [this, worker, token, value](const absl::StatusOr<v1::FinishWorkResponse>& response) {
        if (response.ok()) world_.evaluated[token] = value;
        if (worker->evaluation == token) Drop(worker);
      });
}

}  // namespace caviar::coordinator::simulation
