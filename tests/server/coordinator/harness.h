// A coordinator's core under a virtual clock, without threads: for unit tests and simulations.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_HARNESS_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_HARNESS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/coordinator/core.h"
#include "storage/memory_store.h"

namespace caviar::coordinator {

class VirtualClock : public Clock {
 public:
  absl::Duration Steady() override { return now_; }
  absl::Time Wall() override { return absl::FromUnixSeconds(1'700'000'000) + now_ + wall_jump_; }
  void Advance(absl::Duration by) { now_ += by; }
  // The calendar's clock is set; the steady one does not care.
  void JumpWall(absl::Duration by) { wall_jump_ += by; }

 private:
  absl::Duration now_ = absl::Seconds(1000);
  absl::Duration wall_jump_;
};

class CountingRandomness : public Randomness {
 public:
  uint64_t Draw() override { return ++drawn_ * 0x9E3779B97F4A7C15ull; }

 private:
  uint64_t drawn_ = 0;
};

// Keeps what is to be computed until it is told to compute it.
class HeldSuggester : public Suggester {
 public:
  void Compute(SuggestionTask task, Deliver deliver) override {
    held_.emplace_back(std::move(task), std::move(deliver));
  }
  // The oldest one; what it asks for was drawn when it was asked for.
  void ReleaseOne() {
    auto [task, deliver] = std::move(held_.front());
    held_.pop_front();
    deliver(Suggest(task));
  }
  void Drop() { held_.clear(); }
  size_t size() const { return held_.size(); }

 private:
  std::deque<std::pair<SuggestionTask, Deliver>> held_;
};

// Keeps what it is told.
class KeptMeasures : public Measures {
 public:
  void OnCommit(absl::Duration, int64_t) override { ++commits; }
  void OnFailedCommit() override { ++failed; }
  void OnHandOut(absl::Duration waited) override { hand_outs.push_back(waited); }
  void OnValues(int64_t count) override { values += count; }
  void OnSuggestion(v1::Sampler::Algorithm algorithm, absl::Duration took) override {
    suggestions.emplace_back(algorithm, took);
  }

  int64_t commits = 0, failed = 0, values = 0;
  std::vector<absl::Duration> hand_outs;
  std::vector<std::pair<v1::Sampler::Algorithm, absl::Duration>> suggestions;
};

class Harness {
 public:
  // `suggester`, if any, is used instead of one that computes at once, and `other_store` instead of
  // the one in memory; both outlive this.
  explicit Harness(absl::Duration lease_ttl = absl::Seconds(60), Suggester* suggester = nullptr,
                   storage::Store* other_store = nullptr);
  ~Harness();

  // What a kill -9 and a new start on the same data directory do: what was queued or parked is
  // gone.
  void Restart();

  // Decides and commits all that is queued, and what that queues.
  void Settle();

  // Lets time go by, with the core awake whenever it wants to be.
  void Advance(absl::Duration by);
  // The same, and the worker is heard of each minute.
  void AdvanceWith(const std::string& worker_id, absl::Duration by);

  // Calls a decision; the answer, or DEADLINE_EXCEEDED where there was none. The .cc names those
  // that tests call.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(absl::StatusOr<Response> (Core::*decide)(const Request&),
                                const Request& request);

  template <typename Response>
  void Queue(std::function<absl::StatusOr<Response>(Core&)> decide, Done<Response> done) {
    queue_.push_back(MakeCommand<Response>(std::move(decide), std::move(done)));
  }

  void Post(Command command) { queue_.push_back(std::move(command)); }

  // Parks an acquire; `done` is called when it is answered.
  int64_t QueueAcquire(const std::string& worker_id, const std::string& client, int64_t sequence,
                       Done<v1::AcquireWorkResponse> done, absl::Duration wait = absl::Seconds(30));

  void QueuePoll(Poll poll);

  // Acquires and settles; the answer, or an empty one where the poll is still parked.
  v1::AcquireWorkResponse Acquire(const std::string& worker_id);

  std::string Register(const std::string& name);
  absl::StatusOr<v1::Study> Stop(const std::string& study, bool end = false);
  absl::StatusOr<v1::Study> Resume(const std::string& study);

  v1::RequestId NewRequestId();

  LeaseTable::Renewal Renew(const std::string& worker_id, const std::vector<Token>& tokens) {
    sightings_->SawAgain(worker_id, clock.Steady(), /*leaving=*/false);
    return leases_->Renew(worker_id, tokens, clock.Steady());
  }

  Core& core() { return *core_; }
  LeaseTable& leases() { return *leases_; }
  Sightings& sightings() { return *sightings_; }
  const StudyState& study(const std::string& name) {
    return core_->state().studies.at(core_->state().study_ids.at(name));
  }
  const TrialState& trial(const std::string& name, int number) {
    return study(name).trials[number];
  }

  VirtualClock clock;
  CountingRandomness randomness;
  storage::MemoryStore store;
  KeptMeasures measures;
  std::set<std::string> changed;
  std::set<int64_t> erased;
  // What lies on the disk below artifacts/.
  std::set<std::string> files;
  std::optional<absl::Status> fatal;
  // What was said of checkpoints in shared folders.
  std::vector<storage::SharedCheckpoints> shared;
  std::vector<LateValues> late_words;    // what was said of them
  std::vector<std::string> store_words;  // what was said of its failures; "": it works again
  bool tell_ends = false;                // from the next restart on
  Limits limits;                         // the same
  std::vector<storage::StudyEndRow> ends;

 private:
  const absl::Duration lease_ttl_;
  InlineSuggester inline_suggester_;
  Suggester& suggester_;
  storage::Store& store_;
  std::unique_ptr<LeaseTable> leases_;
  std::unique_ptr<Sightings> sightings_;
  std::unique_ptr<Core> core_;
  std::vector<Command> queue_;
  int64_t next_poll_ = 0;
  int64_t next_sequence_ = 0;
};

// A small study for the built-in trainer; `max_trials` 0: no limit.
v1::Study NetworkStudy(const std::string& name, int max_trials = 4);

// The same for a loop of one's own.
v1::Study ExternalStudy(const std::string& name, int max_trials = 4);

}  // namespace caviar::coordinator

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_HARNESS_H_
