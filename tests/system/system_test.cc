// The three real programs, as processes on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class SystemTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteIdxPair(cluster_.dataset_directory() + "/train", 600, 8, 8, 4, 1);
    WriteIdxPair(cluster_.dataset_directory() + "/test", 120, 8, 8, 4, 2);
  }

  // Makes an epoch take some milliseconds, so that programs can be killed in the middle of a trial.
  void MakeTrainingSlow() {
    WriteIdxPair(cluster_.dataset_directory() + "/train", 12'000, 8, 8, 4, 1);
  }

  json Study(const std::string& name) { return cluster_.Json({"study", "show", name}); }
  json Trial(const std::string& study, int number) {
    return cluster_.Json({"trial", "show", study, std::to_string(number)});
  }
  std::vector<json> Trials(const std::string& study) {
    const json all = cluster_.Json({"trial", "list", study});
    return all.is_object() ? all.at("trials").get<std::vector<json>>() : std::vector<json>();
  }
  void WaitForEnd(const std::string& study) {
    const CommandResult wait = cluster_.Run({"study", "wait", study});
    ASSERT_EQ(wait.exit_code, 0) << wait.out << wait.err;
  }
  // Waits for a measurement of a trial; false: none came.
  bool WaitForStep(const std::string& study, int number, int64_t step) {
    return Eventually([&] {
      const json trial = Trial(study, number);
      return trial.is_object() && trial.value("last_step", int64_t{0}) >= step;
    });
  }

  // Lets these workers train, a little longer each time, until the trial has measured `step`, and
  // leaves them stopped: so a training is caught in its middle on any machine. SIGCONT wakes them.
  bool StopAtStep(const std::vector<Process*>& workers, const std::string& study, int number,
                  int64_t step) {
    absl::Duration slice = absl::Milliseconds(10);
    return Eventually([&] {
      Signal(workers, SIGCONT);
      absl::SleepFor(slice);
      Signal(workers, SIGSTOP);
      // Not for long at once: what was measured arrives a little later.
      slice = std::min(slice * 2, absl::Milliseconds(80));
      const json trial = Trial(study, number);
      return trial.is_object() && trial.value("last_step", int64_t{0}) >= step;
    });
  }
  void Signal(const std::vector<Process*>& workers, int signal) {
    for (const Process* worker : workers) worker->Signal(signal);
  }

  Cluster cluster_;
};

TEST_F(SystemTest, TwoWorkersTuneANetworkToItsEnd) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(NetworkStudyFile("s", 6, 40));
  const auto a = cluster_.StartWorker("a");
  const auto b = cluster_.StartWorker("b");
  WaitForEnd("s");

  const json study = Study("s");
  EXPECT_EQ(study.at("state"), "ENDED");
  EXPECT_EQ(study.at("end_reason"), "MAX_TRIALS");
  EXPECT_EQ(study.at("test_evaluation").at("state"), "COMPLETED");
  EXPECT_GT(study.at("test_evaluation").at("metrics").at("test_accuracy").get<double>(), 0.5);

  std::set<std::string> workers;
  double best = 0;
  for (const json& trial : Trials("s")) {
    EXPECT_EQ(trial.at("state"), "COMPLETED") << trial;
    workers.insert(trial.at("worker"));
    best = std::max(best, trial.at("objective").get<double>());
  }
  EXPECT_EQ(workers, (std::set<std::string>{"a", "b"})) << "both take their share";
  EXPECT_EQ(study.at("best_objective").get<double>(), best);

  const json top = cluster_.Json({"best", "s", "--top", "3"}).at("trials");
  ASSERT_EQ(top.size(), 3u);
  EXPECT_EQ(top[0].at("number"), study.at("best_trial"));
  EXPECT_GE(top[0].at("objective").get<double>(), top[1].at("objective").get<double>());

  const json trial = Trial("s", study.at("best_trial"));
  const int64_t step = trial.at("objective_step");
  ASSERT_EQ(trial.at("measurements").size(), 40u);
  EXPECT_EQ(trial.at("measurements")[step - 1].at("metrics").at("validation_accuracy"),
            trial.at("objective"));
  EXPECT_TRUE(std::filesystem::exists(cluster_.data_directory() + "/" +
                                      trial.at("weights_file").get<std::string>()))
      << "the weights of the step that counts are kept";
  EXPECT_EQ(study.at("test_evaluation").at("classes").size(), 4u);
}

