#include "worker/agent/attempt_runner.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/agent/thread_name.h"
#include "worker/agent/wire_text.h"

namespace caviar::agent {
namespace {

using Outcome = training::Outcome;

// Of ClassResult.name; labels may be longer.
constexpr size_t kMaxClassNameBytes = 256;

Outcome Failed(std::string message) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kFailed;
  outcome.message = std::move(message);
  return outcome;
}

// "fashion-mnist/7", for the log.
std::string NameOf(const v1::Trial& trial, const v1::Study& study) {
  return absl::StrCat(study.name(), "/", trial.number());
}

std::string NameOf(const v1::FencingToken& token) {
  return absl::StrCat(token.epoch(), ".", token.counter());
}

v1::FinishWorkRequest ToRequest(const Outcome& outcome) {
  v1::FinishWorkRequest request;
  switch (outcome.kind) {
    case Outcome::Kind::kCompleted:
      request.mutable_completed();
      break;
    case Outcome::Kind::kFailed:
    case Outcome::Kind::kUnusableCheckpoint:  // of a trainer that was given none
      request.mutable_failed()->set_message(ToWireText(outcome.message));
      break;
    case Outcome::Kind::kInfeasible:
      request.mutable_infeasible()->set_step(outcome.step);
      request.mutable_infeasible()->set_message(ToWireText(outcome.message));
      break;
    case Outcome::Kind::kStopped:
      request.mutable_stopped();
      break;
  }
  return request;
}

v1::Evaluated ToMessage(const training::TestResult& result) {
  v1::Evaluated evaluated;
  evaluated.mutable_metrics()->insert(result.metrics.begin(), result.metrics.end());
  for (const v1::ClassResult& result_of_class : result.classes) {
    v1::ClassResult& sent = *evaluated.add_classes();
    sent = result_of_class;
    sent.set_name(ToWireText(sent.name(), kMaxClassNameBytes));
  }
  return evaluated;
}

// Runs `body`, which returns T; an exception becomes `failed(message)`.
template <typename Body, typename OnFailure>
auto WithoutExceptions(Body body, OnFailure failed) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return failed("the worker ran out of memory; use a smaller network or batch, or fewer slots");
  } catch (const std::exception& error) {
    return failed(absl::StrCat("the trainer threw an exception: ", error.what()));
  } catch (...) {
    return failed("the trainer threw something that is no exception");
  }
}

// Sends what the outbox holds, in order, until all is sent or it cannot be. Then the training is
// stopped: `result` says why.
void SendMeasurements(Outbox& outbox, LeasedCalls calls, absl::Status& result) {
  for (;;) {
    const std::vector<v1::Measurement> batch = outbox.Next();
    if (batch.empty()) return;
    result = calls.Report(batch);
    if (!result.ok()) {
      outbox.Stop();
      return;
    }
    outbox.Pop(batch.size());
  }
}

// Sends the network as ONNX, behind its weights. A trial is as good without it, so that nothing of
// it fails the trial: a coordinator of the release before does not take it.
void StoreModel(const std::string& name, const Outcome& outcome, LeasedCalls& calls) {
  std::string why = outcome.no_model;
  if (!outcome.model.empty()) {
    const absl::Status stored =
        calls.Upload(v1::Artifact::MODEL, outcome.weights_step, outcome.model);
    if (stored.ok() || absl::IsAborted(stored)) return;
    why = std::string(stored.message());
  }
  if (!why.empty()) spdlog::warn("trial {} has no network as ONNX: {}", name, why);
}

// The outcome that counts, where the training's own is not the last word. `sent` says whether all
// measurements were stored.
Outcome Judge(Outcome outcome, const Outbox& outbox, const Lease& lease, const absl::Status& sent) {
  if (outbox.overflowed()) {
    return Failed(
        "more measured values than this worker keeps waited for the coordinator, which was away; "
        "measure less often");
  }
  if (!sent.ok() && !lease.ended()) {
    return Failed(absl::StrCat("the coordinator refused the measurements: ", sent.message()));
  }
  if (outcome.kind == Outcome::Kind::kStopped && !lease.stop_requested()) {
    return Failed("the trainer stopped without being told to");
  }
  return outcome;
}

}  // namespace

