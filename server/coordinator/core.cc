#include "server/coordinator/core.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/objectives.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/state_table.h"
#include "storage/curve.h"

namespace caviar::coordinator {
namespace {

// How many leases one batch may end, and how many trials it may cancel: each is a few rows, and no
// transaction gets long.
constexpr int kExpiredABatch = 200;
constexpr int kCancelledABatch = 200;
// Of the core: no sampler is late for it.
constexpr absl::Duration kStandstill = absl::Milliseconds(250);
// And for so long this process was no coordinator: while it slept or decided, and while it
// committed, which a slow disk draws out.
constexpr absl::Duration kStopped = absl::Seconds(5);
constexpr absl::Duration kStoppedInACommit = absl::Minutes(1);

// A start leaves out more tokens than a power loss can have taken grants where not every commit is
// synced (some megabytes of rows; the first of each process is): a token that a worker may hold is
// never issued again. How many more is drawn, so that this holds, but for one start in thousands,
// also where the whole data directory was put back to an earlier day, which nothing in it shows.
constexpr int64_t kTokensAStart = int64_t{1} << 20;
constexpr uint64_t kDrawnTokensAStart = uint64_t{1} << 32;

}  // namespace

void NoteDamage(Core& core, const absl::Status& status) { core.NoteDamage(status); }

Command MakeParking(Poll poll) {
  // Parked calls outlive a failed commit, so one that is decided again is not parked again.
  auto waiting = std::make_shared<std::optional<Poll>>(std::move(poll));
  Command command;
  command.decide = [waiting](Core& core) {
    if (*waiting) core.Park(*std::exchange(*waiting, std::nullopt));
  };
  command.answer = [waiting](const absl::Status& status) {
    // Never decided: the state cannot be read, or the sequencer is gone.
    if (*waiting) (*waiting)->Answer(status);
  };
  command.needs = Needs::kState;
  return command;
}

Core::Core(Dependencies dependencies, Options options)
    : deps_(std::move(dependencies)),
      options_(std::move(options)),
      start_steady_(deps_.clock.Steady()),
      start_wall_(deps_.clock.Wall()),
      store_health_(deps_.on_store) {}

absl::Status Core::Load() {
  auto snapshot = deps_.store.Load();
  if (!snapshot.ok()) return snapshot.status();
  auto state = MakeState(*std::move(snapshot));
  if (!state.ok()) return state.status();
  state_ = *std::move(state);
  stored_counters_ = state_.counters;
  int64_t& next_token = state_.counters.next_token_counter;
  if (generation_ == 0) {
    first_token_ = next_token + kTokensAStart +
                   static_cast<int64_t>(deps_.randomness.Draw() % kDrawnTokensAStart);
  }
  next_token = std::max(next_token, first_token_);
  ++generation_;
  placement_changed_ = true;

  const absl::Duration now = deps_.clock.Steady();
  deps_.leases.Clear();
  for (auto& [id, study] : state_.studies) {
    // What went by since the last note does not count: the calendar may have jumped, the store be
    // an old backup, and while there was no coordinator the study got nowhere.
    study.active_since = now;
    study.failures_in_a_row = CountFailuresInARow(study);
    state_.open.insert(id);
    for (int32_t number : study.running) {
      TrialState& trial = study.trials[number];
      const storage::AttemptRow& attempt = *trial.attempt;
      const Token token{attempt.token_epoch, attempt.token_counter};
      if (token.epoch != state_.store_epoch) {
        state_.of_other_epochs.emplace(id, number);
        continue;
      }
      deps_.leases.Insert(token, ToLease(study, number, attempt), now);
    }
    for (TrialState& trial : study.trials) {
      if (IsFinal(trial.row.state) || !trial.attempt) continue;
      if (const absl::Status restored = RestoreCurves(study, trial); !restored.ok()) {
        return restored;
      }
      auto own = deps_.store.FindLastStep(trial.row.id, trial.attempt->number);
      if (!own.ok()) return own.status();
      trial.row.last_step = storage::LastStepOfCurve(*trial.attempt, *own);
    }
    if (study.pruner) {
      if (const absl::Status restored = RestorePruner(study); !restored.ok()) return restored;
    }
    FillHistory(study);
    if (study.evaluation && study.evaluation->state == v1::TestEvaluation::RUNNING) {
      const storage::EvaluationRow& row = *study.evaluation;
      const Token token{row.token_epoch, row.token_counter};
      if (token.epoch != state_.store_epoch) {
        state_.of_other_epochs.emplace(id, -1);
        continue;
      }
      deps_.leases.Insert(token, ToLease(study, row), now);
    }
  }
  // Reading may have taken long, and was no time to hear renewals in.
  deps_.leases.FreshTtl(deps_.clock.Steady());
  next_wake_ = next_sweep_ = now;
  return absl::OkStatus();
}

absl::Status Core::RestoreCurves(const StudyState& study, TrialState& trial) const {
  const auto read = [&](const std::string& metric, Curve& curve) {
    const auto values = deps_.store.ReadCurve(trial.row.id, trial.attempt->number, metric);
    if (values.ok()) curve.insert(values->begin(), values->end());
    return values.status();
  };
  absl::Status status =
      read(vocabulary::FirstObjective(study.row.definition).metric(), trial.objective_values);
  for (const std::string& metric : study.other_metrics) {
    if (status.ok()) status = read(metric, trial.other_values[metric]);
  }
  return status;
}

void Core::Begin() {
  batch_.clear();
  dirty_.clear();
  changed_.clear();
  after_commit_.clear();
  served_.clear();
  granted_.clear();
  values_ = 0;
  answers_.clear();
  new_values_.clear();
  new_late_ = {};
  new_late_of_trials_.clear();
  lost_answers_.clear();
}

void Core::Run(std::vector<Command> commands) {
  if (dead_) return;
  const absl::Duration started = deps_.clock.Steady();
  const absl::Cleanup ended_now = [this] { idle_since_ = deps_.clock.Steady(); };
  // More where this process was stopped, or the machine slept.
  ForgiveStandstill(started - next_wake_);
  const absl::Duration overslept = started - std::max(next_wake_, idle_since_);
  if (overslept > kStopped) ForgetTime(overslept);
  Begin();
  if (unread_) {
    if (const absl::Status loaded = Load(); !loaded.ok()) {
      for (Command& command : commands) {
        if (command.needs == Needs::kNothing) command.decide(*this);
      }
      return Recover(commands, loaded);
    }
    unread_ = false;
  }
  if (store_health_.doubted()) RefuseWhileDoubted(commands, started);
  if (dead_) return;
  if (started >= hold_until_ && !replaying_) {
    commands.insert(commands.begin(), std::make_move_iterator(lasting_.begin()),
                    std::make_move_iterator(lasting_.end()));
    lasting_.clear();
  }
  for (Command& command : commands) command.decide(*this);
  // Where this process was stopped since, nothing expires before its holder could be heard.
  const absl::Duration now = deps_.clock.Steady();
  ForgiveStandstill(now - started);
  if (now - started > kStopped) ForgetTime(now - started);
  Housekeep(now);
  HandOut();
  const absl::Duration decided = deps_.clock.Steady();
  const absl::Status status = Commit();
  const absl::Duration ended = deps_.clock.Steady();
  ForgiveStandstill(ended - started);
  if (ended - decided > kStoppedInACommit) ForgetTime(ended - decided);
  if (status.ok()) {
    Measure(ended - decided, commands.size());
    Succeed(commands);
  } else {
    Recover(commands, status);
  }
  SetNextWake();
}

void Core::Measure(absl::Duration commit_took, size_t calls) const {
  if (deps_.measures == nullptr) return;
  if (!batch_.empty()) deps_.measures->OnCommit(commit_took, static_cast<int64_t>(calls));
  if (values_ > 0) deps_.measures->OnValues(values_);
  const absl::Duration now = deps_.clock.Steady();
  for (const absl::Duration asked : granted_) deps_.measures->OnHandOut(now - asked);
}

void Core::ForgiveStandstill(absl::Duration lasted) {
  const absl::Duration now = deps_.clock.Steady();
  // Renewals may not have been heard.
  if (lasted > options_.lease_ttl / 4) deps_.leases.FreshTtl(now);
  if (lasted < kStandstill) return;
  // Whoever was not heard of meanwhile is, soon. Not again and again, where the disk is slow.
  if (lasted > kStopped && !std::exchange(forgetting_waits_, true)) {
    next_forgetting_ = now + absl::Minutes(1);
  }
  for (const int64_t id : state_.open) {
    StudyState& study = state_.studies.at(id);
    if (study.starved_since) study.starved_since = now;
  }
}

absl::Status Core::Commit() {
  if (!damage_.ok()) return damage_;
  if (batch_.empty()) return absl::OkStatus();
  if (state_.counters != stored_counters_) batch_.push_back(state_.counters);
  const absl::Status status = deps_.store.Apply(batch_, state_.commit + 1);
  if (status.ok()) {
    ++state_.commit;
    stored_counters_ = state_.counters;
    store_health_.Works();
    hold_until_ = absl::ZeroDuration();
    next_sweep_ = std::min(next_sweep_, deps_.clock.Steady() + SweepInterval());
  }
  return status;
}

void Core::Succeed(std::vector<Command>& commands) {
  // Taken out first: what is called here may run long, but never into the next batch's state.
  const auto after = std::move(after_commit_);
  const auto changed = std::move(changed_);
  served_.clear();
  CountLate();
  CountLostAnswers();
  for (const auto& act : after) act();
  for (Command& command : commands) command.answer(absl::OkStatus());
  for (const std::string& study : changed) deps_.on_change(study);
}

void Core::CountLate() {
  late_.kept += new_late_.kept;
  late_.dropped += new_late_.dropped;
  for (const auto& [trial_id, kept] : new_late_of_trials_) late_of_trials_[trial_id] += kept;
  const absl::Duration now = deps_.clock.Steady();
  if (late_ == told_late_ || now < next_late_word_ || deps_.on_late == nullptr) return;
  told_late_ = late_;
  next_late_word_ = now + absl::Minutes(1);
  deps_.on_late(late_);
}

void Core::Housekeep(absl::Duration now) {
  if (now >= next_sweep_) {
    next_sweep_ = now + SweepInterval();
    for (const auto& [token, lease] : deps_.leases.TakeExpired(now, kExpiredABatch)) Expire(token);
    for (auto& [id, study] : state_.studies) {
      if (study.row.state == v1::Study::ACTIVE &&
          (study.row.definition.limits().has_max_duration() || study.exhausted ||
           !MayGrow(study))) {
        dirty_.insert(id);
      }
    }
  }
  for (int64_t id : std::set<int64_t>(dirty_)) {
    if (const auto study = state_.studies.find(id); study != state_.studies.end()) {
      CheckLimits(study->second);
    }
  }
  if (now < hold_until_) return;
  if (now >= next_forgetting_) {
    next_forgetting_ = now + absl::Minutes(1);
    forgetting_waits_ = false;
    ForgetWorkers();
    ForgetRequests();
    troubles_.Sweep(now);
    placement_changed_ = true;  // workers may be gone
  }
  // What is not of need is not tried of a store that takes nothing.
  if (placement_changed_ && !store_health_.doubted()) NoteUnplaced();
  PutBackOfOtherEpochs(kExpiredABatch);
  for (int64_t id : std::set<int64_t>(state_.ending)) {
    GoOnEnding(state_.studies.at(id), kCancelledABatch);
  }
  if (!state_.erasing.empty()) {
    const int64_t id = *state_.erasing.begin();
    const auto left = deps_.store.HasStudyRows(id);
    if (left.ok() && *left) {
      batch_.push_back(storage::EraseStudyChunk{id});
    } else if (left.ok()) {
      // An earlier commit erased them, whatever becomes of this one.
      state_.erasing.erase(id);
      deps_.on_erased(id);
    } else {
      hold_until_ = now + absl::Milliseconds(500);
    }
  }
  NoteActiveTimes(now);
}

void Core::SetNextWake() {
  if (unread_) return;
  const absl::Duration now = deps_.clock.Steady();
  next_wake_ = next_sweep_;
  for (const Poll& poll : parked_) next_wake_ = std::min(next_wake_, poll.deadline);
  for (const int64_t id : state_.open) {
    const StudyState& study = state_.studies.at(id);
    if (!study.waiting_for_fresh || parked_.empty()) continue;
    // Past: who waits cannot take it, or it was looked at just now.
    const absl::Duration patient_until = *study.waiting_for_fresh + Patience(study);
    if (patient_until > now) next_wake_ = std::min(next_wake_, patient_until);
  }
  next_wake_ = std::min(next_wake_, NextStandIn(now));
  if (!state_.ending.empty() || !state_.erasing.empty() || !state_.of_other_epochs.empty()) {
    // More of it at once, after what has come in since.
    next_wake_ = std::min(next_wake_, std::max(now + absl::Milliseconds(1), hold_until_));
  }
}

void Core::Drain() {
  draining_ = notes_all_ = true;
  const std::list<Poll> parked = std::move(parked_);
  parked_.clear();
  for (const Poll& poll : parked) {
    poll.Answer(poll.worker_id.empty() ? error::ShuttingDown() : absl::OkStatus());
  }
}

v1::ServerStatus Core::Status() const {
  v1::ServerStatus status;
  v1::TrialCounts& counts = *status.mutable_trial_counts();
  for (const auto& [id, study] : state_.studies) {
    switch (study.row.state) {
      case v1::Study::ACTIVE:
        status.set_active_studies(status.active_studies() + 1);
        break;
      case v1::Study::STOPPED:
        status.set_stopped_studies(status.stopped_studies() + 1);
        break;
      default:
        status.set_ended_studies(status.ended_studies() + 1);
    }
    counts.set_waiting(counts.waiting() + study.counts.waiting());
    counts.set_running(counts.running() + study.counts.running());
    counts.set_paused(counts.paused() + study.counts.paused());
    counts.set_completed(counts.completed() + study.counts.completed());
    counts.set_pruned(counts.pruned() + study.counts.pruned());
    counts.set_failed(counts.failed() + study.counts.failed());
    counts.set_infeasible(counts.infeasible() + study.counts.infeasible());
    counts.set_cancelled(counts.cancelled() + study.counts.cancelled());
  }
  status.set_version(options_.version);
  *status.mutable_lease_ttl() = ToMessage(options_.lease_ttl);
  status.set_commit(state_.commit);
  status.set_store_epoch(state_.store_epoch);
  status.set_late_values_kept(late_.kept);
  status.set_late_values_dropped(late_.dropped);
  status.set_leases(static_cast<int32_t>(deps_.leases.size()));
  status.set_store_failure(std::string(store_health_.failure().message()));
  CountWorkers(status);
  return status;
}

}  // namespace caviar::coordinator
