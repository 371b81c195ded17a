// A client that runs an external study and keeps count of what was acknowledged.
#ifndef CAVIAR_TESTS_SYSTEM_FAULTS_COUNTING_CLIENT_H_
#define CAVIAR_TESTS_SYSTEM_FAULTS_COUNTING_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/api/client.h"
#include "client/api/request_ids.h"

namespace caviar::system_test {

// All that a coordinator said OK to of one trial.
struct AcknowledgedTrial {
  v1::Trial asked;  // as it was given
  v1::FencingToken token;
  std::map<int64_t, double> values;  // step -> value of "accuracy"
  // The outcome, if it was told.
  v1::Trial::State state = v1::Trial::RUNNING;
  std::optional<double> objective;
};

// Asks, reports and tells without end, on a thread of its own; repeats some of it with the same
// request id or token, at once and much later, and looks whether the answer is the same. Every call
// goes on until it is answered, however often the coordinator dies meanwhile.
class CountingClient {
 public:
  // `study` has an external trainer and maximizes "accuracy". The same seed does the same.
  CountingClient(const std::string& address, std::string study, uint64_t seed);
  ~CountingClient() { Stop(); }

  // Ends it after the call that runs.
  void Stop();
  // How many calls were answered so far.
  int64_t answers() const { return answers_; }
  // By trial number.
  std::map<int32_t, AcknowledgedTrial> Trials() const;
  // Of these, the ones that got an answer since the last call.
  std::map<int32_t, AcknowledgedTrial> Fresh();
  // Studies that it made.
  std::vector<std::string> Studies() const;
  // What was not answered as it should have been.
  std::vector<std::string> Complaints() const;

 private:
  void Run();
  void RunTrial();
  void ReportSome(AcknowledgedTrial& trial);
  void TellIt(AcknowledgedTrial& trial);
  void AddOne();
  void CreateOne();
  void Note(const AcknowledgedTrial& trial);
  void Complain(const std::string& what);
  // True in one of `n` cases.
  bool OneOf(int n) { return std::uniform_int_distribution<int>(1, n)(random_) == 1; }
  double Draw() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  // Calls, now and then twice. nullopt: it failed, and the client has complained.
  template <typename Request, typename Response>
  std::optional<Response> Call(const std::string& what, const Request& request,
                               absl::StatusOr<Response> (client::Client::*method)(Request));

  const std::string study_;
  const std::unique_ptr<client::Client> client_;
  client::RequestIds ids_;
  std::mt19937_64 random_;                       // the thread's
  std::optional<v1::TellTrialRequest> earlier_;  // the thread's: told long ago
  v1::Trial::State earlier_state_ = v1::Trial::STATE_UNSPECIFIED;
  std::atomic<bool> stopping_ = false;
  std::atomic<int64_t> answers_ = 0;
  mutable absl::Mutex mutex_;
  std::map<int32_t, AcknowledgedTrial> trials_ ABSL_GUARDED_BY(mutex_);
  std::map<int32_t, AcknowledgedTrial> fresh_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> studies_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> complaints_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_FAULTS_COUNTING_CLIENT_H_
