// What a simulated worker does under a lease: measure, keep checkpoints and weights, give it back.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/server/coordinator/simulation/workers.h"

namespace caviar::coordinator::simulation {

void Workers::TrainStep(const WorkerPtr& worker) {
  if (worker->dead || !worker->work || world_.is_over) return;
  if (world_.time.Chance(0.01)) {
    worker->dead = true;
    return world_.time.Later(world_.time.Uniform(30), [this] { Start(); });
  }
  if (worker->work->has_checkpoint() && world_.time.Chance(0.03))
    return GiveBack(worker, "damaged");
  if (world_.time.Chance(0.04)) return GiveBack(worker, "");
  if (worker->finish) return Finish(worker);
  if (world_.time.Chance(0.02)) return LetGo(worker);
  if (worker->checkpoint_due) return Checkpoint(worker);
  if (worker->pause_due) return GiveBack(worker, "");
  if (worker->step() < kEpochs) return Report(worker);
  worker->weights_due ? KeepWeights(worker) : Complete(worker);
}

Call Workers::CallUnderLease(const Worker& worker, Verb verb) const {
  Call call{verb};
  call.study = worker.work->trial().study();
  call.token = worker.token();
  return call;
}

void Workers::Report(const WorkerPtr& worker) {
  const int64_t step = worker->step() + 1;
  // A repeat may bring another value: then the first one counts.
  if (!worker->reported || world_.time.Chance(0.5)) {
    Call call = CallUnderLease(*worker, Verb::kReport);
    call.step = step;
    call.value = world_.NewValue();
    const double value = call.value;
    worker->reported = {world_.network.NewCall(std::move(call)), value};
  }
  const auto [call, value] = *worker->reported;
  v1::ReportMeasurementsRequest request;
  *request.mutable_token() = worker->work->token();
  request.add_measurements()->set_step(step);
  (*request.mutable_measurements(0)->mutable_metrics())[kMetric] = value;
  Send<v1::ReportMeasurementsResponse>(
      worker, call,
      [this, request](auto done) { world_.frontend.Report(request, std::move(done)); },
      [this, worker, step, value = value](const v1::ReportMeasurementsResponse& response) {
        if (step == worker->step() + 1) TakeReport(worker, step, value, response);
      });
}

void Workers::TakeReport(const WorkerPtr& worker, int64_t step, double value,
                         const v1::ReportMeasurementsResponse& response) {
  if (response.directive() == v1::DIRECTIVE_STOP) {
    v1::FinishWorkRequest stopped;
    stopped.mutable_stopped();
    return End(worker, std::move(stopped));
  }
  const Curve stored = world_.StoredValues(worker->token(), kMetric);
  const auto first = stored.find(step);
  worker->curve[step] = first == stored.end() ? value : first->second;
  worker->reported.reset();
  worker->pause_due = response.directive() == v1::DIRECTIVE_PAUSE;
  worker->checkpoint_due = worker->pause_due || world_.time.Chance(0.6);
}

void Workers::Checkpoint(const WorkerPtr& worker) {
  storage::ArtifactRow row;
  row.kind = v1::Artifact::CHECKPOINT;
  row.step = worker->step();
  row.size = 1;
  row.file = absl::StrCat(row.step, "-", world_.time.Chance(0.5) ? world_.time.Uniform(1) : 0.0);
  Send<v1::UploadChunkResponse>(
      worker, world_.network.NewCall(CallUnderLease(*worker, Verb::kCheckpoint)),
      [this, token = worker->token(), row, curve = worker->curve](auto done) {
        storage::ArtifactRow whole = row;
        if (const auto lease = world_.process.leases().Find(token)) {
          whole.file =
              absl::StrCat("artifacts/", lease->study_id, "/", lease->number, "/", lease->attempt,
                           "-checkpoint-", row.file, "-", world_.process.uploads++, ".bin");
          world_.contents[whole.file] = curve;
        }
        world_.frontend.Checkpoint(token, whole, std::move(done));
      },
      [worker](const v1::UploadChunkResponse&) { worker->checkpoint_due = false; });
}

// Of the first step with the largest value.
void Workers::KeepWeights(const WorkerPtr& worker) {
  storage::ArtifactRow row;
  row.kind = v1::Artifact::WEIGHTS;
  row.step = std::max_element(worker->curve.begin(), worker->curve.end(),
                              [](const auto& a, const auto& b) { return a.second < b.second; })
                 ->first;
  row.size = 1;
  Send<v1::UploadChunkResponse>(
      worker, world_.network.NewCall(CallUnderLease(*worker, Verb::kCheckpoint)),
      [this, token = worker->token(), row](auto done) {
        storage::ArtifactRow whole = row;
        if (const auto lease = world_.process.leases().Find(token)) {
          whole.file =
              absl::StrCat("artifacts/", lease->study_id, "/", lease->number, "/", lease->attempt,
                           "-weights-", row.step, "-", world_.process.uploads++, ".bin");
        }
        world_.frontend.Checkpoint(token, whole, std::move(done));
      },
      [worker](const v1::UploadChunkResponse&) { worker->weights_due = false; });
}

void Workers::GiveBack(const WorkerPtr& worker, const std::string& unusable) {
  v1::GiveBackWorkRequest request;
  *request.add_tokens() = worker->work->token();
  request.set_unusable_checkpoint(unusable);
  world_.network.Send<v1::GiveBackWorkResponse>(
      world_.network.NewCall(CallUnderLease(*worker, Verb::kGiveBack)),
      [this, request](auto done) {
        world_.frontend.Decide(&Core::GiveBack, request, std::move(done));
      },
      [](const auto&) {});
  Drop(worker);
}

}  // namespace caviar::coordinator::simulation
