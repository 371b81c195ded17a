// Ten times as many reports at once as are taken, without a pause: promise bounded.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/worker_service.grpc.pb.h"
#include "client/api/channel.h"
#include "client/api/request_ids.h"
#include "client/api/retry.h"
#include "tests/system/faults/acknowledged.h"
#include "tests/system/faults/fault_fixture.h"

namespace caviar::system_test {
namespace {

constexpr int kTaken = 256;       // calls of a kind that the coordinator works on
constexpr int kConnections = 10;  // each of them reports as many at once
constexpr int kEnough = 30'000;   // reports that were acknowledged

// Reports of one trial without end, kTaken at once, on a connection of its own.
class Flood {
 public:
  Flood(const std::string& address, const v1::FencingToken& token)
      : address_(address), token_(token) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = v1::WorkerService::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    {
      absl::MutexLock lock(&mutex_);
      running_ = kTaken;
    }
    for (int i = 0; i < kTaken; ++i) calls_.push_back(std::make_unique<Call>());
    for (const auto& call : calls_) Start(*call);
  }
  ~Flood() { End(); }

  // Returns when the last call has been answered.
  void End() {
    absl::MutexLock lock(&mutex_);
    over_ = true;
    mutex_.Await(absl::Condition(
        +[](int* running) { return *running == 0; }, &running_));
  }
  // Step -> value, of those that were acknowledged.
  std::map<int64_t, double> Acknowledged() const {
    absl::MutexLock lock(&mutex_);
    return acknowledged_;
  }
  int64_t refusals() const {
    absl::MutexLock lock(&mutex_);
    return refusals_;
  }
  // Answers that were neither OK nor told when to try again.
  std::vector<std::string> Complaints() const {
    absl::MutexLock lock(&mutex_);
    return complaints_;
  }

 private:
  struct Call {
    std::unique_ptr<grpc::ClientContext> context;
    v1::ReportMeasurementsRequest request;
    v1::ReportMeasurementsResponse answer;
  };

  void Start(Call& call) {
    call.context = std::make_unique<grpc::ClientContext>();
    if (call.request.measurements().empty()) {
      *call.request.mutable_token() = token_;
      v1::Measurement& measurement = *call.request.add_measurements();
      absl::MutexLock lock(&mutex_);
      measurement.set_step(++step_);
      (*measurement.mutable_metrics())["accuracy"] = 1.0 / static_cast<double>(step_);
    }
    stub_->async()->ReportMeasurements(
        call.context.get(), &call.request, &call.answer,
        [this, &call](const grpc::Status& status) { Answered(call, status); });
  }

  void Answered(Call& call, const grpc::Status& status) {
    {
      absl::MutexLock lock(&mutex_);
      Note(call, status);
      if (over_) {
        --running_;
        return;
      }
    }
    Start(call);
  }

  void Note(Call& call, const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (status.ok()) {
      const v1::Measurement& measurement = call.request.measurements(0);
      acknowledged_[measurement.step()] = measurement.metrics().at("accuracy");
      call.request.clear_measurements();
      return;
    }
    ++refusals_;
    if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED ||
        !client::RetryDelay(client::FromGrpcStatus(status, address_))) {
      complaints_.push_back(absl::StrCat(status.error_code(), ": ", status.error_message()));
    }
  }

  const std::string address_;
  const v1::FencingToken token_;
  std::unique_ptr<v1::WorkerService::Stub> stub_;
  std::vector<std::unique_ptr<Call>> calls_;
  mutable absl::Mutex mutex_;
  int64_t step_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t refusals_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, double> acknowledged_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> complaints_ ABSL_GUARDED_BY(mutex_);
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
};

class OverloadTest : public FaultTest {
 protected:
  v1::AskTrialResponse Ask() {
    v1::AskTrialRequest request;
    *request.mutable_request_id() = ids_.Next();
    request.set_study("flooded");
    const auto asked = client_->AskTrial(request);
    EXPECT_TRUE(asked.ok()) << asked.status();
    return asked.value_or(v1::AskTrialResponse());
  }
  // Blocks until so many were acknowledged.
  bool WaitForAcknowledged(int64_t count) {
    return Eventually([&] {
      int64_t all = 0;
      for (const auto& flood : floods_) all += static_cast<int64_t>(flood->Acknowledged().size());
      return all >= count;
    });
  }

  client::RequestIds ids_;
  std::unique_ptr<client::Client> client_;
  std::vector<std::unique_ptr<Flood>> floods_;
};

TEST_F(OverloadTest, OfTenTimesTooManyReportsMemoryStaysFlatAndNothingTakenIsLost) {
  cluster_.StartCoordinator("5s",
                            {.arguments = {"--no-auth", "--max-calls", absl::StrCat(kTaken)}});
  cluster_.CreateStudy(
      "study: flooded\nobjective: {metric: accuracy, goal: maximize}\n"
      "trainer: {external: {}}\nparameters: {x: {min: 0.0, max: 1.0}}\n");
  client_ = Connect();
  CreateEndlessStudy("trained", 1);
  const auto worker = cluster_.StartWorker("worker");
  ASSERT_TRUE(WaitForStep("trained", 0, 1));

  std::map<int32_t, AcknowledgedTrial> trials;
  for (int i = 0; i < kConnections; ++i) {
    const v1::AskTrialResponse asked = Ask();
    trials[asked.trial().number()] = {asked.trial(), asked.token(), {}, v1::Trial::RUNNING, {}};
    floods_.push_back(std::make_unique<Flood>(cluster_.address(), asked.token()));
  }
  ASSERT_TRUE(WaitForAcknowledged(kEnough / 4)) << "every buffer has been used by then";
  const int64_t early = cluster_.coordinator().Memory();
  EXPECT_TRUE(WaitForAcknowledged(kEnough));
  const int64_t late = cluster_.coordinator().Memory();
  if (!kSanitized) {
    EXPECT_LT(late - early, int64_t{16} << 20) << "of " << early << " bytes at first";
  }
  // An outcome is taken in the midst of it, and no lease is lost to it.
  EndStudy("trained");
  EXPECT_EQ(Trial("trained", 0).at("lost_leases"), 0);

  size_t number = 0;
  for (auto& [at, trial] : trials) {
    Flood& flood = *floods_[number++];
    flood.End();
    EXPECT_GT(flood.refusals(), 0);
    const std::vector<std::string> complaints = flood.Complaints();
    EXPECT_TRUE(complaints.empty()) << complaints.size() << ", the first " << complaints[0];
    trial.values = flood.Acknowledged();
  }
  ExpectKept(*client_, "flooded", trials);
}

}  // namespace
}  // namespace caviar::system_test
