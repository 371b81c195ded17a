#include "server/coordinator/verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr int kWorkers = 8;
constexpr int kEpochs = 9;

// Workers that train in parallel, in batches of any size, with all that befalls them: reports out
// of order and again, lost leases, checkpoints, pauses, and a coordinator that is killed.
class Life {
 public:
  Life(uint64_t seed, v1::Study definition)
      : random_(seed),
        house_(absl::Seconds(60), &suggester_),
        is_asked_(definition.trainer().has_external()),
        metric_(definition.objective().metric()) {
    v1::CreateStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    *request.mutable_study() = std::move(definition);
    const auto created = house_.Call(&Core::CreateStudy, request);
    EXPECT_TRUE(created.ok()) << created.status();
    for (int i = 0; i < kWorkers; ++i) {
      Worker& worker = workers_.emplace_back();
      worker.client = absl::StrCat("c", i);
      worker.id = house_.Register(absl::StrCat("w", i));
    }
  }

  // Until the study ends.
  void Run() {
    for (int turn = 0; turn < 3000; ++turn) {
      if (house_.study("s").row.state == v1::Study::ENDED && !HasOpenTrials(house_.study("s"))) {
        if (extensions_ == 0) return house_.Settle();
        --extensions_;
        Extend();
      }
      for (Worker& worker : workers_) {
        if (Chance(0.7)) Act(worker);
      }
      // What is computed is handed in later, now and then much later.
      if (Chance(0.7) && suggester_.size() > 0) suggester_.ReleaseOne();
      if (Chance(0.8)) house_.Settle();
      if (Chance(0.02)) Crash();
      if (Chance(0.02)) Add();
      if (changes_ && Chance(0.03)) Change();
      house_.Advance(absl::Milliseconds(Chance(0.02) ? 40'000 : 300));
      Renew();
    }
    ADD_FAILURE() << "the study does not end";
  }

  v1::VerifyStudyResponse Verify() {
    const auto study = house_.store.GetStudy("s");
    EXPECT_TRUE(study.ok());
    const auto found = VerifyStudy(house_.store, *study, [](const auto&) { return true; });
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : v1::VerifyStudyResponse();
  }

  // Writes the rows as a hand would that knows nothing of the coordinator.
  void Write(storage::Batch batch) {
    const auto study = house_.store.GetStudy("s");
    ASSERT_TRUE(house_.store.Apply(batch, study->commit + 1).ok());
  }

  Harness& house() { return house_; }

  // Its definition is changed again and again, and so many times it goes on after its end.
  void ChangeOften(int extensions) {
    changes_ = true;
    extensions_ = extensions;
  }
  int revision() { return house_.study("s").row.revision; }

 private:
  struct Worker {
    std::string client, id;
    int64_t sequence = 1;
    bool asking = false;
    std::optional<v1::TrialWork> work;
    int64_t step = 0;
    v1::Directive directive = v1::DIRECTIVE_CONTINUE;
  };

  bool Chance(double share) { return std::uniform_real_distribution<>()(random_) < share; }

  void Act(Worker& worker) {
    if (!worker.work) return Acquire(worker);
    if (Chance(0.01)) return worker.work.reset();  // dies; its lease ends by itself
    if (worker.directive == v1::DIRECTIVE_STOP) return worker.work.reset();
    if (worker.directive == v1::DIRECTIVE_PAUSE) {
      Checkpoint(worker);
      return GiveBack(worker);
    }
    if (worker.step > 0 && !is_asked_ && Chance(0.1)) Checkpoint(worker);
    if (Chance(0.03)) return GiveBack(worker);
    if (worker.step >= kEpochs) return Finish(worker);
    if (worker.step + 2 <= kEpochs && Chance(0.1)) {
      Report(worker, worker.step + 2);
      Report(worker, worker.step + 1);
      worker.step += 2;
    } else {
      Report(worker, ++worker.step);
    }
    if (Chance(0.1)) Report(worker, worker.step);
  }

  void Ask(Worker& worker) {
    Poll poll;
    poll.id = 1'000'000 + ++asks_;
    poll.client_id = worker.client;
    poll.sequence = worker.sequence;
    poll.deadline = house_.clock.Steady() + absl::Seconds(10);
    poll.study = "s";
    poll.lease_duration = absl::Seconds(60);
    poll.ask_done = [&worker](absl::StatusOr<v1::AskTrialResponse> response) {
      worker.asking = false;
      if (!response.ok()) return;
      v1::AcquireWorkResponse work;
      *work.mutable_trial()->mutable_token() = response->token();
      *work.mutable_trial()->mutable_trial() = response->trial();
      Begin(worker, work.trial());
    };
    house_.QueuePoll(std::move(poll));
  }

  static void Begin(Worker& worker, const v1::TrialWork& work) {
    ++worker.sequence;
    worker.work = work;
    worker.step = work.checkpoint().step();
    worker.directive = v1::DIRECTIVE_CONTINUE;
  }

  void Acquire(Worker& worker) {
    if (std::exchange(worker.asking, true)) return;
    if (is_asked_) return Ask(worker);
    house_.QueueAcquire(worker.id, worker.client, worker.sequence,
                        [&worker](absl::StatusOr<v1::AcquireWorkResponse> response) {
                          worker.asking = false;
                          if (response.ok() && response->has_trial()) {
                            Begin(worker, response->trial());
                          }
                        });
  }

  double ValueAt(const v1::TrialWork& work, int64_t step) {
    const double rate = work.trial().parameters().at("learning_rate").double_value();
    const double good = 1 - std::abs(std::log10(rate) + 2) / 4;
    return good * (1 - std::exp(-0.4 * static_cast<double>(step))) +
           0.01 * ((work.trial().number() * 7 + step) % 5);
  }

  void Report(Worker& worker, int64_t step) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = worker.work->token();
    v1::Measurement& measurement = *request.add_measurements();
    measurement.set_step(step);
    (*measurement.mutable_metrics())[metric_] = ValueAt(*worker.work, step);
    (*measurement.mutable_metrics())["train_loss"] = 1;
    house_.Queue<v1::ReportMeasurementsResponse>(
        [request](Core& core) { return core.Report(request); },
        [&worker](const absl::StatusOr<v1::ReportMeasurementsResponse>& response) {
          if (response.ok()) worker.directive = response->directive();
          if (absl::IsAborted(response.status())) worker.work.reset();
        });
  }

  void Checkpoint(Worker& worker) {
    storage::ArtifactRow row;
    row.kind = v1::Artifact::CHECKPOINT;
    row.step = worker.step;
    row.size = 1;
    row.file = absl::StrCat("artifacts/1/", worker.work->trial().number(), "/",
                            worker.work->attempt(), "-", worker.step);
    house_.Queue<v1::UploadChunkResponse>(
        [token = ToToken(worker.work->token()), row](Core& core) {
          return core.RecordArtifact(token, row);
        },
        [](const auto&) {});
  }

  void GiveBack(Worker& worker) {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = worker.work->token();
    house_.Queue<v1::GiveBackWorkResponse>([request](Core& core) { return core.GiveBack(request); },
                                           [](const auto&) {});
    worker.work.reset();
  }

  void Tell(Worker& worker) {
    v1::TellTrialRequest request;
    request.set_study("s");
    request.set_number(worker.work->trial().number());
    *request.mutable_token() = worker.work->token();
    (*request.mutable_completed()->mutable_metrics())[metric_] = ValueAt(*worker.work, kEpochs);
    house_.Queue<v1::Trial>([request](Core& core) { return core.Tell(request); },
                            [](const auto&) {});
    worker.work.reset();
  }

  void Finish(Worker& worker) {
    if (is_asked_) return Tell(worker);
    v1::FinishWorkRequest request;
    *request.mutable_token() = worker.work->token();
    if (Chance(0.05)) {
      request.mutable_infeasible();
    } else {
      request.mutable_completed();
    }
    house_.Queue<v1::FinishWorkResponse>([request](Core& core) { return core.Finish(request); },
                                         [](const auto&) {});
    worker.work.reset();
  }

  void Add() {
    v1::AddTrialRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    (*request.mutable_parameters())["learning_rate"].set_double_value(1e-3);
    (*request.mutable_parameters())["hidden_units"].set_int_value(3);
    if (Chance(0.5)) {
      (*request.mutable_completed()->mutable_metrics())[metric_] = 0.7;
    }
    house_.Queue<v1::Trial>([request](Core& core) { return core.AddTrial(request); },
                            [](const auto&) {});
  }

  void Update(const std::function<void(v1::Study&)>& change) {
    v1::UpdateStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    *request.mutable_definition() = house_.study("s").row.definition;
    change(*request.mutable_definition());
    house_.Queue<v1::UpdateStudyResponse>(
        [request](Core& core) { return core.UpdateStudy(request); },
        [](const absl::StatusOr<v1::UpdateStudyResponse>& response) {
          EXPECT_TRUE(response.ok() || absl::IsUnavailable(response.status())) << response.status();
        });
  }

  void Extend() {
    Update([](v1::Study& study) {
      study.mutable_limits()->set_max_trials(study.limits().max_trials() + 6);
    });
    house_.Settle();
  }

  void Change() {
    if (house_.study("s").row.state == v1::Study::ENDED) return;
    const auto draw = [this](int below) { return static_cast<int>(random_() % below); };
    if (Chance(0.3)) {
      return Update([&](v1::Study& study) { study.mutable_limits()->set_parallel(2 + draw(6)); });
    }
    if (Chance(0.4)) {
      constexpr v1::Sampler::Algorithm kOthers[] = {v1::Sampler::SOBOL, v1::Sampler::RANDOM,
                                                    v1::Sampler::TPE, v1::Sampler::CMA_ES};
      return Update(
          [&](v1::Study& study) { study.mutable_sampler()->set_algorithm(kOthers[draw(4)]); });
    }
    Update([&](v1::Study& study) {
      v1::Pruner& pruner = *study.mutable_pruner();
      pruner.Clear();
      const int kind = draw(4);
      pruner.set_algorithm(kind == 0   ? v1::Pruner::NONE
                           : kind == 1 ? v1::Pruner::MEDIAN
                           : kind == 2 ? v1::Pruner::ASHA
                                       : v1::Pruner::HYPERBAND);
      if (kind == 1) pruner.set_warm_up(3);
      if (kind >= 2) {
        pruner.set_mode(Chance(0.5) ? v1::Pruner::STOP : v1::Pruner::PROMOTE);
        pruner.set_grace(1 + draw(3));
        pruner.set_eta(2 + draw(2));
      }
    });
  }

  void Crash() {
    suggester_.Drop();
    house_.Restart();
    for (Worker& worker : workers_) worker.asking = false;
  }

  void Renew() {
    for (const Worker& worker : workers_) {
      if (worker.work && is_asked_) {
        house_.leases().RenewOne(ToToken(worker.work->token()), house_.clock.Steady());
      }
      if (worker.work && !is_asked_) house_.Renew(worker.id, {ToToken(worker.work->token())});
    }
  }

  std::mt19937_64 random_;
  HeldSuggester suggester_;
  Harness house_;
  const bool is_asked_;
  const std::string metric_;
  std::vector<Worker> workers_;
  int asks_ = 0;
  bool changes_ = false;
  int extensions_ = 0;
};

v1::Study Definition(v1::Sampler::Algorithm sampler, v1::Pruner::Algorithm pruner,
                     v1::Pruner::Mode mode, int max_trials) {
  // Only loops of one's own measure instance by instance.
  v1::Study study = pruner == v1::Pruner::WILCOXON ? ExternalStudy("s", max_trials)
                                                   : NetworkStudy("s", max_trials);
  if (!study.trainer().has_external()) {
    study.mutable_trainer()->mutable_batch_norm_network()->set_epochs(kEpochs);
  }
  study.mutable_sampler()->set_algorithm(sampler);
  v1::Parameter& units = *study.add_parameters();
  units.set_name("hidden_units");
  units.set_type(v1::Parameter::INT);
  units.set_min(1);
  units.set_max(8);
  if (sampler == v1::Sampler::GRID) study.mutable_parameters(0)->set_grid(5);
  study.mutable_pruner()->set_algorithm(pruner);
  if (mode != v1::Pruner::MODE_UNSPECIFIED) study.mutable_pruner()->set_mode(mode);
  if (mode != v1::Pruner::MODE_UNSPECIFIED) study.mutable_pruner()->set_grace(1);
  if (pruner == v1::Pruner::MEDIAN || pruner == v1::Pruner::WILCOXON) {
    study.mutable_pruner()->set_warm_up(3);
  }
  return study;
}

// All of it took part, and nothing differs.
void ExpectEqual(const v1::VerifyStudyResponse& found) {
  EXPECT_TRUE(found.done());
  EXPECT_GT(found.trials(), 0);
  EXPECT_EQ(found.trials(), found.total_trials());
  EXPECT_EQ(found.differences(), 0) << found.first_difference().DebugString();
  EXPECT_EQ(found.not_comparable(), 0) << found.other_maker();
  EXPECT_EQ(found.equal() + found.equal_stand_ins() + found.equal_known() + found.equal_repeats() +
                found.added(),
            found.trials())
      << found.ShortDebugString();
}

struct Kind {
  v1::Pruner::Algorithm pruner = v1::Pruner::NONE;
  v1::Pruner::Mode mode = v1::Pruner::MODE_UNSPECIFIED;
};
const Kind kPruners[] = {{v1::Pruner::NONE},
                         {v1::Pruner::MEDIAN},
                         {v1::Pruner::WILCOXON},
                         {v1::Pruner::ASHA, v1::Pruner::STOP},
                         {v1::Pruner::ASHA, v1::Pruner::PROMOTE},
                         {v1::Pruner::HYPERBAND, v1::Pruner::STOP},
                         {v1::Pruner::HYPERBAND, v1::Pruner::PROMOTE}};

class ReplayOf : public ::testing::TestWithParam<v1::Sampler::Algorithm> {};

TEST_P(ReplayOf, WithEveryPrunerIsEqual) {
  const bool slow = GetParam() == v1::Sampler::GP || GetParam() == v1::Sampler::AUTO;
  int decisions = 0, stand_ins = 0;
  for (const Kind& kind : kPruners) {
    for (uint64_t seed = 1; seed <= (slow ? 1 : 4); ++seed) {
      SCOPED_TRACE(absl::StrCat(v1::Pruner::Algorithm_Name(kind.pruner), " ",
                                v1::Pruner::Mode_Name(kind.mode), ", seed ", seed));
      Life life(seed, Definition(GetParam(), kind.pruner, kind.mode, slow ? 14 : 24));
      ASSERT_NO_FATAL_FAILURE(life.Run());
      const v1::VerifyStudyResponse found = life.Verify();
      ASSERT_NO_FATAL_FAILURE(ExpectEqual(found));
      if (testing::Test::HasFailure()) return;
      decisions += found.equal_decisions();
      stand_ins += found.equal_stand_ins();
    }
  }
  EXPECT_GT(decisions, 20) << "what is verified has to be there";
  RecordProperty("stand_ins", stand_ins);
}

TEST(Verification, ReplaysStudiesThatChangeAsTheyGo) {
  int decisions = 0, revisions = 0;
  for (const Kind& kind : kPruners) {
    // A loop of one's own measures other steps.
    if (kind.pruner == v1::Pruner::WILCOXON) continue;
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      SCOPED_TRACE(absl::StrCat(v1::Pruner::Algorithm_Name(kind.pruner), " ",
                                v1::Pruner::Mode_Name(kind.mode), ", seed ", seed));
      Life life(seed, Definition(v1::Sampler::TPE, kind.pruner, kind.mode, 20));
      life.ChangeOften(/*extensions=*/2);
      ASSERT_NO_FATAL_FAILURE(life.Run());
      const v1::VerifyStudyResponse found = life.Verify();
      ASSERT_NO_FATAL_FAILURE(ExpectEqual(found));
      if (testing::Test::HasFailure()) return;
      decisions += found.equal_decisions();
      revisions += life.revision();
    }
  }
  EXPECT_GT(decisions, 100) << "what is verified has to be there";
  EXPECT_GT(revisions, 150);
}

