#include "tests/server/coordinator/simulation/story.h"

#include <utility>

#include "server/coordinator/state.h"
#include "storage/trial_state.h"
#include "tests/server/coordinator/harness.h"
#include "tests/server/coordinator/simulation/plan.h"

namespace caviar::coordinator::simulation {
namespace {

constexpr double kAdded = 0.05;

// Makes the history step by step: `now` is when the next call is taken and committed.
class Story {
 public:
  Story() {
    history_.prompt_sampler = true;
    study_.id = 1;
    study_.definition = NetworkStudy("s", 5);
    study_.definition.mutable_limits()->set_max_attempts(3);
    study_.definition.mutable_limits()->set_parallel(2);
  }

  History Tell();

 private:
  void At(double seconds) { now_ = absl::Seconds(seconds); }

  Answer& Say(Verb verb, const std::string& client, int64_t sequence, const std::string& study) {
    Call call{verb};
    call.client = client;
    call.sequence = sequence;
    call.study = study;
    call.sent = call.taken.emplace_back(now_);
    Answer answer;
    answer.taken = now_;
    answer.came = now_ + absl::Seconds(1);
    call.answers.push_back(answer);
    history_.calls.push_back(std::move(call));
    return history_.calls.back().answers.back();
  }
  Call& Said() { return history_.calls.back(); }

  template <typename... Rows>
  void Write(const Rows&... rows) {
    const auto number = static_cast<int64_t>(history_.commits.size()) + 1;
    history_.commits.push_back({now_, now_, number, {rows...}});
  }

  // What the study's sampler says of this configuration.
  search_space::Configuration Suggested(int32_t number) const {
    sampling::SamplerInput input;
    input.seed = study_.definition.sampler().seed();
    input.number = number;
    input.max_trials = 5;
    input.parallel = 2;
    const auto space = search_space::SearchSpace::Create(study_.definition.parameters(), {});
    const auto sampler = sampling::MakeSampler(study_.definition.sampler());
    return *sampling::Suggest(**sampler, *space, input);
  }

  storage::TrialRow& NewTrial() {
    storage::TrialRow& row = trials_.emplace_back();
    row.number = static_cast<int32_t>(trials_.size()) - 1;
    row.id = row.number + 100;
    row.study_id = 1;
    row.parameters = Suggested(row.number);
    return row;
  }

  storage::AttemptRow& Grant(storage::TrialRow& trial, int64_t token, const std::string& client,
                             int64_t sequence) {
    trial.state = v1::Trial::RUNNING;
    storage::AttemptRow attempt;
    attempt.trial_id = trial.id;
    attempt.number = attempt_.trial_id == trial.id ? attempt_.number + 1 : 1;
    attempt.worker = attempt.worker_id = client;
    attempt.token_epoch = 1;
    attempt.token_counter = token;
    attempt.request_client_id = client;
    attempt.request_sequence = sequence;
    attempt_ = attempt;
    Write(trial, attempt_);
    Answer& answer = Say(Verb::kAcquire, client, sequence, "s");
    answer.token = {1, token};
    answer.number = trial.number;
    return attempt_;
  }

  Answer& SayFinish(int64_t token, v1::Attempt::Outcome outcome, v1::Trial::State state) {
    Answer& answer = Say(Verb::kFinish, "", 0, "s");
    answer.state = state;
    Said().token = {1, token};
    Said().outcome = outcome;
    return answer;
  }
  // It was not answered, or late: it is sent again.
  void SayAgain(double seconds) {
    Answer again = Said().answers.front();
    again.taken = absl::Seconds(seconds);
    again.came = again.taken + absl::Seconds(1);
    Said().taken.push_back(again.taken);
    Said().answers.push_back(again);
  }

  void Close(storage::TrialRow& trial, v1::Trial::State state, v1::Attempt::Outcome outcome) {
    trial.state = state;
    attempt_.outcome = outcome;
  }

  void TellTrial0();
  void TellTrial1();
  void TellTrial2();
  void StopAndResume();
  void TellTrial3();
  void EndStudy();

