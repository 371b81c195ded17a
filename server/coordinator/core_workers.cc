// Workers: who is registered, and for how long.
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "caviar/v1/retry_delay.h"
#include "server/coordinator/core.h"
#include "server/coordinator/limits.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/placement.h"

namespace caviar::coordinator {
namespace {

constexpr absl::string_view kTooManyWorkers = "TOO_MANY_WORKERS";
// How long one that is not heard of stays known. It may register again at any time.
constexpr absl::Duration kSilence = absl::Hours(24);
// How many one batch may forget.
constexpr size_t kForgottenWorkers = 200;

}  // namespace

absl::StatusOr<v1::RegisterWorkerResponse> Core::RegisterWorker(
    const v1::RegisterWorkerRequest& request) {
  using Response = absl::StatusOr<v1::RegisterWorkerResponse>;
  return Once<v1::RegisterWorkerResponse>(request, "RegisterWorker", [&]() -> Response {
    if (absl::Status room = MakeRoomForWorker(); !room.ok()) return room;
    storage::WorkerRow row;
    row.id = absl::StrFormat("%016x%016x", deps_.randomness.Draw(), deps_.randomness.Draw());
    row.name = request.name();
    row.version = request.version();
    row.slots = request.slots();
    row.features.assign(request.features().begin(), request.features().end());
    row.labels.insert(request.labels().begin(), request.labels().end());
    row.register_time = WallMicros();
    row.numerics_fingerprint = request.numerics_fingerprint();
    row.resources = request.resources();
    v1::RegisterWorkerResponse response;
    response.set_worker_id(row.id);
    *response.mutable_lease_ttl() = ToMessage(options_.lease_ttl);
    *response.mutable_renew_interval() = ToMessage(options_.lease_ttl / 6);
    response.set_version(options_.version);
    state_.workers[row.id] = row;
    placement_changed_ = true;
    batch_.push_back(std::move(row));
    return response;
  });
}

absl::Status Core::MakeRoomForWorker() {
  const auto most = static_cast<size_t>(options_.limits.workers);
  if (state_.workers.size() < most) return absl::OkStatus();
  const absl::Duration now = deps_.clock.Steady();
  // Those that have left are no workers any more, however short ago that was. A few at a time, as
  // each look is at all of them.
  if (now >= crowded_until_)
    ForgetWorkers(options_.lease_ttl, absl::ZeroDuration(), 1 + most / 100);
  if (state_.workers.size() < most) return absl::OkStatus();
  crowded_until_ = std::max(crowded_until_, now + absl::Seconds(1));
  return error::WithRetryDelay(
      absl::ResourceExhaustedError(absl::StrCat(
          "there are ", state_.workers.size(), " workers, none of them silent, and ",
          AtMost(options_.limits.workers, "--max-workers"), "; 'caviar worker list' shows them")),
      kTooManyWorkers, absl::Seconds(30));
}

void Core::ForgetWorkers() { ForgetWorkers(kSilence, kSilence, kForgottenWorkers); }

Core::Silence Core::SilenceOf(const storage::WorkerRow& worker,
                              const std::map<std::string, Sighting>& last_seen) const {
  const absl::Duration now = deps_.clock.Steady();
  const auto seen = last_seen.find(worker.id);
  if (seen != last_seen.end()) return {now - seen->second.at, seen->second.left};
  // Not heard of since this process was started, or registered just now.
  return {std::min(now - start_steady_, absl::Microseconds(BridgeMicros() - worker.register_time)),
          false};
}

void Core::ForgetWorkers(absl::Duration silence, absl::Duration silence_of_left, size_t limit) {
  const std::map<std::string, Sighting> last_seen = deps_.sightings.All();
  const std::set<std::string> owners = FindOwners();
  // The longest silence comes first.
  std::set<std::pair<absl::Duration, std::string>, std::greater<>> silent;
  for (const auto& [id, row] : state_.workers) {
    const Silence lasted = SilenceOf(row, last_seen);
    if (lasted.time >= (lasted.left ? silence_of_left : silence) && !owners.contains(id)) {
      silent.emplace(lasted.time, id);
    }
  }
  for (const auto& [lasted, id] : silent) {
    if (limit-- == 0) break;
    state_.workers.erase(id);
    placement_changed_ = true;
    after_commit_.push_back([this, id = id] { deps_.sightings.Forget(id); });
    batch_.push_back(storage::EraseWorker{id});
  }
}

std::set<std::string> Core::FindOwners() const {
  std::set<std::string> owners;
  for (const auto& [id, study] : state_.studies) {
    for (const auto* numbers : {&study.running, &study.waiting}) {
      for (const int32_t number : *numbers) {
        const auto& attempt = study.trials[static_cast<size_t>(number)].attempt;
        if (attempt && (attempt->outcome == v1::Attempt::OUTCOME_UNSPECIFIED ||
                        attempt->outcome == v1::Attempt::LEASE_EXPIRED)) {
          owners.insert(attempt->worker_id);
        }
      }
    }
    if (study.evaluation && (study.evaluation->state == v1::TestEvaluation::RUNNING ||
                             study.evaluation->state == v1::TestEvaluation::WAITING)) {
      owners.insert(study.evaluation->worker_id);
    }
  }
  return owners;
}

void Core::CountWorkers(v1::ServerStatus& status) const {
  const absl::Duration now = deps_.clock.Steady();
  for (const auto& [id, seen] : deps_.sightings.All()) {
    const auto worker = state_.workers.find(id);
    if (worker == state_.workers.end() || !IsAlive(seen, now)) continue;
    status.set_workers(status.workers() + 1);
    status.set_slots(status.slots() + worker->second.slots);
    status.set_busy_slots(status.busy_slots() + deps_.leases.CountHeldBy(id));
  }
}

bool Core::IsAlive(const Sighting& seen, absl::Duration now) const {
  return !seen.left && now - seen.at <= options_.lease_ttl;
}

void Core::AddRests(v1::Worker& worker, absl::Duration now) const {
  std::map<std::string, absl::Duration> rests;
  for (const auto& [study_id, left] : troubles_.RestsFor(worker.worker_id(), now)) {
    const auto study = state_.studies.find(study_id);
    if (study != state_.studies.end()) rests[study->second.row.definition.name()] = left;
  }
  for (const auto& [study, left] : rests) {
    v1::StudyRest& rest = *worker.add_rests();
    rest.set_study(study);
    *rest.mutable_left() = ToMessage(left);
  }
}

v1::ListWorkersResponse Core::Workers() const {
  const absl::Duration now = deps_.clock.Steady();
  const std::map<std::string, Sighting> last_seen = deps_.sightings.All();
  std::map<std::pair<std::string, std::string>, v1::Worker> sorted;
  for (const auto& [id, row] : state_.workers) {
    const auto seen = last_seen.find(id);
    // Known from an earlier run of the coordinator and not heard of since.
    if (seen == last_seen.end()) continue;
    v1::Worker worker;
    worker.set_name(row.name);
    worker.set_worker_id(id);
    worker.set_state(IsAlive(seen->second, now) ? v1::Worker::ALIVE : v1::Worker::SILENT);
    worker.set_left(seen->second.left);
    worker.set_version(row.version);
    worker.set_slots(row.slots);
    for (const std::string& feature : row.features) worker.add_features(feature);
    for (const auto& [name, value] : row.labels) (*worker.mutable_labels())[name] = value;
    if (RunsPrograms(row)) *worker.mutable_resources() = row.resources;
    worker.mutable_register_time()->set_seconds(row.register_time / 1'000'000);
    *worker.mutable_idle() = ToMessage(now - seen->second.at);
    for (const auto& [token, lease] : deps_.leases.HeldBy(id)) {
      worker.add_running(lease.attempt == 0 ? absl::StrCat(lease.study, "/test")
                                            : absl::StrCat(lease.study, "/", lease.number));
    }
    worker.set_busy_slots(worker.running_size());
    AddRests(worker, now);
    sorted.emplace(std::make_pair(row.name, id), std::move(worker));
  }
  v1::ListWorkersResponse response;
  for (auto& [key, worker] : sorted) *response.add_workers() = std::move(worker);
  return response;
}

}  // namespace caviar::coordinator
