#include "tests/bench/model_problems.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "google/protobuf/util/json_util.h"
#include "tests/bench/plain_values.h"

namespace caviar::bench {

ModelEvaluator::~ModelEvaluator() {
  if (process_ == 0) return;
  std::fclose(requests_);
  std::fclose(answers_);
  waitpid(process_, nullptr, 0);
}

void ModelEvaluator::Start() {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) Fail("there is no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  // Debian's own Python, which has scikit-learn; another one may be first on the PATH.
  std::string python = "/usr/bin/python3", script = script_;
  char* arguments[] = {python.data(), script.data(), nullptr};
  if (posix_spawn(&process_, python.c_str(), &actions, nullptr, arguments, environ) != 0) {
    Fail("cannot start " + python + " " + script);
  }
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  requests_ = fdopen(in[1], "w");
  answers_ = fdopen(out[0], "r");
}

double ModelEvaluator::Evaluate(const std::string& problem,
                                const search_space::Configuration& configuration) {
  if (process_ == 0) Start();
  const nlohmann::json request = {{"problem", problem}, {"configuration", ToJson(configuration)}};
  std::fprintf(requests_, "%s\n", request.dump().c_str());
  std::fflush(requests_);
  char answer[64];
  if (std::fgets(answer, sizeof(answer), answers_) == nullptr) Fail(script_ + " ended");
  return std::strtod(answer, nullptr);
}

std::vector<std::string> ModelProblemNames() {
  return {"svc_digits", "boosting_cancer", "mlp_wine"};
}

std::optional<Problem> MakeModelProblem(const std::string& name, uint32_t seed,
                                        const nlohmann::json& file,
                                        std::shared_ptr<ModelEvaluator> evaluator) {
  if (!file.contains(name)) return std::nullopt;
  const nlohmann::json& definition = file.at(name);
  Problem problem;
  problem.name = name;
  problem.seed = seed;
  problem.optimum = definition.at("optimum");
  problem.reference = definition.at("reference");
  for (const nlohmann::json& parameter : definition.at("parameters")) {
    const auto parsed =
        google::protobuf::util::JsonStringToMessage(parameter.dump(), problem.parameters.Add());
    if (!parsed.ok()) Fail(name + ": " + std::string(parsed.message()));
  }
  problem.value =
      [name, evaluator = std::move(evaluator)](const search_space::Configuration& configuration) {
        return evaluator->Evaluate(name, configuration);
      };
  return problem;
}

}  // namespace caviar::bench
