// Random histories under a virtual clock: workers that are slow, freeze beyond their lease or die,
// calls that get lost on the way there or back, commits that fail, a coordinator that is killed at
// any moment. After every event the state is checked against what was promised. A seed reproduces
// its history exactly.
#include <gtest/gtest.h>

#include <map>
#include <queue>
#include <random>

#include "caviar/v1/error_detail.h"
#include "server/coordinator/state_table.h"
#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kTtl = absl::Seconds(60);
constexpr int kEpochs = 3;

class Simulation {
 public:
  Simulation(uint64_t seed, int workers, int max_trials)
      : random_(seed), house_(kTtl), workers_(workers), max_trials_(max_trials) {}

  // Runs until the study has ended. Returns a digest of the whole history.
  std::string Run() {
    house_.store.SetBeforeApply([this](const storage::Batch&) {
      return Chance(0.01) ? absl::UnavailableError("simulated I/O error") : absl::OkStatus();
    });
    CreateStudy();
    for (int i = 0; i < workers_; ++i) Later(Uniform(10), [this] { StartWorker(); });
    Later(Uniform(200), [this] { Crash(); });
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
    int64_t step = 0;
    bool dead = false;
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
    *request.mutable_study() = NetworkStudy("s", max_trials_);
    request.mutable_study()->mutable_limits()->set_parallel(std::max(1, workers_ - 1));
    request.mutable_study()->mutable_limits()->set_max_attempts(4);
    while (!house_.Call(&Core::CreateStudy, request).ok()) {
    }
  }

  void Crash() {
    house_.Restart();
    ASSERT_FALSE(house_.fatal) << *house_.fatal;
    digest_ += "crash ";
    Later(20 + Uniform(300), [this] { Crash(); });
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
              worker->step = 0;
              NoteGrant(*worker);
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
    worker->step < kEpochs ? Report(worker) : Finish(worker);
  }

  void Report(const std::shared_ptr<Worker>& worker) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = worker->work->token();
    auto& measurement = *request.add_measurements();
    measurement.set_step(worker->step + 1);
    const double value = Uniform(1);
    (*measurement.mutable_metrics())["validation_accuracy"] = value;
    const int number = worker->work->trial().number();
    const int attempt = worker->work->attempt();
    Send<v1::ReportMeasurementsResponse>(
        worker, [request](Core& core) { return core.Report(request); },
        [this, worker, number, attempt, step = worker->step + 1,
         value](const v1::ReportMeasurementsResponse& response) {
          // A repeat after a lost answer has another value here; then the first one counts.
          if (response.conflicts() == 0) acknowledged_[{number, attempt, step}] = value;
          worker->step = step;
        });
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
    ASSERT_LE(static_cast<int>(trials.size()), max_trials_);
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
      if (trial.row.state != v1::Trial::RUNNING) continue;
      ++running;
      const Token token{trial.attempt->token_epoch, trial.attempt->token_counter};
      ASSERT_TRUE(house_.leases().Find(token)) << "no orphans";
    }
    ASSERT_EQ(running, study.counts.running());
    ASSERT_EQ(running, house_.leases().size()) << "one lease a running trial";
  }

  void CheckEnd() {
    const StudyState& study = house_.study("s");
    EXPECT_EQ(static_cast<int>(study.trials.size()), max_trials_);
    for (const auto& [number, state] : finished_) {
      EXPECT_EQ(study.trials[number].row.state, state) << "acknowledged is durable";
    }
    std::map<std::pair<int, int>, std::map<int64_t, double>> stored;
    for (const auto& [key, value] : acknowledged_) {
      const auto& [number, attempt, step] = key;
      const auto values =
          house_.store.ReadMetric(study.trials[number].row.id, attempt, "validation_accuracy");
      ASSERT_TRUE(values.ok());
      const std::map<int64_t, double> curve(values->begin(), values->end());
      ASSERT_TRUE(curve.contains(step)) << "trial " << number << " step " << step;
      EXPECT_EQ(curve.at(step), value);
    }
    for (const TrialState& trial : study.trials) {
      EXPECT_TRUE(IsFinal(trial.row.state));
      absl::StrAppend(&digest_, trial.row.number, "=", trial.row.state, ",",
                      trial.row.objective.value_or(-1), " ");
    }
  }

  std::mt19937_64 random_;
  Harness house_;
  const int workers_;
  const int max_trials_;
  using Event = std::tuple<absl::Duration, int64_t, std::function<void()>>;
  struct LaterFirst {
    bool operator()(const Event& a, const Event& b) const {
      return std::tie(std::get<0>(a), std::get<1>(a)) > std::tie(std::get<0>(b), std::get<1>(b));
    }
  };
  std::priority_queue<Event, std::vector<Event>, LaterFirst> events_;
  int64_t order_ = 0;
  int names_ = 0;
  std::map<int, Token> newest_;
  std::map<std::tuple<int, int, int64_t>, double> acknowledged_;
  std::map<int, v1::Trial::State> finished_;
  std::map<int, std::pair<v1::Trial::State, std::optional<double>>> final_;
  std::string digest_;
};

TEST(Simulation, PromisesHoldOverRandomHistories) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Simulation(seed, 1 + static_cast<int>(seed % 8), 10).Run();
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