INSTANTIATE_TEST_SUITE_P(EverySampler, ReplayOf,
                         ::testing::Values(v1::Sampler::RANDOM, v1::Sampler::SOBOL,
                                           v1::Sampler::GRID, v1::Sampler::COARSE_TO_FINE,
                                           v1::Sampler::TPE, v1::Sampler::GP, v1::Sampler::CMA_ES,
                                           v1::Sampler::AUTO),
                         [](const auto& info) { return v1::Sampler::Algorithm_Name(info.param); });

TEST(Verification, OfKnownTrialsRepeatsAndAWarmStartIsEqual) {
  v1::Study definition = Definition(v1::Sampler::TPE, v1::Pruner::NONE, {}, 12);
  definition.clear_pruner();
  definition.set_repeats(2);
  definition.mutable_parameters(1)->mutable_default_()->set_int_value(4);
  (*definition.add_trials()->mutable_parameters())["learning_rate"].set_double_value(0.02);
  Life life(5, definition);
  ASSERT_NO_FATAL_FAILURE(life.Run());
  const v1::VerifyStudyResponse found = life.Verify();
  ExpectEqual(found);
  EXPECT_EQ(found.equal_known(), 2);
  EXPECT_GT(found.equal_repeats(), 8);
}

class Changed : public ::testing::Test {
 protected:
  Changed() : life_(2, Definition(v1::Sampler::TPE, v1::Pruner::ASHA, v1::Pruner::STOP, 20)) {
    life_.Run();
  }
  storage::TrialReading Trial(int32_t number) {
    return *life_.house().store.GetTrial(1, number, /*full=*/true);
  }
  // The last one of the sampler's.
  storage::TrialReading Suggested() {
    for (int32_t number = 19;; --number) {
      storage::TrialReading trial = Trial(number);
      if (trial.trial.origin == v1::Trial::SAMPLER) return trial;
    }
  }
  Life life_;
};

