// The coordinator's calls, as server/coordinator/coordinator.cc makes commands of them.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_FRONTEND_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_FRONTEND_H_

#include <functional>
#include <string>
#include <utility>

#include "tests/server/coordinator/simulation/process.h"

namespace caviar::coordinator::simulation {

class Frontend {
 public:
  explicit Frontend(Process& process) : process_(process) {}

  // Any decision of the core.
  template <typename Response, typename Request>
  void Decide(absl::StatusOr<Response> (Core::*decide)(const Request&), Request request,
              Done<Response> done) {
    Post<Response>(
        [decide, request = std::move(request)](Core& core) { return (core.*decide)(request); },
        std::move(done));
  }
  template <typename Response>
  void Post(std::function<absl::StatusOr<Response>(Core&)> decide, Done<Response> done) {
    process_.Post(MakeCommand<Response>(std::move(decide), std::move(done)));
  }

  void Acquire(v1::AcquireWorkRequest request, Done<v1::AcquireWorkResponse> done);
  void Ask(v1::AskTrialRequest request, Done<v1::AskTrialResponse> done);
  // One lease; the answer says whether it stands. `token` may be unset: the list is empty.
  void Renew(const std::string& worker, std::optional<Token> token, Done<bool> done);
  void Report(v1::ReportMeasurementsRequest request, Done<v1::ReportMeasurementsResponse> done);
  void ReportAsked(v1::ReportTrialRequest request, Done<v1::ReportTrialResponse> done);
  void Finish(v1::FinishWorkRequest request, Done<v1::FinishWorkResponse> done);
  // The file first, then its row.
  void Checkpoint(Token token, storage::ArtifactRow row, Done<v1::UploadChunkResponse> done);

  // What the tokens of reports and outcomes are taken for: a server that does not check them takes
  // each for the one that counts now.
  std::function<Token(Core&, Token)> read_token = [](Core&, Token token) { return token; };

 private:
  void PostPoll(Poll poll);

  Process& process_;
  int64_t polls_ = 0;
};

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_FRONTEND_H_
