#include "tests/server/coordinator/harness.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace caviar::coordinator {

Harness::Harness(absl::Duration lease_ttl, Suggester* suggester, storage::Store* other_store)
    : lease_ttl_(lease_ttl),
      suggester_(suggester != nullptr ? *suggester : inline_suggester_),
      store_(other_store != nullptr ? *other_store : store) {
  Restart();
}

Harness::~Harness() = default;

void Harness::Restart() {
  queue_.clear();
  core_.reset();
  leases_ = std::make_unique<LeaseTable>();
  sightings_ = std::make_unique<Sightings>();
  Options options;
  options.lease_ttl = lease_ttl_;
  options.version = "test";
  options.tell_ends = tell_ends;
  options.limits = limits;
  core_ = std::make_unique<Core>(
      Core::Dependencies{
          store_, clock, randomness, *leases_, *sightings_, suggester_,
          [this](Command command) { queue_.push_back(std::move(command)); },
          [this](const std::string& study) { changed.insert(study); },
          [this](int64_t study) { erased.insert(study); },
          [this](const std::string& file) { files.erase(file); },
          [this](int64_t study, int32_t number, const std::set<std::string>& kept) {
            const std::string folder = absl::StrCat("artifacts/", study, "/", number, "/");
            std::erase_if(files, [&](const std::string& file) {
              return file.starts_with(folder) && !kept.contains(file);
            });
          },
          [this](absl::Status status) { fatal = status; },
          [this](const LateValues& all) { late_words.push_back(all); },
          [this](const storage::SharedCheckpoints& rest) { shared.push_back(rest); }, &measures,
          [this](const storage::StudyEndRow& end) { ends.push_back(end); },
          [this](const absl::Status& failure) { store_words.emplace_back(failure.message()); }},
      options);
  const absl::Status loaded = core_->Load();
  if (!loaded.ok()) fatal = loaded;
}

void Harness::Settle() {
  do {
    std::vector<Command> commands;
    commands.swap(queue_);
    core_->Run(std::move(commands));
  } while (!queue_.empty());
}

void Harness::Advance(absl::Duration by) {
  const absl::Duration end = clock.Steady() + by;
  while (clock.Steady() < end) {
    const absl::Duration next = std::min(end, std::max(core_->NextWake(), clock.Steady()));
    clock.Advance(std::max(next - clock.Steady(), absl::Milliseconds(1)));
    Settle();
  }
}

void Harness::AdvanceWith(const std::string& worker_id, absl::Duration by) {
  for (absl::Duration step; by > absl::ZeroDuration(); by -= step) {
    step = std::min(by, absl::Minutes(1));
    sightings_->Saw(worker_id, clock.Steady(), /*leaving=*/false);
    Advance(step);
  }
}

template <typename Response, typename Request>
absl::StatusOr<Response> Harness::Call(absl::StatusOr<Response> (Core::*decide)(const Request&),
                                       const Request& request) {
  std::optional<absl::StatusOr<Response>> answer;
  Queue<Response>([decide, request](Core& core) { return (core.*decide)(request); },
                  [&answer](absl::StatusOr<Response> response) { answer = std::move(response); });
  Settle();
  if (!answer) return absl::DeadlineExceededError("no answer");
  return *answer;
}

template absl::StatusOr<v1::Study> Harness::Call(
    absl::StatusOr<v1::Study> (Core::*)(const v1::CreateStudyRequest&),
    const v1::CreateStudyRequest&);
template absl::StatusOr<v1::RegisterWorkerResponse> Harness::Call(
    absl::StatusOr<v1::RegisterWorkerResponse> (Core::*)(const v1::RegisterWorkerRequest&),
    const v1::RegisterWorkerRequest&);
template absl::StatusOr<v1::ReportMeasurementsResponse> Harness::Call(
    absl::StatusOr<v1::ReportMeasurementsResponse> (Core::*)(const v1::ReportMeasurementsRequest&),
    const v1::ReportMeasurementsRequest&);
template absl::StatusOr<v1::FinishWorkResponse> Harness::Call(
    absl::StatusOr<v1::FinishWorkResponse> (Core::*)(const v1::FinishWorkRequest&),
    const v1::FinishWorkRequest&);
template absl::StatusOr<v1::Study> Harness::Call(
    absl::StatusOr<v1::Study> (Core::*)(const v1::StopStudyRequest&), const v1::StopStudyRequest&);
template absl::StatusOr<v1::Trial> Harness::Call(
    absl::StatusOr<v1::Trial> (Core::*)(const v1::TellTrialRequest&), const v1::TellTrialRequest&);
template absl::StatusOr<v1::DeleteStudyResponse> Harness::Call(
    absl::StatusOr<v1::DeleteStudyResponse> (Core::*)(const v1::DeleteStudyRequest&),
    const v1::DeleteStudyRequest&);