TEST_F(Changed, AParameterIsFound) {
  storage::TrialRow row = Suggested().trial;
  const v1::VerifyStudyResponse before = life_.Verify();
  const double computed = row.parameters["learning_rate"].double_value();
  row.parameters["learning_rate"].set_double_value(std::nextafter(computed, 1));
  life_.Write({row});
  const v1::VerifyStudyResponse found = life_.Verify();
  EXPECT_EQ(found.differences(), 1);
  EXPECT_EQ(found.equal(), before.equal() - 1);
  EXPECT_EQ(found.first_difference().trial(), row.number);
  EXPECT_EQ(found.first_difference().parameter(), "learning_rate");
  EXPECT_NE(found.first_difference().stored(), found.first_difference().computed());
}

TEST_F(Changed, ATimeOfKnowingIsFound) {
  // As if the last one had been suggested before anything was known.
  storage::TrialRow row = Suggested().trial;
  row.suggestion_commit = row.create_commit;
  life_.Write({row});
  const v1::VerifyStudyResponse found = life_.Verify();
  EXPECT_EQ(found.differences(), 1);
  EXPECT_THAT(found.first_difference().stored(), HasSubstr("the sampler saw commit"));
}

TEST_F(Changed, ADecisionIsFound) {
  for (int32_t number = 0; number < 20; ++number) {
    const storage::TrialReading trial = Trial(number);
    if (trial.trial.state != v1::Trial::PRUNED || trial.pruner_decisions.empty()) continue;
    storage::PrunerDecisionRow row = trial.pruner_decisions.back();
    row.reason = "a whim";
    const storage::Moment at = row.at;
    // The same place in another commit: after all others, where nothing was left to decide.
    life_.Write({row});
    const v1::VerifyStudyResponse found = life_.Verify();
    EXPECT_GE(found.differences(), 1) << "decided at commit " << at.commit;
    EXPECT_EQ(found.first_difference().trial(), number);
    EXPECT_EQ(found.first_difference().parameter(), "");
    return;
  }
  FAIL() << "nothing was pruned";
}

