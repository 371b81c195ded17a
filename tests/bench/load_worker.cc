#include "tests/bench/load_worker.h"

#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace caviar::bench {
namespace {

constexpr char kStudy[] = R"(
    name: "load"
    objective { metric: "validation_accuracy" goal: MAXIMIZE }
    trainer { batch_norm_network {
      data { idx { train_images: "a" train_labels: "b" } } epochs: 100000 } }
    sampler { algorithm: SOBOL seed: 1 }
    pruner { algorithm: NONE }
    parameters { name: "learning_rate" type: DOUBLE min: 1e-4 max: 0.1 scale: LOG }
    parameters { name: "batch_size" type: INT min: 16 max: 1024 scale: LOG }
    parameters { name: "dropout" type: DOUBLE min: 0 max: 0.5 } )";

constexpr std::chrono::seconds kConnectTime(30);

std::string DrawClientId() {
  std::random_device random;
  return absl::StrFormat("%08x%08x%08x%08x", random(), random(), random(), random());
}

}  // namespace

std::string NameOf(Call call) {
  switch (call) {
    case Call::kEmpty:
      return "empty";
    case Call::kAcquire:
      return "acquire";
    case Call::kRenew:
      return "renew";
    case Call::kReport:
      return "report, 1 value";
    case Call::kReportStep:
      return "report, 7 values";
    case Call::kFinish:
      return "finish";
  }
  return "";
}

void Fail(const std::string& message) {
  std::fprintf(stderr, "caviar_load: %s\n", message.c_str());
  // Without destructors: threads of gRPC's are at work.
  std::_Exit(1);
}

v1::Study LoadStudy() {
  v1::Study study;
  if (!google::protobuf::TextFormat::ParseFromString(kStudy, &study)) Fail("the study is broken");
  return study;
}

const std::vector<std::string>& StepMetrics() {
  static const auto& metrics = *new std::vector<std::string>{
      "validation_accuracy", "validation_loss", "train_accuracy",    "train_loss",
      "gradient_norm",       "learning_rate",   "samples_per_second"};
  return metrics;
}

LoadWorker::LoadWorker(const std::string& address) : client_id_(DrawClientId()) {
  grpc::ChannelArguments arguments;
  // Channels to one address would share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  channel_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  stub_ = v1::WorkerService::NewStub(channel_);
}

void LoadWorker::Connect() {
  if (!channel_->WaitForConnected(std::chrono::system_clock::now() + kConnectTime)) {
    Fail("nobody takes a connection");
  }
}

void LoadWorker::Register(const std::string& name) {
  grpc::ClientContext context;
  v1::RegisterWorkerRequest request;
  request.mutable_request_id()->set_client_id(client_id_);
  request.mutable_request_id()->set_sequence(++sequence_);
  request.set_name(name);
  request.set_version(CAVIAR_VERSION);
  request.set_slots(1024);
  request.add_features("batch_norm_network");
  v1::RegisterWorkerResponse response;
  const grpc::Status status = stub_->RegisterWorker(&context, request, &response);
  if (!status.ok()) Fail(absl::StrCat("register: ", status.error_message()));
  worker_id_ = response.worker_id();
}

void LoadWorker::Start(Call call, std::function<void(Clock::duration)> done) {
  context_.emplace();
  done_ = std::move(done);
  start_ = Clock::now();
  switch (call) {
    case Call::kEmpty:
      return stub_->async()->GiveBackWork(&*context_, &empty_request_, &empty_, OnAnswer());
    case Call::kAcquire:
      return Acquire();
    case Call::kRenew:
      renew_request_.set_worker_id(worker_id_);
      renew_request_.clear_tokens();
      for (const Lease& lease : leases_) *renew_request_.add_tokens() = lease.token;
      return stub_->async()->RenewLeases(&*context_, &renew_request_, &renewed_,
                                         [this](const grpc::Status& status) {
                                           for (const auto& lease : renewed_.leases()) {
                                             if (!lease.held()) Fail("a lease was lost");
                                           }
                                           Answered(status);
                                         });
    case Call::kReport:
      return Report(1);
    case Call::kReportStep:
      return Report(StepMetrics().size());
    case Call::kFinish:
      *finish_request_.mutable_token() = leases_.front().token;
      finish_request_.mutable_completed();
      leases_.pop_front();
      --reported_;
      return stub_->async()->FinishWork(
          &*context_, &finish_request_, &finished_, [this](const grpc::Status& status) {
            if (status.ok() && finished_.state() != v1::Trial::COMPLETED) {
              Fail("a trial was not completed");
            }
            Answered(status);
          });
  }
}

void LoadWorker::Acquire() {
  acquire_request_.set_worker_id(worker_id_);
  acquire_request_.mutable_request_id()->set_client_id(client_id_);
  acquire_request_.mutable_request_id()->set_sequence(++sequence_);
  stub_->async()->AcquireWork(&*context_, &acquire_request_, &acquired_,
                              [this](const grpc::Status& status) {
                                if (status.ok()) {
                                  if (!acquired_.has_trial()) Fail("no work came within 30 s");
                                  leases_.push_back({acquired_.trial().token()});
                                }
                                Answered(status);
                              });
}

void LoadWorker::Report(size_t values) {
  Lease& lease = HasUnreported() ? leases_[reported_++] : leases_[turn_++ % leases_.size()];
  *report_request_.mutable_token() = lease.token;
  report_request_.clear_measurements();
  v1::Measurement& measurement = *report_request_.add_measurements();
  measurement.set_step(++lease.step);
  for (size_t i = 0; i < values; ++i) {
    (*measurement.mutable_metrics())[StepMetrics()[i]] =
        1 - 1.0 / static_cast<double>(lease.step + 1);
  }
  stub_->async()->ReportMeasurements(&*context_, &report_request_, &reported_answer_, OnAnswer());
}

void LoadWorker::Answered(const grpc::Status& status) {
  const Clock::duration time = Clock::now() - start_;
  if (!status.ok()) {
    Fail(absl::StrCat("error ", static_cast<int>(status.error_code()), ": ",
                      status.error_message()));
  }
  // It may start the next call, which sets done_.
  const auto done = std::move(done_);
  done(time);
}

}  // namespace caviar::bench
