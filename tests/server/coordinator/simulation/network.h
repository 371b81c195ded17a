// What is between callers and the coordinator: calls and answers get lost, doubled, late and out of
// order, and some are refused because there are too many; callers send a call again until it is
// answered. All that reaches the coordinator's core is written into the history.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_NETWORK_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_NETWORK_H_

#include <functional>
#include <memory>
#include <utility>

#include "server/coordinator/coordinator.h"
#include "tests/server/coordinator/simulation/history.h"
#include "tests/server/coordinator/simulation/process.h"
#include "tests/server/coordinator/simulation/timeline.h"

namespace caviar::coordinator::simulation {

// What the history keeps of an answer.
Answer Describe(const absl::StatusOr<v1::Study>& response);
Answer Describe(const absl::StatusOr<v1::DeleteStudyResponse>& response);
Answer Describe(const absl::StatusOr<v1::Trial>& response);
Answer Describe(const absl::StatusOr<v1::RegisterWorkerResponse>& response);
Answer Describe(const absl::StatusOr<v1::AcquireWorkResponse>& response);
Answer Describe(const absl::StatusOr<v1::AskTrialResponse>& response);
Answer Describe(const absl::StatusOr<bool>& response);
Answer Describe(const absl::StatusOr<v1::ReportMeasurementsResponse>& response);
Answer Describe(const absl::StatusOr<v1::ReportTrialResponse>& response);
Answer Describe(const absl::StatusOr<v1::FinishWorkResponse>& response);
Answer Describe(const absl::StatusOr<v1::GiveBackWorkResponse>& response);
Answer Describe(const absl::StatusOr<v1::UploadChunkResponse>& response);

// Whether sending the call once more would come to the same.
bool IsDefinite(const absl::Status& status);

class Network {
 public:
  Network(Timeline& time, Process& process, History& history)
      : time_(time), process_(process), history_(history) {}

  // Makes the coordinator take one copy of a call.
  template <typename Response>
  using Take = std::function<void(Done<Response>)>;
  template <typename Response>
  using OnAnswer = std::function<void(const absl::StatusOr<Response>&)>;

  // Writes the call into the history; its place there.
  size_t NewCall(Call call) {
    call.sent = time_.now();
    history_.calls.push_back(std::move(call));
    return history_.calls.size() - 1;
  }

  // Sends it once, which may come to no copy or two. `answered` hears of every answer that comes.
  template <typename Response>
  void Send(size_t call, const Take<Response>& take, const OnAnswer<Response>& answered) {
    const int copies = time_.Chance(lost) ? 0 : time_.Chance(doubled) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      time_.Later(Delay(), [=, this] { Arrive<Response>(call, take, answered); });
    }
  }

  // Sends it until a definite answer comes, which `answered` is told once, or `wanted` says no.
  template <typename Response>
  void Insist(size_t call, Take<Response> take, std::function<bool()> wanted,
              OnAnswer<Response> answered) {
    auto over = std::make_shared<bool>(false);
    const OnAnswer<Response> listen = [=, this](const absl::StatusOr<Response>& response) {
      if (*over || !IsDefinite(response.status())) return;
      *over = true;
      if (time_.Chance(stray)) Stray<Response>(call, take);
      answered(response);
    };
    Repeat<Response>(call, take, wanted, listen, over);
  }

  // A copy that had lost its way comes much later; nobody waits for its answer.
  template <typename Response>
  void Stray(size_t call, Take<Response> take) {
    time_.Later(time_.Uniform(400),
                [=, this] { Arrive<Response>(call, take, [](const auto&) {}); });
  }

  double lost = 0.1;
  double doubled = 0.05;
  double slow = 0.03;
  double stray = 0.1;
  double shed = 0.03;

 private:
  double Delay() { return time_.Chance(slow) ? time_.Uniform(100) : time_.Uniform(0.05); }

  template <typename Response>
  void Repeat(size_t call, Take<Response> take, std::function<bool()> wanted,
              OnAnswer<Response> listen, std::shared_ptr<bool> over) {
    if (*over || !wanted()) return;
    Send<Response>(call, take, listen);
    time_.Later(5 + time_.Uniform(20),
                [=, this] { Repeat<Response>(call, take, wanted, listen, over); });
  }

  template <typename Response>
  void Arrive(size_t call, Take<Response> take, OnAnswer<Response> answered) {
    if (!process_.up()) return;
    if (process_.stalled_until() > time_.now()) {
      const double wait = absl::ToDoubleSeconds(process_.stalled_until() - time_.now());
      time_.Later(wait, [=, this] { Arrive<Response>(call, take, answered); });
      return;
    }
    if (time_.Chance(shed)) {
      time_.Later(Delay(),
                  [answered] { answered(absl::ResourceExhaustedError("too many calls")); });
      return;
    }
    const Time taken = time_.now();
    history_.calls[call].taken.push_back(taken);
    take([=, this](absl::StatusOr<Response> response) {
      if (time_.Chance(lost)) return;
      time_.Later(Delay(), [=, this] {
        Answer answer = Describe(response);
        answer.taken = taken;
        answer.came = time_.now();
        history_.calls[call].answers.push_back(std::move(answer));
        answered(response);
      });
    });
  }

  Timeline& time_;
  Process& process_;
  History& history_;
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_NETWORK_H_