TEST_F(Changed, SamplersOfAnotherVersionAreNotCompared) {
  storage::TrialRow row = Suggested().trial;
  row.numerics_fingerprint = "another machine";
  row.parameters["learning_rate"].set_double_value(0.05);
  life_.Write({row});
  const v1::VerifyStudyResponse found = life_.Verify();
  EXPECT_EQ(found.not_comparable(), 1);
  EXPECT_EQ(found.differences(), 0) << found.first_difference().DebugString();
  EXPECT_THAT(found.other_maker(), HasSubstr("another machine"));
}

TEST_F(Changed, AMissingTrialIsSaid) {
  const auto trials = static_cast<int32_t>(life_.house().study("s").trials.size());
  storage::TrialRow row = Trial(trials - 1).trial;
  row.id += 1000;
  row.number = trials + 1;
  life_.Write({row});
  const auto study = life_.house().store.GetStudy("s");
  const auto found = VerifyStudy(life_.house().store, *study, [](const auto&) { return true; });
  EXPECT_TRUE(absl::IsDataLoss(found.status())) << found.status();
  EXPECT_THAT(found.status().message(),
              HasSubstr(absl::StrCat("study 's': trial ", trials, " is missing")));
}

TEST_F(Changed, AMissingRevisionIsSaid) {
  storage::TrialRow row = Suggested().trial;
  row.revision = 7;
  life_.Write({row});
  const auto study = life_.house().store.GetStudy("s");
  const auto found = VerifyStudy(life_.house().store, *study, [](const auto&) { return true; });
  EXPECT_TRUE(absl::IsDataLoss(found.status())) << found.status();
  EXPECT_THAT(found.status().message(), HasSubstr("study s: revision 7 is missing"));
}

TEST_F(Changed, AVerificationCanBeEnded) {
  const auto study = life_.house().store.GetStudy("s");
  int calls = 0;
  const auto found =
      VerifyStudy(life_.house().store, *study, [&calls](const auto&) { return ++calls < 3; });
  EXPECT_TRUE(absl::IsCancelled(found.status())) << found.status();
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace caviar::coordinator