TEST_F(SystemTest, TheBestNetworkGoesHomeAsOnnx) {
  cluster_.StartCoordinator();
  const auto worker = cluster_.StartWorker("w");
  const std::string file = cluster_.directory() + "/best.onnx";
  cluster_.CreateStudy(NetworkStudyFile("s", 2, 5));
  WaitForEnd("s");
  const CommandResult saved = cluster_.Run({"best", "s", "--save-model", file});
  ASSERT_EQ(saved.exit_code, 0) << saved.err;
  const json best = Trial("s", Study("s").at("best_trial"));
  const std::string model = ReadFile(file);
  EXPECT_EQ(model,
            ReadFile(cluster_.data_directory() + "/" + best.at("model_file").get<std::string>()));
  EXPECT_THAT(model, HasSubstr("probabilities"));
  EXPECT_EQ(cluster_.Run({"best", "s", "--save-model", file}).exit_code, 1)
      << "it is there already";
  EXPECT_EQ(ReadFile(file), model);
  const CommandResult none =
      cluster_.Run({"best", "s", "--save-model", file, "--force", "--trial", "7"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("no trial 7"));
  EXPECT_EQ(ReadFile(file), model) << "nothing was overwritten";
}

TEST_F(SystemTest, TheSameSeedGivesTheSameTrialsAndMetricsBitForBit) {
  cluster_.StartCoordinator();
  const auto worker = cluster_.StartWorker("w");
  std::map<std::string, std::vector<json>> runs;
  for (const std::string name : {"first", "second"}) {
    cluster_.CreateStudy(NetworkStudyFile(name, 3, 5));
    WaitForEnd(name);
    for (int number = 0; number < 3; ++number) {
      json trial = Trial(name, number);
      for (json& measurement : trial.at("measurements")) {
        measurement.erase("time");
        // The only metric that is measured, not computed.
        measurement.at("metrics").erase("samples_per_second");
      }
      runs[name].push_back(
          {trial.at("parameters"), trial.at("objective"), trial.at("objective_step"),
           trial.at("measurements"),
           ReadFile(cluster_.data_directory() + "/" + trial.at("weights_file").get<std::string>())
               .size()});
    }
  }
  EXPECT_EQ(runs["first"], runs["second"]);
}

TEST_F(SystemTest, AKilledWorkersTrialIsRunAgainByAnother) {
  MakeTrainingSlow();
  cluster_.StartCoordinator("1s");
  cluster_.CreateStudy(NetworkStudyFile("s", 1, 100));
  const auto first = cluster_.StartWorker("first");
  ASSERT_TRUE(StopAtStep({first.get()}, "s", 0, 1));
  ASSERT_LT(Trial("s", 0).at("last_step"), 100) << "killed in the middle";
  first->Kill();
  const auto second = cluster_.StartWorker("second");
  WaitForEnd("s");
  const json trial = Trial("s", 0);
  EXPECT_EQ(trial.at("state"), "COMPLETED");
  EXPECT_EQ(trial.at("worker"), "second");
  EXPECT_EQ(trial.at("lost_leases"), 1);
  ASSERT_EQ(trial.at("attempts").size(), 2u);
  EXPECT_EQ(trial.at("attempts")[0].at("outcome"), "LEASE_EXPIRED");
}

TEST_F(SystemTest, AKilledCoordinatorLosesNothingAndTheStudyGoesOn) {
  MakeTrainingSlow();
  cluster_.StartCoordinator();
  cluster_.CreateStudy(NetworkStudyFile("s", 4, 80));
  const auto a = cluster_.StartWorker("a");
  const auto b = cluster_.StartWorker("b");
  const auto watcher = cluster_.Start("watcher", {"study", "wait", "s"});
  for (const int number : {0, 2}) {
    ASSERT_TRUE(StopAtStep({a.get(), b.get()}, "s", number, 2));
    const json before = Trial("s", number);
    ASSERT_TRUE(before.is_object());
    EXPECT_EQ(before.at("state"), "RUNNING") << "killed in the middle of the study";
    // They train and report while it dies and comes back.
    Signal({a.get(), b.get()}, SIGCONT);
    cluster_.coordinator().Kill();
    cluster_.StartCoordinator();
    const json after = Trial("s", number);
    ASSERT_TRUE(after.is_object());
    for (const json& measurement : before.at("measurements")) {
      EXPECT_THAT(after.at("measurements"), ::testing::Contains(measurement));
    }
  }
  EXPECT_EQ(watcher->Wait(), 0) << watcher->Errors();
  const std::vector<json> trials = Trials("s");
  ASSERT_EQ(trials.size(), 4u);
  for (const json& trial : trials) {
    EXPECT_EQ(trial.at("state"), "COMPLETED");
    EXPECT_EQ(trial.at("attempts").size(), 1u) << "no lease was lost: " << trial;
    EXPECT_EQ(Trial("s", trial.at("number")).at("measurements").size(), 80u);
  }
}

TEST_F(SystemTest, AWorkerThatIsAskedToLeaveGivesItsTrialBackUncounted) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(NetworkStudyFile("s", 1, 100000));  // never gets to its end
  const auto first = cluster_.StartWorker("first");
  ASSERT_TRUE(WaitForStep("s", 0, 1));
  first->Signal(SIGTERM);
  EXPECT_EQ(first->Wait(), 0) << first->Errors();
  const json waiting = Trial("s", 0);
  EXPECT_EQ(waiting.at("state"), "WAITING");
  EXPECT_EQ(waiting.at("lost_leases"), 0);
  const auto second = cluster_.StartWorker("second");
  ASSERT_TRUE(Eventually([&] {
    const json trial = Trial("s", 0);
    return trial.is_object() && trial.at("state") == "RUNNING" && trial.at("worker") == "second";
  }));
  EXPECT_EQ(cluster_.Run({"study", "stop", "s", "--end"}).exit_code, 0);
  EXPECT_EQ(Trial("s", 0).at("state"), "CANCELLED");
}

