#include "tests/server/coordinator/simulation/people.h"

#include <utility>

namespace caviar::coordinator::simulation {

void People::Start() {
  for (const v1::Study& study : world_.plan.studies) {
    Create(study);
    if (world_.plan.people_stop) StopNowAndThen(study.name());
    if (world_.plan.people_delete && world_.time.Chance(0.6)) {
      world_.time.Later(60 + world_.time.Uniform(400), [this, study] { Delete(study); });
    }
    if (!world_.plan.people_add) continue;
    world_.time.Later(world_.time.Uniform(60), [this, name = study.name()] { Add(name); });
  }
  ResumeWhatStopped();
  if (world_.plan.people_learn) {
    ++busy_;
    world_.time.Later(100 + world_.time.Uniform(300), [this] {
      --busy_;
      Learn(world_.plan.studies.front());
    });
  }
}

template <typename Response, typename Request>
void People::Insist(Verb verb, absl::StatusOr<Response> (Core::*decide)(const Request&),
                    const std::string& study, double value, Request request,
                    std::function<void(const absl::StatusOr<Response>&)> answered) {
  Call call{verb};
  call.client = "people";
  call.sequence = ++sequence_;
  call.study = study;
  call.value = value;
  request.mutable_request_id()->set_client_id(call.client);
  request.mutable_request_id()->set_sequence(call.sequence);
  world_.network.Insist<Response>(
      world_.network.NewCall(std::move(call)),
      [this, decide, request](auto done) {
        world_.frontend.Decide(decide, request, std::move(done));
      },
      [this] { return !world_.is_over; }, std::move(answered));
}

void People::Create(const v1::Study& study) {
  ++busy_;
  v1::CreateStudyRequest request;
  *request.mutable_study() = study;
  Insist<v1::Study>(Verb::kCreateStudy, &Core::CreateStudy, study.name(), 0, request,
                    [this](const auto&) { --busy_; });
}

// Refused where nothing has come of the other one yet, or it was deleted.
void People::Learn(v1::Study study) {
  study.add_warm_start(study.name());
  study.set_name("learns");
  study.mutable_sampler()->set_algorithm(v1::Sampler::TPE);
  Create(study);
}

// A configuration to try, or a result that was never asked for.
void People::Add(const std::string& study) {
  if (world_.is_over) return;
  const double value = 0.001 + 0.09 * world_.NewValue();
  v1::AddTrialRequest request;
  request.set_study(study);
  (*request.mutable_parameters())[kRate].set_double_value(value);
  if (world_.time.Chance(0.5)) {
    for (const v1::Study& one : world_.plan.studies) {
      if (one.name() != study) continue;
      (*request.mutable_completed()->mutable_metrics())[one.objective().metric()] =
          world_.NewValue();
    }
  }
  Insist<v1::Trial>(Verb::kAddTrial, &Core::AddTrial, study, value, request, [](const auto&) {});
  world_.time.Later(40 + world_.time.Uniform(200), [this, study] { Add(study); });
}

void People::StopNowAndThen(const std::string& study) {
  world_.time.Later(20 + world_.time.Uniform(300), [this, study] {
    if (world_.is_over) return;
    v1::StopStudyRequest request;
    request.set_study(study);
    request.set_end(world_.time.Chance(0.1));
    Insist<v1::Study>(Verb::kStopStudy, &Core::StopStudy, study, 0, request, [](const auto&) {});
    StopNowAndThen(study);
  });
}

// By a person, or since its first trials all failed.
void People::ResumeWhatStopped() {
  world_.time.Later(30 + world_.time.Uniform(60), [this] {
    if (world_.is_over) return;
    ResumeWhatStopped();
    if (!world_.process.up()) return;
    for (const auto& [id, study] : world_.process.core().state().studies) {
      if (study.row.state != v1::Study::STOPPED) continue;
      v1::ResumeStudyRequest request;
      request.set_study(study.row.definition.name());
      Insist<v1::Study>(Verb::kResumeStudy, &Core::ResumeStudy, request.study(), 0, request,
                        [](const auto&) {});
    }
  });
}

void People::Delete(const v1::Study& study) {
  if (world_.is_over) return;
  ++busy_;
  v1::DeleteStudyRequest request;
  request.set_study(study.name());
  Insist<v1::DeleteStudyResponse>(Verb::kDeleteStudy, &Core::DeleteStudy, study.name(), 0, request,
                                  [this, study](const auto& response) {
                                    --busy_;
                                    // Its name is free again.
                                    if (response.ok() && world_.time.Chance(0.5)) Create(study);
                                  });
}

void Asker::Start() { BeginToAsk(world_.time.Uniform(10)); }

void Asker::BeginToAsk(double later) {
  world_.time.Later(later, [this] {
    if (world_.is_over) return;
    Call call{Verb::kAsk};
    call.client = "asker of " + study_;
    call.sequence = ++sequence_;
    call.study = study_;
    call_ = world_.network.NewCall(std::move(call));
    held_ = {};
    Ask();
  });
}

// With the same id until it brings a trial.
void Asker::Ask() {
  if (held_ != Token() || world_.is_over) return;
  const int64_t tries = ++tries_;
  v1::AskTrialRequest request;
  request.mutable_request_id()->set_client_id("asker of " + study_);
  request.mutable_request_id()->set_sequence(sequence_);
  request.set_study(study_);
  request.mutable_lease()->set_seconds(120);
  world_.network.Send<v1::AskTrialResponse>(
      call_, [this, request](auto done) { world_.frontend.Ask(request, std::move(done)); },
      [this, call = call_](const absl::StatusOr<v1::AskTrialResponse>& response) {
        if (call == call_ && held_ == Token() && response.ok()) Take(*response);
      });
  world_.time.Later(15 + world_.time.Uniform(20), [this, tries] {
    if (tries == tries_) Ask();
  });
}

void Asker::Take(const v1::AskTrialResponse& response) {
  held_ = ToToken(response.token());
  // Dies, and comes again when its lease is over.
  if (world_.time.Chance(0.1)) return BeginToAsk(130 + world_.time.Uniform(60));
  world_.time.Later(world_.time.Uniform(60), [this, response] { Report(response, 1); });
}

void Asker::Report(const v1::AskTrialResponse& held, int64_t step) {
  if (world_.time.Chance(0.4)) return Tell(held);
  Call call{Verb::kReport};
  call.study = study_;
  call.token = held_;
  call.step = step;
  call.value = world_.NewValue();
  v1::ReportTrialRequest request;
  request.set_study(study_);
  request.set_number(held.trial().number());
  *request.mutable_token() = held.token();
  request.add_measurements()->set_step(step);
  (*request.mutable_measurements(0)->mutable_metrics())[kAskedMetric] = call.value;
  world_.network.Insist<v1::ReportTrialResponse>(
      world_.network.NewCall(std::move(call)),
      [this, request](auto done) { world_.frontend.ReportAsked(request, std::move(done)); },
      [this] { return !world_.is_over; },
      [this, held, step](const absl::StatusOr<v1::ReportTrialResponse>& response) {
        if (!response.ok()) return BeginToAsk(world_.time.Uniform(10));
        world_.time.Later(world_.time.Uniform(80), [this, held, step] { Report(held, step + 1); });
      });
}

void Asker::Tell(const v1::AskTrialResponse& held) {
  Call call{Verb::kTell};
  call.study = study_;
  call.token = held_;
  v1::TellTrialRequest request;
  request.set_study(study_);
  request.set_number(held.trial().number());
  *request.mutable_token() = held.token();
  if (world_.time.Chance(0.1)) {
    request.mutable_failed()->set_message("simulated failure");
  } else {
    (*request.mutable_completed()->mutable_metrics())[kAskedMetric] = world_.NewValue();
  }
  world_.network.Insist<v1::Trial>(
      world_.network.NewCall(std::move(call)),
      [this, request](auto done) { world_.frontend.Decide(&Core::Tell, request, std::move(done)); },
      [this] { return !world_.is_over; },
      [this](const auto&) { BeginToAsk(world_.time.Uniform(10)); });
}

}  // namespace caviar::coordinator::simulation