  History history_;
  Time now_;
  storage::StudyRow study_;
  std::deque<storage::TrialRow> trials_;
  storage::AttemptRow attempt_;  // the newest of all
};

void Story::TellTrial0() {
  At(1010);
  storage::TrialRow& trial = NewTrial();
  Grant(trial, 1, "worker 1", 1);
  At(1020);
  Write(storage::MeasurementRow{trial.id, 1, kMetric, 1, 0.5, 0});
  Say(Verb::kReport, "", 0, "s");
  Said().token = {1, 1};
  Said().step = 1;
  Said().value = 0.5;
  history_.dump.measurements[{trial.id, 1, 1}] = 0.5;
  At(1030);
  Say(Verb::kRenew, "", 0, "").held = true;
  Said().token = {1, 1};
  At(1040);
  Close(trial, v1::Trial::COMPLETED, v1::Attempt::COMPLETED);
  trial.objective = 0.5;
  trial.objective_step = 1;
  trial.final_order = 1;
  Write(trial, attempt_);
  SayFinish(1, v1::Attempt::COMPLETED, v1::Trial::COMPLETED);
  SayAgain(1045);
}

void Story::TellTrial1() {
  At(1050);
  storage::TrialRow& trial = NewTrial();
  Grant(trial, 2, "worker 1", 2);
  At(1060);
  Say(Verb::kRenew, "", 0, "").held = true;
  Said().token = {1, 2};
  At(1120.5);
  Close(trial, v1::Trial::WAITING, v1::Attempt::LEASE_EXPIRED);
  trial.lost_leases = 1;
  Write(trial, attempt_);
  At(1125);
  Grant(trial, 3, "worker 2", 1);
  At(1130);
  Write(storage::LateMeasurementRow{trial.id, 2, kMetric, 1, 0.25, 0});
  Answer& refused = Say(Verb::kReport, "", 0, "s");
  refused.code = absl::StatusCode::kAborted;
  refused.lease_lost = true;
  Said().token = {1, 2};
  Said().step = 1;
  Said().value = 0.25;
  At(1135);
  Close(trial, v1::Trial::FAILED, v1::Attempt::FAILED);
  trial.final_order = 2;
  Write(trial, attempt_);
  SayFinish(3, v1::Attempt::FAILED, v1::Trial::FAILED);
}

void Story::TellTrial2() {
  At(1140);
  storage::TrialRow& added = NewTrial();
  added.origin = v1::Trial::ADDED;
  added.parameters[kRate].set_double_value(kAdded);
  added.objective = 0.75;
  added.objective_step = 0;
  added.final_order = 3;
  storage::AttemptRow told;
  told.trial_id = added.id;
  told.number = 1;
  told.token_epoch = 1;
  told.token_counter = 4;
  told.request_client_id = "people";
  told.request_sequence = 2;
  attempt_ = told;
  Close(added, v1::Trial::COMPLETED, v1::Attempt::COMPLETED);
  Write(added, attempt_);
  Say(Verb::kAddTrial, "people", 2, "s").number = 2;
  Said().value = kAdded;
}

void Story::StopAndResume() {
  At(1150);
  study_.state = v1::Study::STOPPED;
  study_.message = "stopped by a person";
  Write(study_);
  Say(Verb::kStopStudy, "people", 3, "s").body = "stopped";
  At(1160);
  study_.state = v1::Study::ACTIVE;
  study_.message = "";
  Write(study_);
  Say(Verb::kResumeStudy, "people", 4, "s").body = "active";
}

void Story::TellTrial3() {
  At(1170);
  storage::TrialRow& trial = NewTrial();
  Grant(trial, 5, "worker 1", 3);
  At(1171);
  Close(trial, v1::Trial::WAITING, v1::Attempt::RUN_AGAIN);
  trial.lost_leases = 1;
  Write(trial, attempt_);
  SayFinish(5, v1::Attempt::RUN_AGAIN, v1::Trial::WAITING);
  SayAgain(1174);
  At(1173);
  Grant(trial, 6, "worker 2", 2);
  At(1175);
  Close(trial, v1::Trial::WAITING, v1::Attempt::GIVEN_BACK);
  Write(trial, attempt_);
  SayFinish(6, v1::Attempt::GIVEN_BACK, v1::Trial::WAITING);
  At(1177);
  Grant(trial, 7, "worker 1", 4);
}

void Story::EndStudy() {
  At(1180);
  storage::TrialRow& last = trials_.back();
  Close(last, v1::Trial::CANCELLED, v1::Attempt::CANCELLED);
  last.final_order = 4;
  study_.state = v1::Study::ENDED;
  Write(study_, last, attempt_);
  Say(Verb::kStopStudy, "people", 5, "s").body = "ended";
}

History Story::Tell() {
  At(1000);
  study_.state = v1::Study::ACTIVE;
  Write(study_);
  Say(Verb::kCreateStudy, "people", 1, "s").body = "study s";
  TellTrial0();
  TellTrial1();
  TellTrial2();
  StopAndResume();
  TellTrial3();
  EndStudy();
  storage::StudyRow other = study_;
  other.id = 2;
  other.state = v1::Study::ACTIVE;
  other.definition.set_name("t");
  At(1190);
  Write(other);
  Say(Verb::kCreateStudy, "people", 6, "t").body = "study t";
  At(1200);
  other.deleted = true;
  Write(other);
  Say(Verb::kDeleteStudy, "people", 7, "t");
  history_.end = absl::Seconds(1210);
  history_.dump.rows.store_epoch = 1;
  history_.dump.rows.commit = static_cast<int64_t>(history_.commits.size());
  history_.dump.rows.studies = {study_};
  history_.dump.rows.trials.assign(trials_.begin(), trials_.end());
  for (const storage::TrialRow& row : trials_)
    storage::Count(history_.dump.counts[1], row.state, 1);
  return std::move(history_);
}

}  // namespace

History TellStory() { return Story().Tell(); }

}  // namespace caviar::coordinator::simulation
