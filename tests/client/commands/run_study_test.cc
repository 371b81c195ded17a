#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::_;
using ::testing::HasSubstr;
using ::testing::Return;

constexpr char kRunStudy[] =
    "study: mnist\nobjective: {metric: accuracy, goal: maximize}\ntrainer: {external: {}}\n"
    "parameters: {rate: {type: double, min: 1e-4, max: 0.1, scale: log}, optimizer: {values: "
    "[sgd]}}\n";

class RunStudy : public CommandTest {
 protected:
  class Cluster : public LocalCluster {
   public:
    explicit Cluster(int& alive) : alive_(alive) { ++alive_; }
    ~Cluster() override { --alive_; }
    std::string address() const override { return "127.0.0.1:4711"; }
    std::string token_file() const override { return "data/token"; }

   private:
    int& alive_;
  };

  void SetUp() override {
    in_.str(kRunStudy);
    start_cluster_ = [this](LocalClusterOptions options) {
      cluster_ = options;
      return std::make_unique<Cluster>(alive_);
    };
    EXPECT_CALL(client_, LintStudy).WillRepeatedly(Return(v1::LintStudyResponse()));
    EXPECT_CALL(client_, CancelWaiting).WillRepeatedly(Return());
    v1::ListBestTrialsResponse best;
    *best.add_trials() = TestTrial(1);
    EXPECT_CALL(client_, ListBestTrials).WillRepeatedly(Return(best));
    EXPECT_CALL(client_, GetTrial).WillRepeatedly(Return(TestTrial(1)));
  }

  // A study that is stored so, or not at all, and ends when it is watched.
  void ExpectStudy(std::optional<v1::Study> stored) {
    stored_ = stored;
    EXPECT_CALL(client_, GetStudy).WillRepeatedly([this](const v1::GetStudyRequest& request) {
      EXPECT_EQ(request.study(), "mnist");
      return stored_ ? absl::StatusOr<v1::Study>(*stored_) : absl::NotFoundError("no such study");
    });
    EXPECT_CALL(client_, WatchStudy)
        .WillRepeatedly([this](const v1::WatchStudyRequest&,
                               std::function<bool(const v1::WatchStudyResponse&)> on_change) {
          EXPECT_EQ(alive_, 1);
          if (on_watch_) on_watch_();
          v1::WatchStudyResponse change;
          *change.mutable_study() = TestStudy(
              "state: ENDED end_reason: MAX_TRIALS trial_counts { completed: 4 } best_trial: 1 "
              "best_objective: 0.89");
          on_change(change);
          return absl::OkStatus();
        });
  }

  void ExpectCreate() {
    EXPECT_CALL(client_, CreateStudy).WillOnce([this](v1::CreateStudyRequest request) {
      stored_ = request.study();
      return request.study();
    });
  }

  LocalClusterOptions cluster_;
  int alive_ = 0;
  std::optional<v1::Study> stored_;
  std::function<void()> on_watch_;
};

TEST_F(RunStudy, StartsAClusterCreatesTheStudyWatchesItAndShowsTheBest) {
  ExpectStudy(std::nullopt);
  ExpectCreate();
  EXPECT_EQ(Run({"run", "-", "--slots", "3"}), kDone) << err();
  EXPECT_EQ(cluster_.data_directory, "caviar-data/mnist");
  EXPECT_EQ(cluster_.slots, 3);
  EXPECT_EQ(options_.address, "127.0.0.1:4711");
  EXPECT_THAT(out(), HasSubstr("study mnist ended (max_trials)"));
  EXPECT_THAT(out(), HasSubstr("RANK  TRIAL"));
  EXPECT_THAT(out(), HasSubstr("`caviar-coordinator --data-dir caviar-data/mnist`"));
  EXPECT_EQ(alive_, 0);
}

TEST_F(RunStudy, GoesOnWithAStudyThatIsThere) {
  ExpectStudy(TestStudy("state: STOPPED"));
  EXPECT_CALL(client_, ResumeStudy).WillOnce(Return(TestStudy()));
  EXPECT_EQ(Run({"run", "-", "--data-dir", "/x"}), kDone);
  EXPECT_EQ(cluster_.data_directory, "/x");
  EXPECT_EQ(err(), "caviar: study mnist of /x goes on\n");

  in_.clear();
  in_.str("study: mnist\ntrainer: {external: {}}\nparameters: {rate: {min: 1, max: 2}}\n");
  ExpectStudy(TestStudy());
  EXPECT_EQ(Run({"run", "-", "--data-dir", "/x"}), kDone);
  EXPECT_THAT(err(), HasSubstr("standard input has others; --name"));
}

TEST_F(RunStudy, AWrongStudyIsComplainedAboutAndNothingIsLeftBehind) {
  ExpectStudy(std::nullopt);
  EXPECT_CALL(client_, CreateStudy).WillOnce(Return(absl::InvalidArgumentError("wrong")));
  EXPECT_EQ(Run({"run", "-"}), kWrongUsage);
  EXPECT_EQ(alive_, 0);
  in_.clear();
  in_.str("study: ../a\n");
  EXPECT_EQ(Run({"run", "-"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("the name is \"../a\""));
}

TEST_F(RunStudy, CtrlCEndsAllAndSaysHowItGoesOn) {
  ExpectStudy(std::nullopt);
  ExpectCreate();
  on_watch_ = [this] { interrupt_(); };
  EXPECT_EQ(Run({"run", "-", "--name", "mnist"}), kInterrupted);
  EXPECT_THAT(err(), HasSubstr("caviar: interrupted; `caviar run -` goes on with it\n"));
  EXPECT_THAT(out(), HasSubstr("RANK  TRIAL"));
  EXPECT_EQ(alive_, 0);
}

TEST_F(RunStudy, AWorkerThatDiesEndsIt) {
  ExpectStudy(std::nullopt);
  ExpectCreate();
  on_watch_ = [this] { cluster_.on_death("the worker ended by itself, with code 2"); };
  EXPECT_EQ(Run({"run", "-"}), kFailed);
  EXPECT_EQ(err(), "caviar: the worker ended by itself, with code 2\n");
  EXPECT_EQ(alive_, 0);
}

TEST_F(RunStudy, AClusterThatCannotStartIsSaid) {
  start_cluster_ = [](LocalClusterOptions) -> absl::StatusOr<std::unique_ptr<LocalCluster>> {
    return absl::FailedPreconditionError("the coordinator could not start");
  };
  EXPECT_EQ(Run({"run", "-"}), kFailed);
  EXPECT_EQ(err(), "caviar: the coordinator could not start\n");
}

}  // namespace
}  // namespace caviar::commands
