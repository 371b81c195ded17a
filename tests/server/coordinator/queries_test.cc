// Reads, against rows and files that a test puts down.
#include "server/coordinator/queries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "storage/memory_store.h"
#include "tests/server/coordinator/harness.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;

class QueriesTest : public ::testing::Test {
 protected:
  static constexpr int64_t kTrialId = 10;  // of number 0

  void Write(storage::Batch batch) {
    const absl::Status written = store_.Apply(batch, ++commit_);
    ASSERT_TRUE(written.ok()) << written;
  }
  void AddStudy(const v1::Study& definition) {
    storage::StudyRow row;
    row.id = 1;
    row.definition = definition;
    Write({row});
  }
  // Trial `number`, with one attempt for each of `attempts`.
  void AddTrial(int32_t number, v1::Trial::State state, int attempts = 1) {
    storage::TrialRow row;
    row.id = kTrialId + number;
    row.study_id = 1;
    row.number = number;
    row.state = state;
    if (state == v1::Trial::COMPLETED) {
      row.objective = 0.5 + 0.1 * number;
      row.objective_step = 3;
    }
    Write({row});
    for (int i = 1; i <= attempts; ++i) {
      storage::AttemptRow attempt;
      attempt.trial_id = row.id;
      attempt.number = i;
      attempt.token_epoch = 1;
      attempt.token_counter = 100 * number + i;
      Write({attempt});
    }
  }
  void AddFile(int32_t number, int32_t attempt, v1::Artifact::Kind kind, int64_t step,
               const std::string& bytes) {
    storage::ArtifactRow row;
    row.trial_id = kTrialId + number;
    row.attempt = attempt;
    row.kind = kind;
    row.step = step;
    row.size = static_cast<int64_t>(bytes.size());
    row.crc32 = storage::Crc32(bytes);
    row.file = absl::StrCat("artifacts/1/", number, "/", attempt, "-", kind, "-", step);
    ASSERT_TRUE(artifacts_.Write(row.file, 0, bytes).ok());
    ASSERT_TRUE(artifacts_.Commit(row.file, row.size, row.crc32).ok());
    Write({row});
  }

  absl::StatusOr<v1::DownloadModelResponse> Download(std::optional<int32_t> number = std::nullopt,
                                                     int64_t offset = 0) {
    v1::DownloadModelRequest request;
    request.set_study("s");
    if (number) request.set_number(*number);
    request.set_offset(offset);
    return queries_.DownloadModel(request);
  }
  std::string Refusal(std::optional<int32_t> number = std::nullopt) {
    const absl::Status status = Download(number).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
    return std::string(status.message());
  }

  VirtualClock clock_;
  storage::MemoryStore store_;
  storage::TemporaryFolder folder_;
  storage::ArtifactStore artifacts_ = *storage::ArtifactStore::Open(folder_.path());
  Queries queries_{store_, artifacts_, clock_};
  int64_t commit_ = 0;
};

TEST_F(QueriesTest, AModelIsTheBestTrialsUnlessAnotherIsNamed) {
  AddStudy(NetworkStudy("s"));
  for (const int number : {0, 1}) {
    AddTrial(number, v1::Trial::COMPLETED);
    AddFile(number, 1, v1::Artifact::WEIGHTS, 3, "weights");
    AddFile(number, 1, v1::Artifact::MODEL, 3, absl::StrCat("model of ", number));
  }
  const auto best = Download();
  ASSERT_TRUE(best.ok()) << best.status();
  EXPECT_EQ(best->number(), 1);
  EXPECT_EQ(best->step(), 3);
  EXPECT_EQ(best->size(), 10);
  EXPECT_EQ(best->crc32(), storage::Crc32("model of 1"));
  EXPECT_EQ(best->data(), "model of 1");
  EXPECT_EQ(Download(0)->data(), "model of 0");
}