template absl::StatusOr<v1::Study> Harness::Call(
    absl::StatusOr<v1::Study> (Core::*)(const v1::ResumeStudyRequest&),
    const v1::ResumeStudyRequest&);
template absl::StatusOr<v1::GiveBackWorkResponse> Harness::Call(
    absl::StatusOr<v1::GiveBackWorkResponse> (Core::*)(const v1::GiveBackWorkRequest&),
    const v1::GiveBackWorkRequest&);
template absl::StatusOr<v1::UpdateStudyResponse> Harness::Call(
    absl::StatusOr<v1::UpdateStudyResponse> (Core::*)(const v1::UpdateStudyRequest&),
    const v1::UpdateStudyRequest&);
template absl::StatusOr<v1::Trial> Harness::Call(
    absl::StatusOr<v1::Trial> (Core::*)(const v1::AddTrialRequest&), const v1::AddTrialRequest&);
template absl::StatusOr<v1::Trial> Harness::Call(
    absl::StatusOr<v1::Trial> (Core::*)(const v1::RetryTrialRequest&),
    const v1::RetryTrialRequest&);
template absl::StatusOr<v1::CancelTrialsResponse> Harness::Call(
    absl::StatusOr<v1::CancelTrialsResponse> (Core::*)(const v1::CancelTrialsRequest&),
    const v1::CancelTrialsRequest&);

int64_t Harness::QueueAcquire(const std::string& worker_id, const std::string& client,
                              int64_t sequence, Done<v1::AcquireWorkResponse> done,
                              absl::Duration wait) {
  Poll poll;
  poll.id = ++next_poll_;
  poll.client_id = client;
  poll.sequence = sequence;
  poll.deadline = clock.Steady() + wait;
  poll.worker_id = worker_id;
  poll.work_done = std::move(done);
  QueuePoll(std::move(poll));
  return next_poll_;
}

void Harness::QueuePoll(Poll poll) { queue_.push_back(MakeParking(std::move(poll))); }

v1::AcquireWorkResponse Harness::Acquire(const std::string& worker_id) {
  auto answer = std::make_shared<v1::AcquireWorkResponse>();
  QueueAcquire(worker_id, "c" + worker_id, ++next_sequence_,
               [answer](absl::StatusOr<v1::AcquireWorkResponse> response) {
                 if (response.ok()) *answer = *response;
               });
  Settle();
  core_->CancelPoll(next_poll_);
  return *answer;
}

std::string Harness::Register(const std::string& name) {
  v1::RegisterWorkerRequest request;
  *request.mutable_request_id() = NewRequestId();
  request.set_name(name);
  request.set_slots(1);
  request.add_features("batch_norm_network");
  auto response = Call(&Core::RegisterWorker, request);
  return response.ok() ? response->worker_id() : "";
}

absl::StatusOr<v1::Study> Harness::Stop(const std::string& study, bool end) {
  v1::StopStudyRequest request;
  *request.mutable_request_id() = NewRequestId();
  request.set_study(study);
  request.set_end(end);
  return Call(&Core::StopStudy, request);
}

absl::StatusOr<v1::Study> Harness::Resume(const std::string& study) {
  v1::ResumeStudyRequest request;
  *request.mutable_request_id() = NewRequestId();
  request.set_study(study);
  return Call(&Core::ResumeStudy, request);
}

v1::RequestId Harness::NewRequestId() {
  v1::RequestId id;
  id.set_client_id("0123456789abcdef0123456789abcdef");
  id.set_sequence(++next_sequence_);
  return id;
}

v1::Study NetworkStudy(const std::string& name, int max_trials) {
  v1::Study study;
  study.set_name(name);
  study.mutable_objective()->set_metric("validation_accuracy");
  study.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  auto& network = *study.mutable_trainer()->mutable_batch_norm_network();
  auto& idx = *network.mutable_data()->mutable_idx();
  idx.set_train_images("train-images");
  idx.set_train_labels("train-labels");
  network.set_epochs(3);
  study.mutable_sampler()->set_algorithm(v1::Sampler::SOBOL);
  study.mutable_sampler()->set_seed(7);
  if (max_trials > 0) study.mutable_limits()->set_max_trials(max_trials);
  auto& rate = *study.add_parameters();
  rate.set_name("learning_rate");
  rate.set_type(v1::Parameter::DOUBLE);
  rate.set_min(1e-4);
  rate.set_max(1e-1);
  rate.set_scale(v1::Parameter::LOG);
  return study;
}

v1::Study ExternalStudy(const std::string& name, int max_trials) {
  v1::Study study = NetworkStudy(name, max_trials);
  study.mutable_objective()->set_metric("accuracy");
  study.mutable_trainer()->mutable_external();
  return study;
}

}  // namespace caviar::coordinator
