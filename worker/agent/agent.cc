#include "worker/agent/agent.h"

#include <spdlog/spdlog.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/api/request_ids.h"
#include "worker/agent/attempt_runner.h"
#include "worker/agent/idle_watch.h"
#include "worker/agent/lease_keeper.h"
#include "worker/agent/registration.h"
#include "worker/agent/renewer.h"
#include "worker/agent/slot.h"
#include "worker/agent/trouble.h"
#include "worker/agent/wire_text.h"

namespace caviar::agent {
namespace {

// A full disk or a missing mount lasts longer than a coordinator's absence.
constexpr int kTroubleLastsLonger = 60;

absl::Duration BootTime() {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::DurationFromTimespec(now);
}

constexpr absl::Duration kGoodbyeTimeout = absl::Seconds(1);
constexpr size_t kMaxFingerprintBytes = 512;  // the protocol's

AgentOptions WithNumerics(AgentOptions options, const training::Trainer& trainer) {
  options.registration.set_numerics_fingerprint(
      ToWireLine(trainer.NumericsFingerprint(), kMaxFingerprintBytes));
  return options;
}

class WorkerAgent final : public Agent {
 public:
  WorkerAgent(client::WorkerClient& client, training::Trainer& trainer, AgentOptions options)
      : options_(WithNumerics(std::move(options), trainer)),
        client_(client),
        registration_(client, options_.registration, options_.backoff),
        keeper_(BootTime),
        runner_(
            client, trainer,
            {options_.backoff, options_.max_unsent_values, options_.log, options_.code_directory}) {
  }

  bool Run() override {
    std::optional<Renewer> renewer;
    std::optional<IdleWatch> idle;
    Trouble trouble(kTroubleLastsLonger * options_.backoff.min,
                    kTroubleLastsLonger * options_.backoff.max, client::DrawRandom());
    std::vector<std::unique_ptr<Slot>> slots;
    busy_slots_ = options_.registration.slots();
    bool all_started = true;
    try {
      renewer.emplace(client_, keeper_, registration_, BootTime, options_.backoff);
      idle.emplace(options_.exit_when_idle, [this] {
        spdlog::info("no work for {}: leaving", absl::FormatDuration(options_.exit_when_idle));
        Stop();
      });
      const SlotContext context{client_,           registration_,    keeper_,
                                *renewer,          runner_,          *idle,
                                trouble,           options_.backoff, options_.acquire_wait,
                                options_.end_time, options_.studies, options_.owners,
                                stopping_};
      for (int i = 0; i < options_.registration.slots(); ++i) {
        slots.push_back(std::make_unique<Slot>(i, context, [this] { SlotDone(); }));
      }
    } catch (const std::system_error& error) {
      all_started = false;
      EndWith(static_cast<int>(slots.size()), error);
    }
    registration_.Run([this](const v1::RegisterWorkerResponse& answer) { Registered(answer); });
    const bool all_sent = Leave();
    slots.clear();  // joins
    renewer.reset();
    if (all_sent) SayGoodbye();
    return all_sent && all_started;
  }

  void Stop() override {
    stopping_ = true;
    registration_.Close();
    client_.CancelWaiting();
  }

 private:
  // Where the system gives threads for so many slots only.
  void EndWith(int started, const std::system_error& error) {
    const int wanted = options_.registration.slots();
    spdlog::error(
        "no thread can be started for slot {} of {}: {}; raise the limit of processes (ulimit -u), "
        "or run fewer slots",
        started + 1, wanted, error.code().message());
    Stop();
    for (int i = started; i < wanted; ++i) SlotDone();
  }

  void Registered(const v1::RegisterWorkerResponse& answer) {
    keeper_.SetTtl(absl::Seconds(answer.lease_ttl().seconds()) +
                   absl::Nanoseconds(answer.lease_ttl().nanos()));
    const v1::RegisterWorkerRequest& self = options_.registration;
    spdlog::info("registered as {} ({}) with {} slots; coordinator {}, leases of {}", self.name(),
                 answer.worker_id(), self.slots(), answer.version(),
                 absl::FormatDuration(keeper_.ttl()));
    options_.on_registered();
  }

  void SlotDone() {
    const std::lock_guard lock(mutex_);
    --busy_slots_;
    changed_.notify_all();
  }

  // Waits until all slots are done; false: `end` came first.
  bool AwaitSlots(std::chrono::steady_clock::time_point end) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, end, [this] { return busy_slots_ == 0; });
  }

  // Whether all that ran was handed in or given back.
  bool Leave() {
    const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options_.grace);
    keeper_.Leave();
    spdlog::info("leaving; what runs hands in its checkpoints and is given back");
    if (AwaitSlots(end - absl::ToChronoNanoseconds(options_.grace / 4))) return true;
    // What has no checkpoint by now goes without.
    const std::vector<v1::FencingToken> tokens = keeper_.Release();
    const bool given_back = tokens.empty() || GiveBack(tokens, end);
    if (AwaitSlots(end)) return given_back;
    // What is still to be sent will not be: the coordinator is away.
    keeper_.AbandonAll();
    client_.CancelAll();
    return false;
  }

  // So that people see that it left, and was not lost. Once: nothing depends on it.
  void SayGoodbye() {
    const std::optional<std::string> worker_id = registration_.WorkerId();
    if (!worker_id) return;
    v1::RenewLeasesRequest request;
    request.set_worker_id(*worker_id);
    request.set_leaving(true);
    const auto answer = client_.Renew(request, kGoodbyeTimeout);
    if (answer.ok()) return;
    spdlog::debug("nobody heard that this worker leaves: {}",
                  answer.status().ToString(absl::StatusToStringMode::kWithNoExtraData));
  }

  // Tries until it is answered, for half of the time that is left: outcomes may be waiting too.
  // Whether it was taken.
  bool GiveBack(const std::vector<v1::FencingToken>& tokens,
                std::chrono::steady_clock::time_point end) {
    spdlog::info("{} leases are given back without a checkpoint", tokens.size());
    v1::GiveBackWorkRequest request;
    for (const v1::FencingToken& token : tokens) *request.add_tokens() = token;
    const auto last_try = end - absl::ToChronoNanoseconds(options_.grace / 8);
    client::Backoff backoff(options_.backoff.min, options_.backoff.max, client::DrawRandom());
    for (;;) {
      const auto answer = client_.GiveBack(request, options_.grace / 8);
      if (answer.ok()) return true;
      const absl::Duration delay = backoff.Next();
      const bool for_now = absl::IsUnavailable(answer.status()) ||
                           absl::IsDeadlineExceeded(answer.status()) ||
                           IsNotAdmitted(answer.status());
      if (!for_now ||
          std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(delay) > last_try) {
        spdlog::warn("leases were not given back, they end by themselves: {}",
                     answer.status().ToString(absl::StatusToStringMode::kWithNoExtraData));
        return false;
      }
      absl::SleepFor(delay);
    }
  }

  const AgentOptions options_;
  client::WorkerClient& client_;
  Registration registration_;
  LeaseKeeper keeper_;
  AttemptRunner runner_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // guards busy_slots_
  std::condition_variable changed_;
  int busy_slots_ = 0;
};

}  // namespace

std::unique_ptr<Agent> Agent::Make(client::WorkerClient& client, training::Trainer& trainer,
                                   AgentOptions options) {
  return std::make_unique<WorkerAgent>(client, trainer, std::move(options));
}

}  // namespace caviar::agent
