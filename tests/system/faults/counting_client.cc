#include "tests/system/faults/counting_client.h"

#include <google/protobuf/util/message_differencer.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/system/process.h"

namespace caviar::system_test {
namespace {

client::ClientOptions Patient(const std::string& address) {
  client::ClientOptions options;
  options.address = address;
  options.patience = kPatience;
  return options;
}

std::string Text(const absl::Status& status) { return status.ToString(); }

}  // namespace

CountingClient::CountingClient(const std::string& address, std::string study, uint64_t seed)
    : study_(std::move(study)),
      client_(client::Client::Connect(Patient(address))),
      random_(seed),
      thread_([this] { Run(); }) {}

void CountingClient::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::map<int32_t, AcknowledgedTrial> CountingClient::Trials() const {
  absl::MutexLock lock(&mutex_);
  return trials_;
}

std::map<int32_t, AcknowledgedTrial> CountingClient::Fresh() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(fresh_, {});
}

std::vector<std::string> CountingClient::Studies() const {
  absl::MutexLock lock(&mutex_);
  return studies_;
}

std::vector<std::string> CountingClient::Complaints() const {
  absl::MutexLock lock(&mutex_);
  return complaints_;
}

void CountingClient::Note(const AcknowledgedTrial& trial) {
  absl::MutexLock lock(&mutex_);
  trials_[trial.asked.number()] = trial;
  fresh_[trial.asked.number()] = trial;
}

void CountingClient::Complain(const std::string& what) {
  absl::MutexLock lock(&mutex_);
  complaints_.push_back(what);
}

template <typename Request, typename Response>
std::optional<Response> CountingClient::Call(
    const std::string& what, const Request& request,
    absl::StatusOr<Response> (client::Client::*method)(Request)) {
  const absl::StatusOr<Response> answer = (client_.get()->*method)(request);
  if (!answer.ok()) {
    Complain(absl::StrCat(what, ": ", Text(answer.status())));
    return std::nullopt;
  }
  ++answers_;
  if (OneOf(4)) {
    const absl::StatusOr<Response> again = (client_.get()->*method)(request);
    if (!again.ok()) {
      Complain(absl::StrCat(what, " again: ", Text(again.status())));
    } else if (!google::protobuf::util::MessageDifferencer::Equals(*answer, *again)) {
      Complain(absl::StrCat(what, " was answered ", answer->ShortDebugString(), " and then ",
                            again->ShortDebugString()));
    }
  }
  return *answer;
}

void CountingClient::Run() {
  while (!stopping_) {
    if (OneOf(20)) AddOne();
    if (OneOf(40)) CreateOne();
    RunTrial();
  }
}

void CountingClient::RunTrial() {
  v1::AskTrialRequest request;
  *request.mutable_request_id() = ids_.Next();
  request.set_study(study_);
  const auto answer = Call("ask", request, &client::Client::AskTrial);
  if (!answer) return;
  AcknowledgedTrial trial;
  trial.asked = answer->trial();
  trial.token = answer->token();
  Note(trial);
  for (int i = 0; i < 3 && !stopping_; ++i) ReportSome(trial);
  if (!stopping_) TellIt(trial);
}

void CountingClient::ReportSome(AcknowledgedTrial& trial) {
  v1::ReportTrialRequest request;
  request.set_study(study_);
  request.set_number(trial.asked.number());
  *request.mutable_token() = trial.token;
  AcknowledgedTrial then = trial;
  for (int i = OneOf(2) ? 1 : 3; i > 0; --i) {
    v1::Measurement& measurement = *request.add_measurements();
    measurement.set_step(static_cast<int64_t>(then.values.size()) + 1);
    const double value = Draw();
    (*measurement.mutable_metrics())["accuracy"] = value;
    then.values[measurement.step()] = value;
  }
  const auto answer = client_->ReportTrial(request);
  if (!answer.ok()) return Complain(absl::StrCat("report: ", Text(answer.status())));
  ++answers_;
  trial = then;
  Note(trial);
  if (!OneOf(4)) return;
  const auto again = client_->ReportTrial(request);
  if (!again.ok()) Complain(absl::StrCat("report again: ", Text(again.status())));
}

void CountingClient::TellIt(AcknowledgedTrial& trial) {
  v1::TellTrialRequest request;
  request.set_study(study_);
  request.set_number(trial.asked.number());
  *request.mutable_token() = trial.token;
  AcknowledgedTrial then = trial;
  if (OneOf(8)) {
    request.mutable_failed()->set_message("it broke");
    then.state = v1::Trial::FAILED;
  } else {
    const double value = Draw();
    (*request.mutable_completed()->mutable_metrics())["accuracy"] = value;
    then.values[static_cast<int64_t>(then.values.size()) + 1] = value;
    then.state = v1::Trial::COMPLETED;
    then.objective = value;
  }
  const auto answer = client_->TellTrial(request);
  if (!answer.ok()) return Complain(absl::StrCat("tell: ", Text(answer.status())));
  ++answers_;
  if (answer->state() != then.state) {
    Complain(absl::StrCat("told trial ", trial.asked.number(), " is ",
                          v1::Trial::State_Name(answer->state())));
  }
  trial = then;
  Note(trial);
  // Told long ago, by a coordinator that may be dead: answered as it was then.
  if (earlier_ && OneOf(4)) {
    const auto again = client_->TellTrial(*earlier_);
    if (!again.ok() || again->state() != earlier_state_) {
      Complain(
          absl::StrCat("telling trial ", earlier_->number(), " again: ", Text(again.status())));
    }
  }
  if (!earlier_ || OneOf(10)) {
    earlier_ = request;
    earlier_state_ = then.state;
  }
}

void CountingClient::AddOne() {
  v1::AddTrialRequest request;
  *request.mutable_request_id() = ids_.Next();
  request.set_study(study_);
  (*request.mutable_parameters())["x"].set_double_value(Draw());
  AcknowledgedTrial trial;
  trial.state = v1::Trial::COMPLETED;
  trial.objective = trial.values[0] = Draw();
  (*request.mutable_completed()->mutable_metrics())["accuracy"] = *trial.objective;
  const auto answer = Call("add", request, &client::Client::AddTrial);
  if (!answer) return;
  trial.asked = *answer;
  Note(trial);
}

void CountingClient::CreateOne() {
  v1::CreateStudyRequest request;
  *request.mutable_request_id() = ids_.Next();
  v1::Study& study = *request.mutable_study();
  study.set_name(absl::StrCat("made-", absl::Hex(random_())));
  study.mutable_trainer()->mutable_external();
  study.mutable_objective()->set_metric("accuracy");
  study.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  v1::Parameter& x = *study.add_parameters();
  x.set_name("x");
  x.set_type(v1::Parameter::DOUBLE);
  x.set_min(0);
  x.set_max(1);
  study.mutable_limits()->set_max_trials(10);
  const auto answer = Call("create", request, &client::Client::CreateStudy);
  if (!answer) return;
  absl::MutexLock lock(&mutex_);
  studies_.push_back(answer->name());
}

}  // namespace caviar::system_test