TEST_F(SystemTest, ATrainingThatWasKilledAndSentAwayEndsBitForBitAsOneThatWasNot) {
  MakeTrainingSlow();
  cluster_.StartCoordinator("1s");
  const auto curve = [&](const std::string& study) {
    json trial = Trial(study, 0);
    for (json& measurement : trial.at("measurements")) {
      measurement.erase("time");
      // The only metric that is measured, not computed.
      measurement.at("metrics").erase("samples_per_second");
    }
    return trial;
  };
  cluster_.CreateStudy(NetworkStudyFile("broken", 1, 250));
  const auto first = cluster_.StartWorker("first");
  ASSERT_TRUE(StopAtStep({first.get()}, "broken", 0, 5));
  first->Kill();
  const auto second = cluster_.StartWorker("second");
  ASSERT_TRUE(StopAtStep({second.get()}, "broken", 0, 60));
  second->Signal(SIGTERM);
  second->Signal(SIGCONT);
  EXPECT_EQ(second->Wait(), 0) << second->Errors();
  const auto third = cluster_.StartWorker("third");
  WaitForEnd("broken");
  cluster_.CreateStudy(NetworkStudyFile("straight", 1, 250));
  WaitForEnd("straight");

  const json broken = curve("broken"), straight = curve("straight");
  EXPECT_EQ(straight.at("attempts").size(), 1u);
  ASSERT_GE(broken.at("attempts").size(), 3u);
  const json last = broken.at("attempts").back();
  EXPECT_GE(last.at("parent_attempt"), 1) << last;
  EXPECT_GE(last.at("resumed_from_step"), 5) << last;
  EXPECT_EQ(broken.at("measurements"), straight.at("measurements"));
  EXPECT_EQ(broken.at("objective"), straight.at("objective"));
  EXPECT_EQ(broken.at("objective_step"), straight.at("objective_step"));
  const auto weights = [&](const json& trial) {
    return ReadFile(cluster_.data_directory() + "/" + trial.at("weights_file").get<std::string>());
  };
  EXPECT_TRUE(weights(broken) == weights(straight)) << "not the same weights";
}

