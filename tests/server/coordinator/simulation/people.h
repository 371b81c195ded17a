// Simulated people: they create, stop, resume and delete studies, add trials, and ask for trials in
// loops of their own. Each mutation is sent again, with the same request id, until it is answered.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PEOPLE_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PEOPLE_H_

#include <functional>
#include <memory>
#include <string>

#include "tests/server/coordinator/simulation/world.h"

namespace caviar::coordinator::simulation {

class People {
 public:
  explicit People(World& world) : world_(world) {}
  // Creates the plan's studies and does what the plan says from then on.
  void Start();
  // Nothing more is to come from them.
  bool Idle() const { return busy_ == 0; }

 private:
  void Create(const v1::Study& study);
  // A study like this one that learns from it.
  void Learn(v1::Study study);
  void Add(const std::string& study);
  void StopNowAndThen(const std::string& study);
  void ResumeWhatStopped();
  void Delete(const v1::Study& study);

  // A call with a request id of its own.
  template <typename Response, typename Request>
  void Insist(Verb verb, absl::StatusOr<Response> (Core::*decide)(const Request&),
              const std::string& study, double value, Request request,
              std::function<void(const absl::StatusOr<Response>&)> answered);

  World& world_;
  int64_t sequence_ = 0;
  int busy_ = 0;  // calls that decide whether the history is over
};

// A loop of one's own: ask, report, tell; or die and leave the trial to its lease.
class Asker {
 public:
  Asker(World& world, std::string study) : world_(world), study_(std::move(study)) {}
  void Start();

 private:
  void BeginToAsk(double later);
  void Ask();
  void Take(const v1::AskTrialResponse& response);
  void Report(const v1::AskTrialResponse& held, int64_t step);
  void Tell(const v1::AskTrialResponse& held);

  World& world_;
  const std::string study_;
  int64_t sequence_ = 0;
  size_t call_ = 0;  // asks, until it brings a trial
  int64_t tries_ = 0;
  Token held_;  // none: it asks
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PEOPLE_H_
