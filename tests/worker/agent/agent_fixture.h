// An agent against a scripted coordinator behind a real server on loopback.
#ifndef CAVIAR_TESTS_WORKER_AGENT_AGENT_FIXTURE_H_
#define CAVIAR_TESTS_WORKER_AGENT_AGENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "server/api/server.h"
#include "tests/worker/agent/fake_work.h"
#include "worker/agent/agent.h"

namespace caviar::agent {

using server_api::Server;
using training::AttemptObserver;
using training::AttemptWork;
using training::Outcome;

inline Outcome OutcomeOf(Outcome::Kind kind) {
  Outcome outcome;
  outcome.kind = kind;
  return outcome;
}

inline v1::Measurement At(int64_t step) {
  v1::Measurement measurement;
  measurement.set_step(step);
  (*measurement.mutable_metrics())["validation_accuracy"] = 0.5;
  return measurement;
}

// A training that goes on until it is told to stop.
inline Outcome TrainUntilStopped(const AttemptWork&, AttemptObserver& observer) {
  while (!observer.StopRequested()) std::this_thread::yield();
  return OutcomeOf(Outcome::Kind::kStopped);
}

class AgentTest : public testing::Test {
 protected:
  void TearDown() override { StopAgent(); }

  void StartServer(const std::string& address = "127.0.0.1:0") {
    auto server = Server::Start(work_.coordinator, address);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = server_->address();
  }
  void Start(int slots = 1) {
    StartServer();
    client_ = client::WorkerClient::Connect({address_, absl::Seconds(20)});
    AgentOptions options;
    options.registration.set_name("tester");
    options.registration.set_version("1");
    options.registration.set_slots(slots);
    options.backoff = backoff_;
    options.max_unsent_values = 1000;
    options.grace = grace_;
    options.log = log_;
    options.code_directory = code_directory_;
    agent_ = Agent::Make(*client_, trainer_, options);
    runner_ = std::thread([this] { all_given_back_ = agent_->Run(); });
  }
  // Afterwards all_given_back_ is what Run returned.
  void StopAgent() {
    if (!runner_.joinable()) return;
    agent_->Stop();
    runner_.join();
  }

  absl::Duration grace_ = absl::Seconds(8);
  BackoffBounds backoff_ = {absl::Milliseconds(1), absl::Milliseconds(20)};
  LogBox::Options log_ = {absl::ZeroDuration(), absl::Hours(1)};
  std::string code_directory_;
  FakeWork work_;
  FakeTrainer trainer_;
  std::unique_ptr<Server> server_;
  std::string address_;
  std::unique_ptr<client::WorkerClient> client_;
  std::unique_ptr<Agent> agent_;
  std::thread runner_;
  bool all_given_back_ = false;
};

}  // namespace caviar::agent

#endif  // CAVIAR_TESTS_WORKER_AGENT_AGENT_FIXTURE_H_
