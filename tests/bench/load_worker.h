// A worker as the coordinator sees one, without a trainer: a connection of its own, and leases.
#ifndef CAVIAR_TESTS_BENCH_LOAD_WORKER_H_
#define CAVIAR_TESTS_BENCH_LOAD_WORKER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/worker_service.grpc.pb.h"

namespace caviar::bench {

enum class Call {
  kEmpty,       // GiveBackWork without tokens: of the bare server, which does nothing
  kAcquire,     // AcquireWork
  kRenew,       // RenewLeases, naming all leases
  kReport,      // ReportMeasurements of one value
  kReportStep,  // ReportMeasurements of what the built-in trainer reports of an epoch: seven values
  kFinish,      // FinishWork, completed
};

// For people: "acquire".
std::string NameOf(Call call);

// Prints the message and ends the process.
[[noreturn]] void Fail(const std::string& message);

// For the built-in trainer, without a pruner; its space has three parameters, its sampler is sobol.
v1::Study LoadStudy();
// What a worker reports of a step, the objective first.
const std::vector<std::string>& StepMetrics();

// Makes one call at a time; whatever is not answered OK ends the process.
class LoadWorker {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LoadWorker(const std::string& address);
  // Blocks until the connection stands.
  void Connect();
  // Blocks. `name`: for people.
  void Register(const std::string& name);
  // Calls `done`, on a thread of gRPC's, with the time from the call to the answer. kReport and
  // kFinish need a lease, kFinish one that was reported of.
  void Start(Call call, std::function<void(Clock::duration)> done);

  // Not while a call runs.
  size_t leases() const { return leases_.size(); }
  bool HasUnreported() const { return reported_ < leases_.size(); }

 private:
  struct Lease {
    v1::FencingToken token;
    int64_t step = 0;
  };
  void Acquire();
  void Report(size_t values);
  void Answered(const grpc::Status& status);
  std::function<void(grpc::Status)> OnAnswer() {
    return [this](const grpc::Status& status) { Answered(status); };
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::WorkerService::Stub> stub_;
  std::string worker_id_;
  std::string client_id_;
  int64_t sequence_ = 0;
  std::deque<Lease> leases_;  // oldest first
  size_t reported_ = 0;       // so many of the oldest were reported of
  size_t turn_ = 0;

  // Of the call that runs.
  std::optional<grpc::ClientContext> context_;
  Clock::time_point start_;
  std::function<void(Clock::duration)> done_;
  v1::GiveBackWorkRequest empty_request_;
  v1::GiveBackWorkResponse empty_;
  v1::AcquireWorkRequest acquire_request_;
  v1::AcquireWorkResponse acquired_;
  v1::RenewLeasesRequest renew_request_;
  v1::RenewLeasesResponse renewed_;
  v1::ReportMeasurementsRequest report_request_;
  v1::ReportMeasurementsResponse reported_answer_;
  v1::FinishWorkRequest finish_request_;
  v1::FinishWorkResponse finished_;
};

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_LOAD_WORKER_H_