TEST_F(SystemTest, PausedTrialsGoOnBitForBitAndTheBestAreTrainedToTheEnd) {
  MakeTrainingSlow();
  cluster_.StartCoordinator();
  const auto worker = cluster_.StartWorker("w", 2);
  const auto curves = [&](const std::string& study) {
    std::vector<json> found;
    for (int number = 0; number < 9; ++number) {
      json curve = json::array();
      const json trial = Trial(study, number);
      for (json measurement : trial.at("measurements")) {
        measurement.erase("time");
        measurement.at("metrics").erase("samples_per_second");
        curve.push_back(measurement);
      }
      found.push_back(curve);
    }
    return found;
  };
  cluster_.CreateStudy(NetworkStudyFile("straight", 9, 20));
  cluster_.CreateStudy(NetworkStudyFile(
      // One at a time: which trials pause hangs on the order in which they report.
      "halved", 9, 20,
      ", parallel: 1}\npruner: {algorithm: asha, mode: promote, grace: 2, eta: 3"));
  WaitForEnd("straight");
  WaitForEnd("halved");
  const json counts = Study("halved").at("trial_counts");
  EXPECT_GE(counts.value("completed", 0), 1) << counts;
  EXPECT_EQ(counts.value("completed", 0) + counts.value("pruned", 0), 9) << counts;

  const std::vector<json> straight = curves("straight"), halved = curves("halved");
  int resumed = 0, shorter = 0;
  for (int number = 0; number < 9; ++number) {
    const json trial = Trial("halved", number);
    resumed += trial.at("attempts").back().value("parent_attempt", 0) > 0;
    const size_t steps = halved[number].size();
    ASSERT_LE(steps, straight[number].size());
    shorter += steps < straight[number].size();
    json beginning = json::array();
    for (size_t i = 0; i < steps; ++i) beginning.push_back(straight[number][i]);
    EXPECT_EQ(halved[number], beginning) << "trial " << number;
    EXPECT_FALSE(trial.at("pruner_decisions").empty());
    if (trial.at("state") == "COMPLETED") {
      EXPECT_EQ(trial.at("objective"), Trial("straight", number).at("objective"));
    }
  }
  EXPECT_GE(resumed, 1);
  EXPECT_GE(shorter, 5);
}