void AttemptRunner::RunTrial(const v1::TrialWork& work, Lease& lease) {
  const std::string name = NameOf(work.trial(), work.study());
  spdlog::info("trial {} attempt {} starts, lease {}", name, work.attempt(), NameOf(lease.token()));
  Outbox outbox(lease, options_.max_unsent_values);
  absl::Status sent;  // the sender's until it is joined
  std::thread sender([&] {
    NameThisThread(absl::StrCat("send-", work.trial().number()));
    SendMeasurements(outbox, LeasedCalls(client_, lease, options_.backoff), sent);
  });
  Outcome outcome = Train(work, outbox);
  lease.BeginOutcome();
  outbox.Close();
  sender.join();

  LeasedCalls calls(client_, lease, options_.backoff);
  outcome = Judge(std::move(outcome), outbox, lease, sent);
  if (outcome.kind == Outcome::Kind::kCompleted && !outcome.weights.empty()) {
    const absl::Status stored =
        calls.Upload(v1::Artifact::WEIGHTS, outcome.weights_step, outcome.weights);
    if (stored.ok()) {
      StoreModel(name, outcome, calls);
    } else {
      outcome = Failed(absl::StrCat("the weights could not be stored: ", stored.message()));
    }
  }
  spdlog::info("trial {} attempt {} ends, lease {}: {}", name, work.attempt(),
               NameOf(lease.token()), Finish(ToRequest(outcome), calls, lease));
}

training::Outcome AttemptRunner::Train(const v1::TrialWork& work,
                                       training::AttemptObserver& observer) {
  return WithoutExceptions(
      [&] {
        return trainer_.Train({work.study(), work.trial()}, observer);
      },
      Failed);
}

void AttemptRunner::RunEvaluation(const v1::EvaluationWork& work, Lease& lease) {
  const std::string name = NameOf(work.trial(), work.study());
  spdlog::info("evaluation of {} on the test set starts, lease {}", name, NameOf(lease.token()));
  LeasedCalls calls(client_, lease, options_.backoff);
  v1::FinishWorkRequest request = Evaluate(work, calls);
  lease.BeginOutcome();
  spdlog::info("evaluation of {} on the test set ends, lease {}: {}", name, NameOf(lease.token()),
               Finish(std::move(request), calls, lease));
}

v1::FinishWorkRequest AttemptRunner::Evaluate(const v1::EvaluationWork& work, LeasedCalls& calls) {
  v1::FinishWorkRequest request;
  const absl::StatusOr<std::string> weights = calls.Download(work.weights());
  using Result = absl::StatusOr<training::TestResult>;
  const Result result =
      !weights.ok()
          ? Result(weights.status())
          : WithoutExceptions(
                [&] { return trainer_.Evaluate(work.study(), work.trial(), *weights); },
                [](const std::string& message) -> Result { return absl::InternalError(message); });
  if (result.ok()) {
    *request.mutable_evaluated() = ToMessage(*result);
  } else {
    request.mutable_failed()->set_message(ToWireText(result.status().message()));
  }
  return request;
}

std::string AttemptRunner::Finish(v1::FinishWorkRequest request, LeasedCalls& calls,
                                  const Lease& lease) {
  absl::StatusOr<v1::Trial::State> state = calls.Finish(request);
  if (!state.ok() && !lease.ended() && !request.has_failed()) {
    // So that the trial does not wait for a lease that nobody renews.
    spdlog::error("the coordinator refused an outcome: {}",
                  state.status().ToString(absl::StatusToStringMode::kWithNoExtraData));
    v1::FinishWorkRequest failed;
    failed.mutable_failed()->set_message(ToWireText(
        absl::StrCat("the coordinator refused the outcome: ", state.status().message())));
    state = calls.Finish(failed);
  }
  switch (lease.state()) {
    case Lease::State::kLost:
      return "dropped, the lease is lost";
    case Lease::State::kReleased:
      return "given back, the worker is leaving";
    case Lease::State::kHeld:
      break;
  }
  if (!state.ok())
    return absl::StrCat("dropped, ",
                        state.status().ToString(absl::StatusToStringMode::kWithNoExtraData));
  if (request.has_evaluated()) return "EVALUATED";
  return v1::Trial::State_Name(*state);
}

}  // namespace caviar::agent
