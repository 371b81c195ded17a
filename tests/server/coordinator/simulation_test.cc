// Random histories under a virtual clock: workers that are slow, freeze beyond their lease, leave
// or die, checkpoints that are stored, gone on from or found damaged, pruners that end and pause
// trials, suggestions that come late, people who add trials, calls that get lost on the way there
// or back, commits that fail, a coordinator that is killed at any moment. After every event the
// state is checked against what was promised. A seed reproduces its history exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <queue>
#include <random>
#include <set>

#include "caviar/v1/error_detail.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"
#include "server/sampling/sampler.h"
#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kTtl = absl::Seconds(60);
constexpr int kEpochs = 4;
constexpr char kMetric[] = "validation_accuracy";

using Curve = std::map<int64_t, double>;  // by step

// Five pruners, two samplers, suggestions in time or not: each seed has its own. With repeats there
// is no pruner.
v1::Study StudyOf(uint64_t seed, int workers, int max_trials, int repeats) {
  v1::Study study = NetworkStudy("s", max_trials);
  study.mutable_trainer()->mutable_batch_norm_network()->set_epochs(kEpochs);
  study.mutable_limits()->set_parallel(std::max(1, workers - 1));
  study.mutable_limits()->set_max_attempts(4);
  if (seed / 5 % 2 == 0) study.mutable_sampler()->set_algorithm(v1::Sampler::TPE);
  if (repeats > 1) {
    study.set_repeats(repeats);
    return study;
  }
  if (seed % 5 == 0) return study;
  v1::Pruner& pruner = *study.mutable_pruner();
  switch (seed % 5) {
    case 1:
      pruner.set_algorithm(v1::Pruner::MEDIAN);
      pruner.set_warm_up(2);
      break;
    case 2:
      pruner.set_algorithm(v1::Pruner::ASHA);
      break;
    case 3:
      pruner.set_algorithm(v1::Pruner::ASHA);
      pruner.set_mode(v1::Pruner::PROMOTE);
      break;
    default:
      pruner.set_algorithm(v1::Pruner::HYPERBAND);
      if (seed % 2 == 0) pruner.set_mode(v1::Pruner::PROMOTE);
  }
  if (pruner.algorithm() == v1::Pruner::ASHA || pruner.algorithm() == v1::Pruner::HYPERBAND) {
    pruner.set_grace(1);
    pruner.set_eta(2);
  }
  return study;
}

class Simulation : private Suggester {
 public:
  // `max_trials` configurations, each of them with so many repeats.
  Simulation(uint64_t seed, int workers, int max_trials, int repeats = 1)
      : random_(seed),
        slow_sampler_(seed / 10 % 2 == 0),
        definition_(StudyOf(seed, workers, max_trials, repeats)),
        workers_(workers),
        max_trials_(max_trials),
        repeats_(repeats),
        house_(kTtl, this) {}