TEST_F(QueriesTest, AWatcherGetsEachOfThousandsOfTrialsOnce) {
  constexpr int kTrials = 2'500;
  AddStudy(NetworkStudy("s"));
  storage::Batch batch;
  for (int32_t number = 0; number < kTrials; ++number) {
    storage::TrialRow row;
    row.id = kTrialId + number;
    row.study_id = 1;
    row.number = number;
    row.state = v1::Trial::CANCELLED;
    batch.push_back(std::move(row));
    // The ones of several pages in one commit, and after them one a commit.
    if (number >= 2'400) Write(std::exchange(batch, {}));
  }
  std::vector<int32_t> numbers;
  std::optional<Coordinator::StudyPosition> position(std::in_place);
  bool more = true;
  while (more) {
    const auto changes = queries_.ReadStudyChanges("s", position);
    ASSERT_TRUE(changes.ok()) << changes.status();
    EXPECT_LE(changes->response.finished_size(), 1'000);
    for (const v1::Trial& trial : changes->response.finished()) numbers.push_back(trial.number());
    position = changes->position;
    more = changes->more;
  }
  ASSERT_EQ(numbers.size(), kTrials);
  for (int32_t number = 0; number < kTrials; ++number) EXPECT_EQ(numbers[number], number);

  AddTrial(kTrials, v1::Trial::COMPLETED);
  const auto changes = queries_.ReadStudyChanges("s", position);
  ASSERT_EQ(changes->response.finished_size(), 1);
  EXPECT_EQ(changes->response.finished(0).number(), kTrials);
  EXPECT_EQ(queries_.ReadStudyChanges("s", std::nullopt)->response.finished_size(), 0);
}

TEST_F(QueriesTest, AListOfLongTrialsComesInShortPages) {
  AddStudy(NetworkStudy("s"));
  for (int32_t number = 0; number < 6; ++number) {
    AddTrial(number, v1::Trial::COMPLETED);
    storage::Batch batch;
    for (int64_t step = 1; step <= 12'000; ++step) {
      batch.push_back(storage::MeasurementRow{kTrialId + number, 1, "m", step, 0.5});
    }
    Write(std::move(batch));
  }
  v1::ListTrialsRequest request;
  request.set_study("s");
  request.set_page_size(1000);
  const auto pages = [&] {
    std::vector<std::vector<int32_t>> pages;
    do {
      const auto page = queries_.ListTrials(request);
      if (!page.ok()) {
        ADD_FAILURE() << page.status();
        break;
      }
      for (auto& numbers = pages.emplace_back(); const v1::Trial& trial : page->trials()) {
        EXPECT_EQ(trial.measurements_size(), request.view() == v1::TRIAL_VIEW_FULL ? 12'000 : 0);
        numbers.push_back(trial.number());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return pages;
  };
  using Pages = std::vector<std::vector<int32_t>>;
  EXPECT_EQ(pages(), (Pages{{0, 1, 2, 3, 4, 5}}));
  request.set_view(v1::TRIAL_VIEW_FULL);
  EXPECT_EQ(pages(), (Pages{{0, 1, 2}, {3, 4, 5}})) << "no empty page at the end";
  request.set_page_size(2);
  EXPECT_EQ(pages(), (Pages{{0, 1}, {2, 3}, {4, 5}}));
}

TEST_F(QueriesTest, AListDoesNotGoOnInAnotherStudyThatGotTheName) {
  AddStudy(NetworkStudy("s"));
  for (int32_t number = 0; number < 4; ++number) AddTrial(number, v1::Trial::COMPLETED);
  v1::ListTrialsRequest request;
  request.set_study("s");
  request.set_page_size(3);
  request.set_page_token(queries_.ListTrials(request)->next_page_token());
  ASSERT_EQ(queries_.ListTrials(request)->trials_size(), 1);

  storage::StudyRow first = store_.GetStudy("s")->study;
  first.deleted = true;
  Write({first});
  EXPECT_THAT(std::string(queries_.ListTrials(request).status().message()),
              HasSubstr("there is no study 's'"));
  storage::StudyRow second;
  second.id = 2;
  second.definition = first.definition;
  Write({second});
  const absl::Status refused = queries_.ListTrials(request).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("is not the one it was given for"));
  request.clear_page_token();
  EXPECT_TRUE(queries_.ListTrials(request).ok());
}

TEST_F(QueriesTest, APageTokenThatIsNoneIsRefused) {
  AddStudy(NetworkStudy("s"));
  AddTrial(0, v1::Trial::COMPLETED);
  AddTrial(1, v1::Trial::COMPLETED);
  v1::ListTrialsRequest request;
  request.set_study("s");
  for (const char* token : {"x", "-1", "1", "1.1", ".", "1.1.", ".1.1", "1.0.-1", "1.0.1.1",
                            "1.0.x", "1.0.2147483647"}) {
    request.set_page_token(token);
    const absl::Status refused = queries_.ListTrials(request).status();
    EXPECT_TRUE(error::HasReason(refused, error::kInvalidField)) << token << ": " << refused;
  }
  request.set_page_size(1);
  request.clear_page_token();
  request.set_page_token(queries_.ListTrials(request)->next_page_token());
  EXPECT_EQ(queries_.ListTrials(request)->trials_size(), 1);
  v1::ListTrialsRequest reversed = request, filtered = request;
  reversed.set_order_by("number desc");
  filtered.add_states(v1::Trial::COMPLETED);
  for (const v1::ListTrialsRequest& another : {reversed, filtered}) {
    const absl::Status refused = queries_.ListTrials(another).status();
    EXPECT_TRUE(error::HasReason(refused, error::kInvalidField)) << refused;
  }
}

TEST_F(QueriesTest, TheBestTrialsWithAllTheyMeasuredAreRefusedWhereTheyAreTooMuch) {
  AddStudy(NetworkStudy("s"));
  for (int32_t number = 0; number < 3; ++number) {
    AddTrial(number, v1::Trial::COMPLETED);
    storage::PrunerDecisionRow decision;
    decision.trial_id = kTrialId + number;
    decision.step = 1;
    decision.decision = v1::PrunerDecision::CONTINUE;
    decision.reason = std::string(25 << 20, 'r');
    Write({decision});
  }
  v1::ListBestTrialsRequest request;
  request.set_study("s");
  EXPECT_EQ(queries_.ListBestTrials(request)->trials_size(), 3);
  request.set_view(v1::TRIAL_VIEW_FULL);
  const absl::Status refused = queries_.ListBestTrials(request).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("ask for fewer"));
  request.set_count(2);
  const auto two = queries_.ListBestTrials(request);
  ASSERT_TRUE(two.ok()) << two.status();
  ASSERT_EQ(two->trials_size(), 2);
  EXPECT_EQ(two->trials(0).number(), 2);
  EXPECT_EQ(two->trials(1).pruner_decisions(0).reason().size(), size_t{25} << 20);
}

TEST_F(QueriesTest, AStudyIsReadWithoutAllThatItWasBefore) {
  class Listless : public storage::MemoryStore {
   public:
    absl::StatusOr<std::vector<storage::StudyRevisionRow>> ListStudyRevisions(int64_t) override {
      return absl::InternalError("a study may have thousands of revisions");
    }
  } store;
  storage::StudyRow row;
  row.id = 1;
  row.revision = 3;
  row.definition = NetworkStudy("s");
  storage::Batch batch = {row};
  for (const int32_t revision : {1, 2, 3}) {
    v1::Study definition = row.definition;
    definition.mutable_limits()->set_max_trials(10 * revision);
    batch.push_back(storage::StudyRevisionRow{1, revision, definition, 0, 1'500'000 * revision});
  }
  ASSERT_TRUE(store.Apply(batch, 1).ok());
  Queries queries(store, artifacts_, clock_);
  v1::GetStudyRequest request;
  request.set_study("s");
  for (const int32_t asked : {0, 3, 2, 1}) {
    const int32_t revision = asked == 0 ? 3 : asked;
    request.set_revision(asked);
    const auto study = queries.GetStudy(request);
    ASSERT_TRUE(study.ok()) << study.status();
    EXPECT_EQ(study->revision(), revision);
    EXPECT_EQ(study->limits().max_trials(), 10 * revision);
    EXPECT_EQ(absl::Seconds(study->revision_time().seconds()) +
                  absl::Nanoseconds(study->revision_time().nanos()),
              absl::Microseconds(1'500'000 * revision));
  }
  request.set_revision(4);
  EXPECT_THAT(std::string(queries.GetStudy(request).status().message()),
              HasSubstr("has no revision 4; its newest is 3"));
}

TEST_F(QueriesTest, AnEndThatTakesSeveralCommitsIsNotOverBefore) {
  v1::Study definition = NetworkStudy("s");
  AddStudy(definition);
  const auto end = [&] {
    storage::StudyRow row = store_.GetStudy("s")->study;
    row.state = v1::Study::ENDED;
    row.end_reason = v1::Study::PERSON;
    Write({row});
  };
  const auto is_over = [&] { return queries_.ReadStudyChanges("s", std::nullopt)->over; };
  storage::TrialRow paused;
  paused.id = kTrialId;
  paused.study_id = 1;
  paused.state = v1::Trial::PAUSED;
  Write({paused});
  EXPECT_FALSE(is_over());
  end();
  EXPECT_FALSE(is_over()) << "the paused one is to be pruned";
  paused.state = v1::Trial::PRUNED;
  Write({paused});
  EXPECT_TRUE(is_over());
}

TEST_F(QueriesTest, AnEndIsNotOverBeforeTheTestSetWasAsked) {
  v1::Study definition = NetworkStudy("s");
  auto& idx =
      *definition.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
  idx.set_test_images("test-images");
  idx.set_test_labels("test-labels");
  AddStudy(definition);
  AddTrial(0, v1::Trial::COMPLETED);
  storage::StudyRow study = store_.GetStudy("s")->study;
  study.state = v1::Study::ENDED;
  study.end_reason = v1::Study::PERSON;
  Write({study});
  const auto is_over = [&] { return queries_.ReadStudyChanges("s", std::nullopt)->over; };
  EXPECT_FALSE(is_over());
  storage::EvaluationRow evaluation;
  evaluation.study_id = 1;
  evaluation.trial_id = kTrialId;
  Write({evaluation});
  EXPECT_FALSE(is_over());
  evaluation.state = v1::TestEvaluation::COMPLETED;
  Write({evaluation});
  EXPECT_TRUE(is_over());
}

TEST_F(QueriesTest, AnEndIsNotOverWhileItIsNotSaidWhatRepeatsCameTo) {
  v1::Study definition = NetworkStudy("s");
  definition.set_repeats(3);
  AddStudy(definition);
  storage::TrialRow trial;
  trial.id = kTrialId;
  trial.study_id = 1;
  trial.repeat_of = 0;
  trial.state = v1::Trial::FAILED;
  storage::StudyRow study = store_.GetStudy("s")->study;
  study.state = v1::Study::ENDED;
  study.end_reason = v1::Study::PERSON;
  Write({trial, study});
  EXPECT_FALSE(queries_.ReadStudyChanges("s", std::nullopt)->over);
  trial.repeats = storage::RepeatsRow();
  trial.repeats->state = v1::Trial::FAILED;
  Write({trial});
  EXPECT_TRUE(queries_.ReadStudyChanges("s", std::nullopt)->over);
}

TEST_F(QueriesTest, OfRepeatsTheFirstIsShownWithTheMeanAndTheBestGivesItsModel) {
  v1::Study definition = NetworkStudy("s");
  definition.set_repeats(2);
  AddStudy(definition);
  // Two configurations of two trials each; the best single trial is 3.
  const double objectives[] = {0.8, 0.9, 0.5, 0.95};
  const double means[] = {0.85, 0.725};
  for (int32_t number = 0; number < 4; ++number) {
    AddTrial(number, v1::Trial::WAITING);
    storage::TrialRow row = store_.GetTrial(1, number, false)->trial;
    row.state = v1::Trial::COMPLETED;
    row.objective = objectives[number];
    row.objective_step = 3;
    row.repeat_of = number / 2 * 2;
    if (row.repeat_of == number) {
      row.repeats = storage::RepeatsRow{2, means[number / 2], 0.05, v1::Trial::COMPLETED, {}};
    }
    Write({row});
    AddFile(number, 1, v1::Artifact::MODEL, 3, absl::StrCat("model of ", number));
  }
  v1::ListBestTrialsRequest list;
  list.set_study("s");
  const auto best = queries_.ListBestTrials(list);
  ASSERT_TRUE(best.ok()) << best.status();
  ASSERT_EQ(best->trials_size(), 2) << "one of each configuration";
  EXPECT_EQ(best->trials(0).number(), 0);
  EXPECT_EQ(best->trials(1).number(), 2);
  EXPECT_EQ(best->trials(1).repeats().mean(), 0.725);
  EXPECT_EQ(best->trials(1).repeats().standard_error(), 0.05);
  EXPECT_EQ(best->trials(1).repeats().completed(), 2);
  v1::GetStudyRequest get;
  get.set_study("s");
  const auto study = queries_.GetStudy(get);
  EXPECT_EQ(study->best_trial(), 0);
  EXPECT_EQ(study->best_objective(), 0.85);
  EXPECT_EQ(study->best_standard_error(), 0.05);
  v1::GetTrialRequest trial;
  trial.set_study("s");
  trial.set_number(3);
  EXPECT_EQ(queries_.GetTrial(trial)->repeat_of(), 2);
  EXPECT_FALSE(queries_.GetTrial(trial)->has_repeats());
  EXPECT_EQ(Download()->data(), "model of 1") << "the best repeat of the best configuration";
}

TEST_F(QueriesTest, OfSeveralObjectivesTheModelHasToBeNamed) {
  v1::Study study = NetworkStudy("s");
  *study.add_objectives() = study.objective();
  study.clear_objective();
  study.add_objectives()->set_metric("train_loss");
  study.mutable_objectives(1)->set_goal(v1::Objective::MINIMIZE);
  AddStudy(study);
  AddTrial(0, v1::Trial::COMPLETED);
  AddFile(0, 1, v1::Artifact::MODEL, 3, "model");
  const absl::Status refused = Download().status();
  EXPECT_TRUE(error::HasReason(refused, error::kInvalidField)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("'caviar best s' lists those"));
  EXPECT_EQ(Download(0)->data(), "model");
}

TEST_F(QueriesTest, WithoutAFeasibleTrialThereIsNoBestModel) {
  v1::Study study = NetworkStudy("s");
  study.add_constraints()->set_metric("train_loss");
  study.mutable_constraints(0)->set_max(1);
  AddStudy(study);
  storage::TrialRow row;
  row.id = kTrialId;
  row.study_id = 1;
  row.state = v1::Trial::COMPLETED;
  row.objective = 0.5;
  row.feasible = false;
  Write({row});
  EXPECT_THAT(Refusal(), HasSubstr("keeps its constraints yet"));
}

TEST_F(QueriesTest, AModelComesInPieces) {
  AddStudy(NetworkStudy("s"));
  AddTrial(0, v1::Trial::COMPLETED);
  std::string file(1 << 20, 'm');
  file += "end";
  AddFile(0, 1, v1::Artifact::MODEL, 3, file);
  EXPECT_EQ(Download(0)->data().size(), 1u << 20);
  EXPECT_EQ(Download(0, 1 << 20)->data(), "end");
  EXPECT_EQ(Download(0, (1 << 20) + 3)->data(), "");
  EXPECT_TRUE(error::HasReason(Download(0, (1 << 20) + 4).status(), error::kInvalidField));
}

TEST_F(QueriesTest, AModelIsOfTheAttemptAndStepThatCount) {
  AddStudy(NetworkStudy("s"));
  AddTrial(0, v1::Trial::COMPLETED, /*attempts=*/2);
  AddFile(0, 1, v1::Artifact::MODEL, 3, "of a lost attempt");
  AddFile(0, 2, v1::Artifact::MODEL, 2, "of another step");
  AddFile(0, 2, v1::Artifact::WEIGHTS, 3, "weights");
  EXPECT_THAT(Refusal(), HasSubstr("trial 0 of study 's' has no network as ONNX"));
  AddFile(0, 2, v1::Artifact::MODEL, 3, "this one");
  EXPECT_EQ(Download()->data(), "this one");

  v1::GetTrialRequest request;
  request.set_study("s");
  EXPECT_EQ(queries_.GetTrial(request)->model_file(), "artifacts/1/0/2-3-3");
  EXPECT_EQ(queries_.GetTrial(request)->weights_file(), "artifacts/1/0/2-1-3");
  request.set_view(v1::TRIAL_VIEW_BASIC);
  EXPECT_EQ(queries_.GetTrial(request)->model_file(), "");
}

TEST_F(QueriesTest, WhereThereIsNoModelItSaysWhy) {
  EXPECT_THAT(Refusal(), HasSubstr("no study 's'"));
  AddStudy(NetworkStudy("s"));
  EXPECT_THAT(Refusal(), HasSubstr("no completed trial"));
  AddTrial(0, v1::Trial::FAILED);
  EXPECT_THAT(Refusal(0), HasSubstr("trial 0 of study 's' is FAILED"));
  EXPECT_THAT(Refusal(7), HasSubstr("no trial 7"));
}

TEST_F(QueriesTest, AnExternalStudyKeepsNoModels) {
  AddStudy(ExternalStudy("s"));
  AddTrial(0, v1::Trial::COMPLETED);
  EXPECT_THAT(Refusal(), HasSubstr("whoever trains keeps"));
}

TEST_F(QueriesTest, AStudyHasItsConfusionMatrixButAListDoesNot) {
  AddStudy(NetworkStudy("s"));
  AddTrial(0, v1::Trial::COMPLETED);
  storage::EvaluationRow evaluation;
  evaluation.study_id = 1;
  evaluation.trial_id = kTrialId;
  evaluation.state = v1::TestEvaluation::COMPLETED;
  evaluation.metrics = {{"test_accuracy", 0.75}};
  evaluation.classes.resize(2);
  evaluation.classes[1].set_name("coat");
  evaluation.classes[1].add_predicted_as(3);
  Write({evaluation});
  v1::GetStudyRequest get;
  get.set_study("s");
  const v1::TestEvaluation test = queries_.GetStudy(get)->test_evaluation();
  ASSERT_EQ(test.classes_size(), 2);
  EXPECT_EQ(test.classes(1).name(), "coat");
  EXPECT_EQ(test.classes(1).predicted_as(0), 3);
  const auto list = queries_.ListStudies(v1::ListStudiesRequest());
  EXPECT_EQ(list->studies(0).test_evaluation().metrics().at("test_accuracy"), 0.75);
  EXPECT_EQ(list->studies(0).test_evaluation().classes_size(), 0);
}

}  // namespace
}  // namespace caviar::coordinator
