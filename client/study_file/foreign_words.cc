#include "client/study_file/foreign_words.h"

namespace caviar::study_file {
namespace {

struct Answer {
  absl::string_view place;  // a section, or a key for values; "*": any
  absl::string_view word;
  absl::string_view answer;
};

constexpr Answer kKeys[] = {
    // Weights & Biases sweeps.
    {"", "method", "is W&B's word; write \"sampler: {algorithm: sobol}\" (or random)"},
    {"", "metric", "is W&B's word; write \"objective: {metric: NAME, goal: maximize}\""},
    {"", "name", "is called \"study\" here"},
    {"", "run_cap", "is W&B's word; write \"limits: {max_trials: N}\""},
    {"", "early_terminate", "is W&B's word; write \"pruner: {algorithm: hyperband}\""},
    {"", "program",
     "is W&B's word; write \"trainer: {command: {run: [python3, train.py, \\\"${args}\\\"]}}\""},
    {"", "command",
     "is W&B's word; write \"trainer: {command: {run: [python3, train.py, \\\"${args}\\\"]}}\""},
    {"", "project", "is W&B's word; a study has only its name: \"study: NAME\""},
    {"", "entity", "is W&B's word; a study has only its name: \"study: NAME\""},
    {"", "config", "is called \"parameters\" here"},
    {"parameter", "distribution",
     "is W&B's and Katib's word; write \"scale: log\" for log_uniform_values, \"type: int\" for "
     "int_uniform, \"step: ...\" for the q_ ones"},
    {"parameter", "q", "is W&B's word; write \"step\""},
    {"parameter", "mu", "is W&B's word; there are no normal distributions, write min and max"},
    {"parameter", "sigma", "is W&B's word; there are no normal distributions, write min and max"},
    {"parameter", "probabilities", "is W&B's word; all values are equally likely"},
    {"parameter", "parameters",
     "is W&B's word; parameters are not nested, write the name with a dot: \"optimizer.momentum\""},
    // What a program takes, in the words of schedulers; before what these mean elsewhere.
    {"command", "timeout", "is called \"time_limit\" here"},
    {"command", "command", "is called \"run\" here"},
    {"command", "program", "is called \"run\" here"},
    {"command", "args", "is a part of \"run\" here: run: [python3, train.py, \"${args}\"]"},
    {"command", "environment", "is called \"env\" here"},
    {"command", "cwd", "is called \"code: {path: ...}\" here"},
    {"command", "working_dir", "is called \"code: {path: ...}\" here"},
    {"command", "gpus", "stands under resources: resources: {gpus: 1}"},
    {"resources", "cpu", "is called \"cpus\" here"},
    {"resources", "gpu", "is called \"gpus\" here"},
    {"resources", "num_cpus", "is Ray's word; write \"cpus\""},
    {"resources", "num_gpus", "is Ray's word; write \"gpus\""},
    {"resources", "nvidia.com/gpu", "is Kubernetes' word; write \"gpus\""},
    {"resources", "limits", "is Kubernetes' word; write cpus, gpus and memory right here"},
    {"resources", "requests", "is Kubernetes' word; write cpus, gpus and memory right here"},
    {"resources", "mem", "is Slurm's word; write \"memory\""},
    {"", "nodeSelector", "is Kubernetes' word; write \"workers: {LABEL: VALUE}\""},
    {"*", "resources_per_trial",
     "is Ray's word; write \"resources: {cpus: 1, gpus: 0}\" in the command"},
    // Katib.
    {"", "apiVersion", "is Kubernetes' word; a study file starts with \"study: NAME\""},
    {"", "kind", "is Kubernetes' word; a study file starts with \"study: NAME\""},
    {"", "metadata", "is Kubernetes' word; write \"study: NAME\""},
    {"", "spec", "is Kubernetes' word; write what is in it at the top of the file"},
    {"", "trialTemplate", "is Katib's word; write \"trainer: {command: {run: [...]}}\""},
    {"*", "metricsCollectorSpec",
     "is Katib's word; lines name=value of metrics are read as they are, others by \"patterns\" of "
     "the command"},
    {"", "nasConfig", "is Katib's word; give the layers as parameters"},
    {"", "earlyStopping", "is Katib's word; write \"pruner: {algorithm: median}\""},
    {"*", "objectiveMetricName", "is Katib's word; write \"objective: {metric: NAME}\""},
    {"*", "additionalMetricNames", "is Katib's word; write \"metrics: [NAME, ...]\""},
    {"objective", "type", "is Katib's word; write \"goal: minimize\" or \"goal: maximize\""},
    {"objective", "name", "is called \"metric\" here"},
    {"*", "algorithm_name", "is called \"sampler: {algorithm: ...}\" here"},
    {"*", "algorithmName", "is Katib's word; write \"sampler: {algorithm: sobol}\""},
    {"*", "algorithmSettings", "is Katib's word; write \"sampler: {algorithm: ..., seed: ...}\""},
    {"", "algorithm", "is Katib's word; write \"sampler: {algorithm: sobol}\""},
    {"*", "maxTrialCount", "is Katib's word; write \"limits: {max_trials: N}\""},
    {"*", "parallelTrialCount", "is Katib's word; write \"limits: {parallel: N}\""},
    {"*", "maxFailedTrialCount", "is Katib's word; write \"limits: {max_failed: N}\""},
    {"*", "feasibleSpace", "is Katib's word; write min, max, step or values right here"},
    {"*", "parameterType",
     "is Katib's word; write \"type: double\" (or int, bool, categorical, ordinal)"},
    {"parameter", "list", "is Katib's word; write \"values\""},
    // Optuna.
    {"", "study_name", "is Optuna's word; write \"study: NAME\""},
    {"", "direction", "is Optuna's word; write \"objective: {goal: minimize}\""},
    {"objective", "direction", "is Optuna's word; write \"goal: minimize\""},
    {"", "directions",
     "is Optuna's word; write \"objectives: [{metric: NAME, goal: minimize}, ...]\""},
    {"", "constraints_func",
     "is Optuna's word; write \"constraints: [{metric: NAME, max: BOUND}]\""},
    {"*", "n_trials", "is Optuna's word; write \"limits: {max_trials: N}\""},
    {"*", "n_jobs", "is Optuna's word; write \"limits: {parallel: N}\""},
    {"*", "timeout", "is Optuna's word; write \"limits: {max_duration: 2h}\""},
    {"pruner", "reduction_factor", "is Optuna's and Ray's word; write \"eta\""},
    {"pruner", "min_resource", "is Optuna's word; write \"grace\""},
    {"pruner", "grace_period", "is Ray's word; write \"grace\""},
    {"pruner", "max_t", "is Ray's word; write \"max_step\""},
    {"pruner", "n_startup_trials", "is Optuna's word; write \"warm_up\""},
    {"pruner", "n_warmup_steps", "is Optuna's word; write \"grace\""},
    {"", "search_space", "is called \"parameters\" here"},
    {"parameter", "low", "is Optuna's word; write \"min\""},
    {"parameter", "high", "is Optuna's word; write \"max\""},
    {"parameter", "log", "is Optuna's word; write \"scale: log\""},
    {"parameter", "choices", "is Optuna's word; write \"values\""},
    // Ray Tune.
    {"*", "num_samples", "is Ray's word; write \"limits: {max_trials: N}\""},
    {"*", "max_concurrent_trials", "is Ray's word; write \"limits: {parallel: N}\""},
    {"*", "max_concurrent", "is Ray's word; write \"limits: {parallel: N}\""},
    {"*", "time_budget_s", "is Ray's word; write \"limits: {max_duration: 90s}\""},
    {"", "param_space", "is Ray's word; write \"parameters\""},
    {"", "search_alg", "is Ray's word; write \"sampler: {algorithm: sobol}\""},
    {"", "scheduler", "is Ray's word; write \"pruner: {algorithm: asha}\""},
    {"", "mode", "is Ray's word; write \"objective: {goal: minimize}\""},
    {"objective", "mode", "is Ray's word; write \"goal: minimize\""},
    {"parameter", "lower", "is Ray's word; write \"min\""},
    {"parameter", "upper", "is Ray's word; write \"max\""},
    {"parameter", "categories", "is Ray's word; write \"values\""},
    {"parameter", "default", "has no meaning here; \"value\" fixes a parameter"},
    // Ax.
    {"", "outcome_constraints",
     "is Ax's word; write \"constraints: [{metric: NAME, max: BOUND}]\""},
    {"objective", "minimize", "is Ax's word; write \"goal: minimize\" or \"goal: maximize\""},
    {"objective", "threshold",
     "is Ax's word; what has to be good enough is a constraint: \"constraints: [{metric: NAME, "
     "min: BOUND}]\""},
    {"constraint", "bound", "is Ax's word; write \"min\" or \"max\""},
    {"constraint", "op", "is Ax's word; write \"min\" or \"max\""},
    {"constraint", "threshold", "is called \"min\" or \"max\" here"},
    {"constraint", "lower", "is called \"min\" here"},
    {"constraint", "upper", "is called \"max\" here"},
    {"constraint", "name", "is called \"metric\" here"},
    // NNI.
    {"", "trialCommand", "is NNI's word; write \"trainer: {command: {run: [python3, train.py]}}\""},
    {"", "trialCodeDirectory", "is NNI's word; write \"code: {upload: .}\" in the command"},
    {"", "trialGpuNumber", "is NNI's word; write \"resources: {gpus: 1}\" in the command"},
    {"", "searchSpace", "is NNI's word; write \"parameters\""},
    {"", "tuner", "is NNI's word; write \"sampler: {algorithm: sobol}\""},
    {"", "assessor", "is NNI's word; write \"pruner: {algorithm: median}\""},
    {"*", "trialConcurrency", "is NNI's word; write \"limits: {parallel: N}\""},
    {"*", "maxTrialNumber", "is NNI's word; write \"limits: {max_trials: N}\""},
    {"*", "maxExperimentDuration", "is NNI's word; write \"limits: {max_duration: 2h}\""},
    {"parameter", "_type", "is NNI's word; write \"type\""},
    {"parameter", "_value", "is NNI's word; write min and max, or values"},
};

constexpr Answer kValues[] = {
    {"scale", "log_uniform", "is called \"log\" here"},
    {"scale", "log_uniform_values", "is W&B's word; write \"log\""},
    {"scale", "logUniform", "is Katib's word; write \"log\""},
    {"scale", "loguniform", "is Ray's word; write \"log\""},
    {"scale", "uniform", "is called \"linear\" here"},
    {"scale", "reverse_log",
     "samples almost linearly near 1; write \"one_minus_log\", under which 1 - x is log-uniform"},
    {"scale", "REVERSE_LOG_SCALE",
     "samples almost linearly near 1; write \"one_minus_log\", under which 1 - x is log-uniform"},
    {"scale", "inv_log_uniform_values", "is W&B's word; the nearest here is \"one_minus_log\""},
    {"type", "float", "is called \"double\" here"},
    {"type", "integer", "is called \"int\" here"},
    {"type", "boolean", "is called \"bool\" here"},
    {"type", "choice", "is called \"categorical\" here"},
    {"type", "discrete", "is called \"ordinal\" here"},
    {"type", "uniform", "is called \"double\" here"},
    {"type", "loguniform", "is Ray's and NNI's word; write \"type: double, scale: log\""},
    {"type", "randint", "is Ray's and NNI's word; write \"type: int\""},
    {"goal", "min", "is called \"minimize\" here"},
    {"goal", "max", "is called \"maximize\" here"},
    {"goal", "minimise", "is written \"minimize\" here"},
    {"goal", "maximise", "is written \"maximize\" here"},
    {"algorithm", "bayes", "is called \"gp\" here"},
    {"algorithm", "bayesian", "is called \"gp\" here"},
    {"algorithm", "bayesianoptimization", "is Katib's word; write \"gp\""},
    {"algorithm", "cmaes", "is written \"cma_es\" here"},
    {"algorithm", "sha", "is written \"asha\" here"},
    {"algorithm", "successive_halving", "is called \"asha\" here"},
    {"algorithm", "medianstop", "is NNI's word; write \"median\""},
    {"algorithm", "medianstopping", "is Katib's word; write \"median\""},
    {"run", "${env}", "is W&B's; leave it out, PATH finds the program"},
    {"run", "${interpreter}", "is W&B's; write python3"},
    {"run", "${program}", "is W&B's; write the file's name"},
    {"run", "${args_no_hyphens}",
     "is W&B's; write \"${args}\", and beside run \"arguments: hydra\""},
    {"run", "${args_json_file}", "is W&B's; write \"${args}\", and beside run \"arguments: json\""},
    {"run", "${args_no_boolean_flags}",
     "is W&B's; a bool is written --name=true here, or name it in a word: --name=${name}"},
    {"value", "final", "is called \"last\" here"},
    {"value", "latest", "is called \"last\" here"},
};

}  // namespace

absl::string_view AnswerToForeignKey(absl::string_view section, absl::string_view key) {
  for (const Answer& row : kKeys) {
    if (row.word == key && (row.place == "*" || row.place == section)) return row.answer;
  }
  return "";
}

absl::string_view AnswerToForeignValue(absl::string_view key, absl::string_view value) {
  for (const Answer& row : kValues) {
    if (row.place == key && row.word == value) return row.answer;
  }
  return "";
}

}  // namespace caviar::study_file