TEST_F(SystemTest, RepeatsAreAveragedAndTeachALaterStudy) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(NetworkStudyFile("first", 3, 3) + "repeats: 2\n");
  const auto worker = cluster_.StartWorker("w", 2);
  WaitForEnd("first");
  const std::vector<json> trials = Trials("first");
  ASSERT_EQ(trials.size(), 6u);
  std::map<int, double> means;
  std::set<double> losses;
  for (int first = 0; first < 6; first += 2) {
    const json &a = trials[first], &b = trials[first + 1];
    EXPECT_EQ(a.at("parameters"), b.at("parameters"));
    EXPECT_EQ(b.at("repeat_of"), first);
    means[first] = (a.at("objective").get<double>() + b.at("objective").get<double>()) / 2;
    EXPECT_DOUBLE_EQ(a.at("repeats").at("mean").get<double>(), means[first]);
    for (const int number : {first, first + 1}) {
      const json last = Trial("first", number).at("measurements").back();
      losses.insert(last.at("metrics").at("train_loss").get<double>());
    }
  }
  EXPECT_EQ(losses.size(), 6u) << "each repeat has a seed of its own";
  const json study = Study("first");
  const auto best = std::max_element(
      means.begin(), means.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  EXPECT_EQ(study.at("best_trial"), best->first);
  EXPECT_DOUBLE_EQ(study.at("best_objective").get<double>(), best->second);
  const int tested = study.at("test_evaluation").at("trial");
  EXPECT_EQ(tested / 2 * 2, best->first) << "a repeat of the best configuration";
  EXPECT_THAT(cluster_.Run({"best", "first"}).out, HasSubstr(" +- "));

  const std::string later = absl::StrReplaceAll(NetworkStudyFile("later", 2, 1),
                                                {{"algorithm: sobol", "algorithm: tpe"}});
  const std::string file = cluster_.directory() + "/later.yaml";
  WriteFile(file, later + "warm_start: [first]\n");
  const CommandResult created = cluster_.Run({"study", "create", file});
  EXPECT_EQ(created.exit_code, 0) << created.err;
  EXPECT_EQ(created.err, "caviar: warm_start: 3 of 3 trials of first\n");
  ASSERT_EQ(cluster_.Run({"study", "delete", "first"}).exit_code, 0);
  cluster_.coordinator().Kill();
  cluster_.StartCoordinator();
  WaitForEnd("later");
  EXPECT_THAT(cluster_.Run({"study", "show", "later"}).out,
              HasSubstr("warm_start  3 of 3 trials of first\n"));
  EXPECT_EQ(Trials("later").size(), 2u) << "what it learned from are no trials of its own";
}

TEST_F(SystemTest, ALoopOfOnesOwnAsksReportsAndTells) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(R"(
study: own
objective: {metric: accuracy, goal: maximize}
trainer: {external: {}}
limits: {max_trials: 2}
parameters:
  x: {min: 0.0, max: 1.0}
)");
  const auto worker = cluster_.StartWorker("w");
  for (int number = 0; number < 2; ++number) {
    const json asked = cluster_.Json({"ask", "own"});
    ASSERT_TRUE(asked.is_object());
    EXPECT_EQ(asked.at("trial").at("number"), number);
    const std::string n = std::to_string(number);
    EXPECT_EQ(cluster_.Run({"report", "own", n, "--step", "3", "accuracy=0.81"}).exit_code, 0);
    const CommandResult told =
        cluster_.Run({"tell", "own", n, absl::StrCat("accuracy=0.8", number)});
    EXPECT_EQ(told.exit_code, 0) << told.err;
  }
  EXPECT_EQ(cluster_.Run({"ask", "own"}).exit_code, 1) << "there are no more";
  const json study = Study("own");
  EXPECT_EQ(study.at("state"), "ENDED");
  EXPECT_EQ(study.at("best_trial"), 1);
  EXPECT_EQ(study.at("best_objective"), 0.81);
}

TEST_F(SystemTest, ACsvFileWithWordsAsLabelsWorksAsWell) {
  WriteCsv(cluster_.dataset_directory() + "/trees.csv", 300, 3);
  WriteCsv(cluster_.dataset_directory() + "/trees-test.csv", 90, 4);
  cluster_.StartCoordinator();
  const auto worker = cluster_.StartWorker("w", 2);
  cluster_.CreateStudy(R"(
study: trees
objective: {metric: validation_loss, goal: minimize}
trainer:
  batch_norm_network:
    data: {format: csv, train: trees.csv, test: trees-test.csv, label: tree}
    epochs: 20
limits: {max_trials: 4}
parameters:
  learning_rate: {min: 1e-3, max: 1e-1, scale: log}
  hidden_units: {value: 16}
)");
  WaitForEnd("trees");
  EXPECT_GT(Study("trees").at("test_evaluation").at("metrics").at("test_accuracy").get<double>(),
            0.8);
}