  // Runs until the study has ended. Returns a digest of the whole history.
  std::string Run() {
    house_.store.SetBeforeApply([this](const storage::Batch& batch) {
      if (Chance(0.01)) return absl::UnavailableError("simulated I/O error");
      NoteFinals(batch);
      return absl::OkStatus();
    });
    CreateStudy();
    for (int i = 0; i < workers_; ++i) Later(Uniform(10), [this] { StartWorker(); });
    Later(Uniform(200), [this] { Crash(); });
    Later(Uniform(60), [this] { AddTrial(); });
    int events = 0;
    while (house_.study("s").row.state != v1::Study::ENDED && ++events < 200'000 &&
           !::testing::Test::HasFailure()) {
      Step();
    }
    EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED) << "after " << events << " events";
    house_.store.SetBeforeApply(nullptr);
    CheckEnd();
    return digest_;
  }

 private:
  struct Worker {
    int name = 0;
    std::string id;
    std::optional<v1::TrialWork> work;
    int64_t sequence = 0;  // of the pending acquire
    Curve curve;           // what it measured and what its checkpoint brought: all its state
    bool checkpoint_due = false;
    bool pause_due = false;
    bool dead = false;

    int64_t step() const { return curve.empty() ? 0 : curve.rbegin()->first; }
  };

  bool Chance(double p) { return std::bernoulli_distribution(p)(random_); }
  double Uniform(double seconds) { return std::uniform_real_distribution(0.0, seconds)(random_); }

  void Later(double seconds, std::function<void()> act) {
    events_.emplace(house_.clock.Steady() + absl::Seconds(seconds), ++order_, std::move(act));
  }

  void Step() {
    const auto [time, order, act] = events_.top();
    events_.pop();
    house_.Advance(std::max(time - house_.clock.Steady(), absl::Nanoseconds(1)));
    act();
    house_.Settle();
    CheckNow();
  }

  void CreateStudy() {
    v1::CreateStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    *request.mutable_study() = definition_;
    while (!house_.Call(&Core::CreateStudy, request).ok()) {
    }
  }

  // What samplers and people see of the configurations.
  std::string Configurations() {
    const StudyState& study = house_.study("s");
    std::string text = absl::StrCat("best ", study.best.value_or(-1), " pending ");
    for (const int32_t index : study.pending) absl::StrAppend(&text, index, ",");
    absl::StrAppend(&text, " to repeat ");
    for (const int32_t index : study.to_repeat) absl::StrAppend(&text, index, ",");
    for (size_t i = 0; i < study.history.size(); ++i) {
      const sampling::Observation& one = study.history[i];
      absl::StrAppend(&text, " ", one.number, ":", one.state, ":",
                      std::bit_cast<uint64_t>(one.value), ":",
                      std::bit_cast<uint64_t>(one.variance.value_or(-1)));
    }
    return text;
  }

  // What was being computed is gone with the process.
  void Compute(SuggestionTask task, Deliver deliver) override {
    if (!slow_sampler_ || Chance(0.5)) return deliver(Suggest(task));
    Later(Uniform(4), [this, task, deliver, crashes = crashes_] {
      if (crashes == crashes_) deliver(Suggest(task));
    });
  }

  void NoteFinals(const storage::Batch& batch) {
    for (const auto& change : batch) {
      const auto* row = std::get_if<storage::TrialRow>(&change);
      if (row == nullptr || !IsFinal(row->state)) continue;
      final_commits_.emplace(row->number, house_.core().state().commit + 1);
    }
  }

  void Crash() {
    ++crashes_;
    const std::string before = Configurations();
    house_.Restart();
    ASSERT_FALSE(house_.fatal) << *house_.fatal;
    ASSERT_EQ(Configurations(), before);
    const std::set<std::string> files = house_.core().Files();
    std::erase_if(house_.files, [&](const std::string& file) { return !files.contains(file); });
    digest_ += "crash ";
    Later(20 + Uniform(300), [this] { Crash(); });
  }

  // A person queues a configuration or tells a result, until an answer comes.
  void AddTrial() {
    Addition& addition = additions_.emplace_back();
    v1::AddTrialRequest& request = addition.request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    addition.rate = 0.01 + 1e-6 * static_cast<double>(additions_.size());
    (*request.mutable_parameters())["learning_rate"].set_double_value(addition.rate);
    if (Chance(0.5)) (*request.mutable_completed()->mutable_metrics())[kMetric] = Uniform(1);
    SendAddition(additions_.size() - 1);
    Later(40 + Uniform(200), [this] { AddTrial(); });
  }

  void SendAddition(size_t index) {
    if (additions_[index].answered) return;
    if (!Chance(0.1)) {
      house_.Queue<v1::Trial>(
          [request = additions_[index].request](Core& core) { return core.AddTrial(request); },
          [this, index, lost = Chance(0.2)](absl::StatusOr<v1::Trial> trial) {
            if (lost) return;
            if (trial.ok()) {
              additions_[index].number = trial->number();
              absl::StrAppend(&digest_, "+", trial->number(), " ");
            } else if (!absl::IsFailedPrecondition(trial.status())) {
              EXPECT_EQ(trial.status().code(), absl::StatusCode::kUnavailable);
              return;
            }
            additions_[index].answered = true;
          });
    }
    Later(5 + Uniform(20), [this, index] { SendAddition(index); });
  }

  // Each was added once, where it was said, or not at all where that was not said.
  void CheckAdditions() {
    const auto& trials = house_.study("s").trials;
    size_t added = 0;
    for (const Addition& addition : additions_) {
      std::vector<int> found;
      for (const TrialState& trial : trials) {
        if (trial.row.parameters.at("learning_rate").double_value() != addition.rate) continue;
        if (trial.row.origin == v1::Trial::REPEAT) continue;
        EXPECT_EQ(trial.row.origin, v1::Trial::ADDED);
        found.push_back(trial.row.number);
      }
      ASSERT_LE(found.size(), 1u);
      added += found.size();
      if (addition.number) {
        ASSERT_EQ(found, std::vector<int>{*addition.number}) << "acknowledged is durable";
      } else {
        EXPECT_TRUE(!addition.answered || found.empty());
      }
    }
    EXPECT_EQ(added, static_cast<size_t>(
                         std::count_if(trials.begin(), trials.end(), [](const TrialState& trial) {
                           return trial.row.origin == v1::Trial::ADDED;
                         })));
  }

  // What the sampler suggested follows from stored numbers.
  void CheckReplay() {
    const StudyState& study = house_.study("s");
    for (const TrialState& trial : study.trials) {
      EXPECT_FALSE(trial.row.origin == v1::Trial::STAND_IN &&
                   (!slow_sampler_ || definition_.limits().parallel() == 1));
      if (trial.row.origin != v1::Trial::SAMPLER || study.pruner) continue;
      sampling::SamplerInput input;
      input.seed = study.row.definition.sampler().seed();
      input.number = trial.configuration;
      input.max_trials = max_trials_;
      input.parallel = study.row.definition.limits().parallel();
      if (study.sampler->UsesHistory()) {
        const auto was_final = [&](int32_t index) {
          const auto& trials = study.configurations[static_cast<size_t>(index)].trials;
          return std::all_of(trials.begin(), trials.end(), [&](int32_t number) {
            const auto commit = final_commits_.find(number);
            return commit != final_commits_.end() && commit->second <= trial.row.suggestion_commit;
          });
        };
        for (size_t i = 0; i < study.history.size(); ++i) {
          if (was_final(study.history[i].number)) input.history.Add(study.history[i]);
        }
        for (int32_t index = 0; index < trial.configuration; ++index) {
          if (!was_final(index)) input.pending.push_back({FirstTrial(study, index).point, {}});
        }
      }
      const auto sampler = sampling::MakeSampler(study.row.definition.sampler());
      const auto again = sampling::Suggest(**sampler, *study.space, input);
      ASSERT_TRUE(again);
      EXPECT_EQ(study.space->ToPoint(*again).value(), trial.point) << "trial " << trial.row.number;
    }
  }

  void StartWorker() {
    auto worker = std::make_shared<Worker>();
    worker->name = ++names_;
    while ((worker->id = house_.Register(absl::StrCat("w", worker->name))).empty()) {
    }
    Acquire(worker, false);
    Renew(worker);
  }

  // Lost on the way, there or back: the worker tries again with the same id.
  void Acquire(const std::shared_ptr<Worker>& worker, bool again) {
    if (worker->dead) return;
    if (!again) ++worker->sequence;
    const bool lost = Chance(0.1);
    auto answered = std::make_shared<bool>(false);
    if (!Chance(0.1)) {
      house_.QueueAcquire(
          worker->id, absl::StrCat("c", worker->name), worker->sequence,
          [this, worker, answered, lost](absl::StatusOr<v1::AcquireWorkResponse> response) {
            if (lost || worker->dead || *answered || worker->work) return;
            *answered = true;
            const bool granted = response.ok() && response->has_trial();
            if (granted) {
              worker->work = response->trial();
              NoteGrant(*worker);
              Resume(worker);
              Later(1 + Uniform(20), [this, worker] { TrainStep(worker); });
            } else {
              Later(Uniform(2), [this, worker] { Acquire(worker, true); });
            }
          },
          absl::Seconds(20));
    }
    // No answer in time, a crash in between included.
    Later(25, [this, worker, answered] {
      if (!*answered && !worker->work) {
        *answered = true;
        Acquire(worker, true);
      }
    });
  }

  void NoteGrant(const Worker& worker) {
    const int number = worker.work->trial().number();
    const Token token = ToToken(worker.work->token());
    EXPECT_GE(token, newest_[number]) << "tokens of a trial only grow";
    newest_[number] = token;
    absl::StrAppend(&digest_, worker.name, ":", number, "/", worker.work->attempt(), " ");
  }

  // Takes its state from the checkpoint: that has to be the curve which the coordinator counts.
  void Resume(const std::shared_ptr<Worker>& worker) {
    worker->curve.clear();
    worker->checkpoint_due = worker->pause_due = false;
    const v1::TrialWork& work = *worker->work;
    const TrialState& trial = house_.trial("s", work.trial().number());
    // An answer that came late: meanwhile another has the trial.
    if (trial.attempt->number != work.attempt()) return;
    EXPECT_EQ(work.has_checkpoint(), trial.attempt->parent_attempt > 0);
    if (work.has_checkpoint()) {
      const auto row = house_.store.GetArtifact(1, trial.row.number, work.checkpoint().attempt(),
                                                v1::Artifact::CHECKPOINT, work.checkpoint().step());
      ASSERT_TRUE(row.ok()) << row.status();
      ASSERT_TRUE(house_.files.contains(row->file)) << row->file;
      worker->curve = contents_.at(row->file);
      absl::StrAppend(&digest_, "from ", worker->step(), " ");
      EXPECT_EQ(trial.attempt->resumed_from_step, worker->step());
    }
    EXPECT_EQ(trial.objective_values, worker->curve);
    EXPECT_EQ(trial.row.last_step.value_or(0), worker->step());
  }

  void Renew(const std::shared_ptr<Worker>& worker) {
    if (worker->dead) return;
    std::vector<Token> tokens;
    if (worker->work) tokens.push_back(ToToken(worker->work->token()));
    if (!Chance(0.1)) {
      const auto renewal = house_.Renew(worker->id, tokens);
      for (const Token token : renewal.lost) {
        house_.Queue<v1::GiveBackWorkResponse>(
            [token](Core& core) {
              core.LoseGrant(token);
              return v1::GiveBackWorkResponse();
            },
            [](auto) {});
      }
      if (!tokens.empty() && !renewal.held[0]) Revive(worker, tokens[0]);
    }
    // Now and then a worker freezes for longer than its lease.
    Later(Chance(0.02) ? 90 + Uniform(60) : 10, [this, worker] { Renew(worker); });
  }

  void Revive(const std::shared_ptr<Worker>& worker, Token token) {
    house_.Queue<bool>(
        [worker, token](Core& core) { return core.Revive(token, worker->id); },
        [this, worker, token](absl::StatusOr<bool> held) {
          if (held.ok() && !*held && worker->work && ToToken(worker->work->token()) == token) {
            Drop(worker);
          }
        });
  }

  void Drop(const std::shared_ptr<Worker>& worker) {
    worker->work.reset();
    Later(Uniform(2), [this, worker] { Acquire(worker, false); });
  }

  void TrainStep(const std::shared_ptr<Worker>& worker) {
    if (worker->dead || !worker->work) return;
    if (Chance(0.01)) {
      worker->dead = true;
      return Later(Uniform(30), [this] { StartWorker(); });
    }
    const bool resumed = worker->work->has_checkpoint();
    if (resumed && Chance(0.03)) return GiveBack(worker, "damaged");
    if (Chance(0.04)) return GiveBack(worker, "");
    if (worker->checkpoint_due) return Checkpoint(worker);
    if (worker->pause_due) return GiveBack(worker, "");
    worker->step() < kEpochs ? Report(worker) : Finish(worker);
  }

  void GiveBack(const std::shared_ptr<Worker>& worker, const std::string& unusable) {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = worker->work->token();
    request.set_unusable_checkpoint(unusable);
    if (!Chance(0.1)) {
      house_.Queue<v1::GiveBackWorkResponse>(
          [request](Core& core) { return core.GiveBack(request); }, [](const auto&) {});
    }
    Drop(worker);
  }

  // The file first, then its row, which may get lost.
  void Checkpoint(const std::shared_ptr<Worker>& worker) {
    const v1::TrialWork& work = *worker->work;
    // No file is taken without a lease.
    if (!house_.leases().Find(ToToken(work.token()))) return Drop(worker);
    storage::ArtifactRow row;
    row.kind = v1::Artifact::CHECKPOINT;
    row.step = worker->step();
    row.size = 1;
    row.file = absl::StrCat("artifacts/1/", work.trial().number(), "/", work.attempt(),
                            "-checkpoint-", row.step, "-", Chance(0.5) ? ++order_ : 0, ".bin");
    house_.files.insert(row.file);
    contents_[row.file] = worker->curve;
    Send<v1::UploadChunkResponse>(
        worker,
        [token = ToToken(work.token()), row](Core& core) {
          return core.RecordArtifact(token, row);
        },
        [worker](const v1::UploadChunkResponse&) { worker->checkpoint_due = false; });
  }

  void Report(const std::shared_ptr<Worker>& worker) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = worker->work->token();
    auto& measurement = *request.add_measurements();
    measurement.set_step(worker->step() + 1);
    const double value = Uniform(1);
    (*measurement.mutable_metrics())[kMetric] = value;
    const int number = worker->work->trial().number();
    const int attempt = worker->work->attempt();
    Send<v1::ReportMeasurementsResponse>(
        worker, [request](Core& core) { return core.Report(request); },
        [this, worker, number, attempt, step = worker->step() + 1,
         value](const v1::ReportMeasurementsResponse& response) {
          // A repeat after a lost answer has another value here; then the first one counts.
          if (response.directive() == v1::DIRECTIVE_STOP) {
            finished_[number] = v1::Trial::PRUNED;
            return Drop(worker);
          }
          if (response.conflicts() == 0) acknowledged_[{number, attempt, step}] = value;
          worker->curve[step] = StoredValues(number, attempt).at(step);
          worker->pause_due = response.directive() == v1::DIRECTIVE_PAUSE;
          worker->checkpoint_due = worker->pause_due || Chance(0.6);
        });
  }

  // What this attempt measured itself.
  Curve StoredValues(int number, int attempt) {
    const auto values = house_.store.ReadMetric(house_.trial("s", number).row.id, attempt, kMetric);
    return Curve(values->begin(), values->end());
  }

  void Finish(const std::shared_ptr<Worker>& worker) {
    v1::FinishWorkRequest request;
    *request.mutable_token() = worker->work->token();
    if (worker->work->trial().number() % 7 == 3) {
      request.mutable_failed()->set_message("simulated failure");
    } else {
      request.mutable_completed();
    }
    const int number = worker->work->trial().number();
    Send<v1::FinishWorkResponse>(
        worker, [request](Core& core) { return core.Finish(request); },
        [this, worker, number](const v1::FinishWorkResponse& response) {
          EXPECT_TRUE(IsFinal(response.state()));
          finished_[number] = response.state();
          curves_[number] = worker->curve;
          Drop(worker);
        });
  }

  // One call of a running attempt; what is not answered is sent again.
  template <typename Response>
  void Send(const std::shared_ptr<Worker>& worker,
            std::function<absl::StatusOr<Response>(Core&)> decide,
            std::function<void(const Response&)> on_ok) {
    const bool lost_back = Chance(0.1);
    const Token token = ToToken(worker->work->token());
    if (!Chance(0.1)) {
      house_.Queue<Response>(
          decide, [this, worker, token, lost_back, on_ok](absl::StatusOr<Response> response) {
            const bool mine = worker->work && ToToken(worker->work->token()) == token;
            if (lost_back || worker->dead || !mine) return;
            if (response.ok()) {
              on_ok(*response);
            } else if (error::HasReason(response.status(), error::kLeaseLost)) {
              Drop(worker);
            } else {
              EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
            }
          });
    }
    Later(2 + Uniform(20), [this, worker, token] {
      if (worker->work && ToToken(worker->work->token()) == token) TrainStep(worker);
    });
  }

  void CheckNow() {
    const StudyState& study = house_.study("s");
    const auto& trials = study.trials;
    ASSERT_LE(static_cast<int>(trials.size()), max_trials_ * repeats_);
    ASSERT_LE(study.counts.running(), std::max(1, workers_ - 1) + 1)
        << "parallel, and one revived at most";
    int running = 0;
    for (size_t number = 0; number < trials.size(); ++number) {
      const TrialState& trial = trials[number];
      ASSERT_EQ(trial.row.number, static_cast<int>(number));
      ASSERT_LE(trial.row.lost_leases, 4);
      if (const auto final = final_.find(trial.row.number); final != final_.end()) {
        ASSERT_EQ(trial.row.state, final->second.first) << "final is final";
        ASSERT_EQ(trial.row.objective, final->second.second);
      } else if (IsFinal(trial.row.state)) {
        final_[trial.row.number] = {trial.row.state, trial.row.objective};
      }
      CheckFiles(trial);
      if (trial.row.state != v1::Trial::RUNNING) continue;
      ++running;
      const Token token{trial.attempt->token_epoch, trial.attempt->token_counter};
      ASSERT_TRUE(house_.leases().Find(token)) << "no orphans";
    }
    ASSERT_EQ(running, study.counts.running());
    ASSERT_EQ(running, house_.leases().size()) << "one lease a running trial";
  }

  void CheckFiles(const TrialState& trial) {
    int checkpoints = 0;
    for (const storage::ArtifactRow& row : trial.artifacts) {
      ASSERT_TRUE(house_.files.contains(row.file)) << "no row without its file: " << row.file;
      ASSERT_EQ(row.kind, v1::Artifact::CHECKPOINT);
      ++checkpoints;
    }
    ASSERT_LE(checkpoints, IsFinal(trial.row.state) ? 0 : 1);
  }

  // What people see is what was trained, over all attempts.
  void CheckCurve(const TrialState& trial) {
    const auto reading = house_.store.GetTrial(1, trial.row.number, true);
    ASSERT_TRUE(reading.ok());
    EXPECT_TRUE(reading->artifacts.empty());
    const auto finished = curves_.find(trial.row.number);
    if (finished == curves_.end()) return;
    Curve curve;
    for (const storage::MeasurementRow& row : reading->measurements) curve[row.step] = row.value;
    EXPECT_EQ(curve, finished->second);
    EXPECT_EQ(trial.row.last_step, kEpochs);
    if (trial.row.state != v1::Trial::COMPLETED) return;
    const auto best =
        std::max_element(curve.begin(), curve.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    EXPECT_EQ(trial.row.objective, best->second);
    EXPECT_EQ(trial.row.objective_step, best->first);
  }

  // Counted again from the trials alone.
  void CheckConfigurations() {
    const StudyState& study = house_.study("s");
    ASSERT_EQ(static_cast<int>(study.history.size()), max_trials_);
    for (int index = 0; index < max_trials_; ++index) {
      const std::vector<int32_t>& numbers = study.configurations[index].trials;
      ASSERT_EQ(static_cast<int>(numbers.size()), repeats_);
      int completed = 0;
      double sum = 0;
      for (const int32_t number : numbers) {
        const TrialState& trial = study.trials[number];
        EXPECT_EQ(trial.configuration, index);
        EXPECT_EQ(trial.point, FirstTrial(study, index).point);
        if (number != numbers.front()) {
          EXPECT_EQ(trial.row.origin, v1::Trial::REPEAT);
        }
        if (trial.row.state != v1::Trial::COMPLETED) continue;
        ++completed;
        sum += *trial.row.objective;
      }
      const int64_t place = study.configurations[index].place;
      ASSERT_GT(place, 0);
      const sampling::Observation& seen = study.history[static_cast<size_t>(place) - 1];
      EXPECT_EQ(seen.number, index);
      const v1::Trial::State alone = study.trials[numbers.front()].row.state;
      EXPECT_EQ(seen.state, completed > 0 ? v1::Trial::COMPLETED : alone);
      if (completed > 0) {
        EXPECT_NEAR(seen.value, -sum / completed, 1e-12);
      }
      EXPECT_EQ(seen.variance.has_value(), repeats_ > 1 && completed > 1);
    }
  }

  void CheckEnd() {
    const StudyState& study = house_.study("s");
    EXPECT_EQ(static_cast<int>(study.trials.size()), max_trials_ * repeats_);
    CheckConfigurations();
    for (const auto& [number, state] : finished_) {
      EXPECT_EQ(study.trials[number].row.state, state) << "acknowledged is durable";
    }
    for (const auto& [key, value] : acknowledged_) {
      const auto& [number, attempt, step] = key;
      const Curve stored = StoredValues(number, attempt);
      ASSERT_TRUE(stored.contains(step)) << "trial " << number << " step " << step;
      EXPECT_EQ(stored.at(step), value);
    }
    CheckAdditions();
    CheckReplay();
    for (const TrialState& trial : study.trials) {
      EXPECT_TRUE(IsFinal(trial.row.state));
      CheckCurve(trial);
      absl::StrAppend(&digest_, trial.row.number, "=", trial.row.state, ",",
                      trial.row.objective.value_or(-1), " ");
    }
  }

  struct Addition {
    v1::AddTrialRequest request;
    double rate = 0;
    bool answered = false;
    std::optional<int> number;  // where it was added
  };

  std::mt19937_64 random_;
  const bool slow_sampler_;
  const v1::Study definition_;
  const int workers_;
  const int max_trials_;
  const int repeats_;
  using Event = std::tuple<absl::Duration, int64_t, std::function<void()>>;
  struct LaterFirst {
    bool operator()(const Event& a, const Event& b) const {
      return std::tie(std::get<0>(a), std::get<1>(a)) > std::tie(std::get<0>(b), std::get<1>(b));
    }
  };
  std::priority_queue<Event, std::vector<Event>, LaterFirst> events_;
  int64_t order_ = 0;
  int names_ = 0;
  int crashes_ = 0;
  std::deque<Addition> additions_;
  std::map<int, int64_t> final_commits_;
  std::map<int, Token> newest_;
  std::map<std::string, Curve> contents_;  // of checkpoints, by file
  std::map<int, Curve> curves_;            // of trials whose end was acknowledged
  std::map<std::tuple<int, int, int64_t>, double> acknowledged_;
  std::map<int, v1::Trial::State> finished_;
  std::map<int, std::pair<v1::Trial::State, std::optional<double>>> final_;
  std::string digest_;
  Harness house_;
};

TEST(Simulation, PromisesHoldOverRandomHistories) {
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Simulation(seed, 1 + static_cast<int>(seed % 8), 10).Run();
    if (HasFailure()) break;
  }
}

TEST(Simulation, PromisesHoldWithRepeats) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Simulation(seed, 1 + static_cast<int>(seed % 8), 4, 3).Run();
    if (HasFailure()) break;
  }
}

TEST(Simulation, TheSameSeedGivesTheSameHistory) {
  for (uint64_t seed = 100; seed < 105; ++seed) {
    EXPECT_EQ(Simulation(seed, 4, 10).Run(), Simulation(seed, 4, 10).Run()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace caviar::coordinator
