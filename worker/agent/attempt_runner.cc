#include "worker/agent/attempt_runner.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "deploy/logs/logs.h"
#include "worker/agent/sender.h"
#include "worker/agent/wire_text.h"
#include "worker/training/not_begun.h"

namespace caviar::agent {
namespace {

using Outcome = training::Outcome;

// Of ClassResult.name; labels may be longer.
constexpr size_t kMaxClassNameBytes = 256;
// Of a reason, in a line of the log.
constexpr size_t kMaxReasonBytes = 500;

Outcome Failed(std::string message) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kFailed;
  outcome.message = std::move(message);
  return outcome;
}

Outcome WorkerTrouble(std::string message) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kWorkerTrouble;
  outcome.message = std::move(message);
  return outcome;
}

Outcome Stopped() {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kStopped;
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
    case Outcome::Kind::kWorkerTrouble:  // these two are given back instead
    case Outcome::Kind::kUnusableCheckpoint:
      request.mutable_failed()->set_message(ToWireText(outcome.message));
      break;
    case Outcome::Kind::kInfeasible:
      request.mutable_infeasible()->set_step(outcome.step);
      request.mutable_infeasible()->set_message(ToWireText(outcome.message));
      break;
    case Outcome::Kind::kStopped:
      request.mutable_stopped();
      break;
    case Outcome::Kind::kRunAgain:
      request.mutable_run_again()->set_message(ToWireText(outcome.message));
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

v1::FinishWorkRequest ToRequest(const absl::StatusOr<training::TestResult>& result) {
  v1::FinishWorkRequest request;
  if (result.ok()) {
    *request.mutable_evaluated() = ToMessage(*result);
  } else {
    request.mutable_failed()->set_message(ToWireText(result.status().message()));
  }
  return request;
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

// Downloads, also where memory does not suffice: RESOURCE_EXHAUSTED.
template <typename Download>
absl::StatusOr<std::string> Fetch(Download download) {
  using File = absl::StatusOr<std::string>;
  return WithoutExceptions(download, [](const std::string& message) -> File {
    return absl::ResourceExhaustedError(message);
  });
}

absl::StatusOr<std::string> Fetch(const v1::Artifact& artifact, LeasedCalls& calls) {
  return Fetch([&] { return calls.Download(artifact); });
}

// What a file that was not fetched means for its trial: whether there is none any more, or this
// worker cannot have it now.
bool IsGone(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsNotFound(status) || absl::IsInvalidArgument(status);
}

Outcome WithoutCode(const v1::Study& study, const absl::Status& status) {
  const std::string message = absl::StrCat("the code of study \"", study.name(),
                                           "\" could not be fetched: ", status.message());
  if (!IsGone(status)) return WorkerTrouble(message);
  return Failed(message + "; create the study again, so that it is uploaded anew");
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

Outcome WithoutCheckpoint(const absl::Status& status) {
  const std::string message = absl::StrCat("it could not be fetched: ", status.message());
  if (!IsGone(status)) {
    return WorkerTrouble(absl::StrCat("it cannot get at its checkpoint: ", message));
  }
  Outcome outcome;
  outcome.kind = Outcome::Kind::kUnusableCheckpoint;
  outcome.message = message;
  return outcome;
}

// Why work is given back, for the log.
std::string ReasonOf(const Outcome& ended, const Lease& lease) {
  switch (ended.kind) {
    case Outcome::Kind::kUnusableCheckpoint:
      return absl::StrCat("its checkpoint is unusable: ", ended.message);
    case Outcome::Kind::kWorkerTrouble:
      return absl::StrCat("this worker cannot do it now: ", ended.message);
    default:
      if (lease.pausing()) return "it pauses";
      return lease.checkpoint_requested() ? "the worker is leaving" : "it is to stop";
  }
}

// What the coordinator has taken, for the log. `state` is unspecified for an evaluation.
std::string EndOf(const v1::FinishWorkRequest& taken, v1::Trial::State state) {
  if (taken.has_evaluated()) return "EVALUATED";
  const std::string& message = taken.has_failed()       ? taken.failed().message()
                               : taken.has_infeasible() ? taken.infeasible().message()
                                                        : taken.run_again().message();
  return absl::StrCat(
      state == v1::Trial::STATE_UNSPECIFIED ? "FAILED" : v1::Trial::State_Name(state),
      message.empty() ? "" : ": ", ToWireLine(message, kMaxReasonBytes));
}

// What did not come to an end where the lease was released or lost.
std::string EndOf(const Lease& lease) {
  return lease.state() == Lease::State::kLost ? "dropped, the lease is lost"
                                              : "given back, the worker is leaving";
}

}  // namespace

AttemptRunner::AttemptRunner(client::WorkerClient& client, training::Trainer& trainer,
                             const Options& options)
    : client_(client), trainer_(trainer), options_(options) {
  if (!options_.code_directory.empty()) code_.emplace(options_.code_directory);
}

bool AttemptRunner::RunTrial(const v1::TrialWork& work, Lease& lease,
                             const std::function<void()>& in_trouble) {
  const std::string name = NameOf(work.trial(), work.study());
  const logs::Scope scope({work.study().name(), work.trial().number(), NameOf(lease.token())});
  spdlog::info("trial {} attempt {} starts{}, lease {}", name, work.attempt(),
               work.has_checkpoint() ? absl::StrCat(" after step ", work.checkpoint().step(),
                                                    " of attempt ", work.checkpoint().attempt())
                                     : "",
               NameOf(lease.token()));
  LeasedCalls calls(client_, lease, options_.backoff);
  Outcome outcome = RunAttempt(work, calls, lease);
  const bool is_trouble = outcome.kind == Outcome::Kind::kWorkerTrouble;
  Ending end;
  if (outcome.kind == Outcome::Kind::kStopped && lease.checkpoint_requested()) {
    end = GiveBack(outcome, calls, lease);
  } else if (is_trouble || outcome.kind == Outcome::Kind::kUnusableCheckpoint) {
    lease.BeginOutcome();
    if (is_trouble) in_trouble();
    end = GiveBack(outcome, calls, lease);
  } else {
    lease.BeginOutcome();
    if (outcome.kind == Outcome::Kind::kCompleted && !outcome.weights.empty()) {
      const absl::Status stored =
          calls.Upload(v1::Artifact::WEIGHTS, outcome.weights_step, outcome.weights);
      if (stored.ok()) {
        StoreModel(name, outcome, calls);
      } else {
        outcome = Failed(absl::StrCat("the weights could not be stored: ", stored.message()));
      }
    }
    end = Finish(ToRequest(outcome), calls, lease);
  }
  spdlog::log(LevelOf(work.study().name(), is_trouble ? outcome.message : ""),
              "trial {} attempt {} ends, lease {}: {}", name, work.attempt(), NameOf(lease.token()),
              end.text);
  return end.went_well;
}

spdlog::level::level_enum AttemptRunner::LevelOf(const std::string& study,
                                                 const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  if (trouble.empty()) {
    troubles_.erase(study);
    return spdlog::level::info;
  }
  const bool is_new = std::exchange(troubles_[study], trouble) != trouble;
  return is_new ? spdlog::level::warn : spdlog::level::info;
}

training::Outcome AttemptRunner::RunAttempt(const v1::TrialWork& work, LeasedCalls& calls,
                                            Lease& lease) {
  const absl::StatusOr<CodeCache::File> code = FetchCode(work.study(), calls, lease);
  if (lease.stop_requested()) return Stopped();
  if (!code.ok()) return WithoutCode(work.study(), code.status());
  training::AttemptWork attempt{.study = work.study(),
                                .trial = work.trial(),
                                .attempt = work.attempt(),
                                .code_archive = *code == nullptr ? "" : (*code)->path()};
  if (!work.has_checkpoint()) return TrainAndSend(attempt, lease);
  const absl::StatusOr<std::string> checkpoint = Fetch(work.checkpoint(), calls);
  if (lease.stop_requested()) return Stopped();
  if (!checkpoint.ok()) return WithoutCheckpoint(checkpoint.status());
  attempt.checkpoint = &*checkpoint;
  return TrainAndSend(attempt, lease);
}

absl::StatusOr<CodeCache::File> AttemptRunner::FetchCode(const v1::Study& study, LeasedCalls& calls,
                                                         const Lease& lease) {
  const v1::Code& code = study.trainer().command().code();
  if (!code_ || !code.has_archive()) return CodeCache::File();
  return code_->Get(
      code.archive().sha256(),
      [&] { return Fetch([&] { return calls.DownloadCode(code.archive()); }); },
      [&] { return lease.stop_requested(); });
}

training::Outcome AttemptRunner::TrainAndSend(const training::AttemptWork& work, Lease& lease) {
  Outbox outbox(lease, options_.max_unsent_values, options_.log);
  const auto sender =
      Sender::Start(NameOf(work.trial, work.study), work.trial.number(),
                    work.study.trainer().has_command(), outbox, client_, lease, options_.backoff);
  if (!sender.ok()) return training::NotBegun(sender.status());
  Outcome outcome = Train(work, outbox);
  const bool goes_on = outcome.kind == Outcome::Kind::kStopped && lease.checkpoint_requested();
  if (!goes_on) lease.BeginOutcome();
  outbox.Close(goes_on);
  const absl::Status sent = (*sender)->Join();
  if (outcome.kind == Outcome::Kind::kUnusableCheckpoint && work.checkpoint == nullptr) {
    outcome = Failed(
        absl::StrCat("the trainer refuses a checkpoint that it was not given: ", outcome.message));
  }
  return Judge(std::move(outcome), outbox, lease, sent);
}

training::Outcome AttemptRunner::Train(const training::AttemptWork& work,
                                       training::AttemptObserver& observer) {
  return WithoutExceptions([&] { return trainer_.Train(work, observer); }, Failed);
}

bool AttemptRunner::RunEvaluation(const v1::EvaluationWork& work, Lease& lease,
                                  const std::function<void()>& in_trouble) {
  const std::string name = NameOf(work.trial(), work.study());
  const logs::Scope scope({work.study().name(), work.trial().number(), NameOf(lease.token())});
  spdlog::info("evaluation of {} on the test set starts, lease {}", name, NameOf(lease.token()));
  LeasedCalls calls(client_, lease, options_.backoff);
  const absl::StatusOr<training::TestResult> result = Evaluate(work, calls);
  Ending end;
  std::string trouble(result.status().message());
  if (!absl::IsUnavailable(result.status())) {
    lease.BeginOutcome();
    end = Finish(ToRequest(result), calls, lease);
  } else if (lease.stop_requested()) {
    trouble.clear();
    end = GiveBack(Stopped(), calls, lease);
  } else {
    lease.BeginOutcome();
    in_trouble();
    end = GiveBack(WorkerTrouble(trouble), calls, lease);
  }
  spdlog::log(LevelOf(work.study().name(), trouble),
              "evaluation of {} on the test set ends, lease {}: {}", name, NameOf(lease.token()),
              end.text);
  return end.went_well;
}

absl::StatusOr<training::TestResult> AttemptRunner::Evaluate(const v1::EvaluationWork& work,
                                                             LeasedCalls& calls) {
  using Result = absl::StatusOr<training::TestResult>;
  const auto evaluate = [&]() -> Result {
    const absl::StatusOr<std::string> weights = calls.Download(work.weights());
    if (weights.ok()) return trainer_.Evaluate(work.study(), work.trial(), *weights);
    const std::string message =
        absl::StrCat("the weights could not be fetched: ", weights.status().message());
    return IsGone(weights.status()) ? absl::DataLossError(message)
                                    : absl::UnavailableError(message);
  };
  // Memory that does not suffice fails it wherever it was missed, as in a training: the next worker
  // may have as little.
  return WithoutExceptions(
      evaluate, [](const std::string& message) -> Result { return absl::InternalError(message); });
}

AttemptRunner::Ending AttemptRunner::GiveBack(const Outcome& ended, LeasedCalls& calls,
                                              const Lease& lease) {
  v1::GiveBackWorkRequest request;
  if (ended.kind == Outcome::Kind::kUnusableCheckpoint) {
    request.set_unusable_checkpoint(ToWireText(ended.message));
  } else if (ended.kind == Outcome::Kind::kWorkerTrouble) {
    request.set_worker_trouble(ToWireText(ended.message));
  }
  const std::string reason = ReasonOf(ended, lease);
  const absl::Status status = calls.GiveBack(std::move(request));
  if (status.ok()) {
    const bool is_pause = ended.kind == Outcome::Kind::kStopped && lease.pausing();
    return {absl::StrCat("given back, ", reason), is_pause};
  }
  if (lease.ended()) return {EndOf(lease), false};
  // The coordinator notices that nobody renews the lease any more.
  return {absl::StrCat("not given back, ", reason, "; ",
                       status.ToString(absl::StatusToStringMode::kWithNoExtraData)),
          false};
}

AttemptRunner::Ending AttemptRunner::Finish(v1::FinishWorkRequest request, LeasedCalls& calls,
                                            const Lease& lease) {
  absl::StatusOr<v1::Trial::State> state = calls.Finish(request);
  if (!state.ok() && !lease.ended() && !request.has_failed()) {
    // So that the trial does not wait for a lease that nobody renews.
    spdlog::error("the coordinator refused an outcome: {}",
                  state.status().ToString(absl::StatusToStringMode::kWithNoExtraData));
    request.mutable_failed()->set_message(ToWireText(
        absl::StrCat("the coordinator refused the outcome: ", state.status().message())));
    state = calls.Finish(request);
  }
  // First: a renewal beside the answered call hears that the lease is over.
  if (state.ok()) return {EndOf(request, *state), true};
  if (lease.ended()) return {EndOf(lease), false};
  return {absl::StrCat("dropped, ",
                       state.status().ToString(absl::StatusToStringMode::kWithNoExtraData)),
          false};
}

}  // namespace caviar::agent