TEST_F(SystemTest, BrokenDataGivesOneClearErrorAndTheWorkerGoesOn) {
  const std::string images = cluster_.dataset_directory() + "/broken-images";
  WriteFile(images, ReadFile(cluster_.dataset_directory() + "/train-images").substr(0, 1000));
  cluster_.StartCoordinator();
  const auto worker = cluster_.StartWorker("w");
  std::string broken = NetworkStudyFile("broken", 20, 2);
  broken.replace(broken.find("train-images"), 12, "broken-images");
  cluster_.CreateStudy(broken);
  const CommandResult wait = cluster_.Run({"study", "wait", "broken"});
  EXPECT_EQ(wait.exit_code, 1);
  EXPECT_THAT(wait.out + wait.err, HasSubstr("broken-images"));
  EXPECT_EQ(Study("broken").at("state"), "STOPPED") << "not all twenty are burnt";
  EXPECT_THAT(Trial("broken", 0).at("message").get<std::string>(), HasSubstr("broken-images"));

  cluster_.CreateStudy(NetworkStudyFile("sound", 1, 2));
  WaitForEnd("sound");
}

TEST_F(SystemTest, ExitCodesSayWhatKindOfTroubleItIs) {
  EXPECT_EQ(cluster_.Run({"study", "list", "--coordinator", "127.0.0.1:1"}).exit_code, 3);
  EXPECT_EQ(cluster_.Run({"study", "lost"}).exit_code, 2);
  cluster_.StartCoordinator();
  EXPECT_EQ(cluster_.Run({"study", "show", "nothing"}).exit_code, 1);

  const std::string file = cluster_.directory() + "/wrong.yaml";
  std::string yaml = NetworkStudyFile("s", 1, 1);
  yaml.replace(yaml.find("hidden_units"), 12, "hiden_units");
  WriteFile(file, yaml);
  const CommandResult wrong = cluster_.Run({"study", "create", file});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("wrong.yaml:21"));
  EXPECT_THAT(wrong.err, HasSubstr("hidden_units"));

  cluster_.CreateStudy(NetworkStudyFile("s", 1, 1));
  WriteFile(file, NetworkStudyFile("s", 1, 1));
  const CommandResult taken = cluster_.Run({"study", "create", file});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_THAT(taken.err, HasSubstr("exists"));
  EXPECT_EQ(cluster_.Run({"study", "delete", "s"}).exit_code, 0);
  EXPECT_EQ(cluster_.Run({"study", "create", file}).exit_code, 0) << "its name is free again";
}

TEST_F(SystemTest, AnInterruptedWaitLeavesTheStudyRunningAndSaysSo) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(NetworkStudyFile("s", 1, 5));
  const auto wait = cluster_.Start("wait", {"study", "wait", "s"});
  ASSERT_TRUE(Eventually([&] { return wait->Blocks(SIGINT); })) << wait->Errors();
  wait->Signal(SIGINT);
  EXPECT_EQ(wait->Wait(), 130);
  EXPECT_THAT(wait->Errors(), HasSubstr("interrupted; the study goes on. `caviar study wait s`"));
  EXPECT_EQ(Study("s").at("state"), "ACTIVE");
}

TEST_F(SystemTest, OneFolderHasOneCoordinator) {
  cluster_.StartCoordinator();
  Process second(cluster_.directory(), "second",
                 {cluster_.Binary("caviar-coordinator"), "--listen", "127.0.0.1:0", "--data-dir",
                  cluster_.data_directory()});
  EXPECT_NE(second.Wait(), 0);
  EXPECT_THAT(second.Errors(), HasSubstr(std::to_string(cluster_.coordinator().pid())));
}

TEST_F(SystemTest, ACoordinatorThatIsAskedToLeaveEndsCleanly) {
  cluster_.StartCoordinator();
  const auto worker = cluster_.StartWorker("w");
  ASSERT_TRUE(Eventually([&] {
    const json workers = cluster_.Json({"worker", "list"});
    return workers.is_object() && workers.at("workers").size() == 1;
  }));
  cluster_.coordinator().Signal(SIGTERM);
  EXPECT_EQ(cluster_.coordinator().Wait(), 0) << cluster_.coordinator().Errors();
}

}  // namespace
}  // namespace caviar::system_test
