// Every kind of mistake in a study file, and the words that answer it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/study_file/document.h"
#include "study_file_text.h"

namespace caviar::study_file {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(const std::string& text) {
  const auto file = ParseStudyFile(text, "f");
  EXPECT_FALSE(file.ok()) << text;
  return std::string(file.status().message());
}

struct Case {
  const char* text;
  const char* start;  // file, line, field
  const char* part;   // of the explanation
};

TEST(StudyFileErrors, EachNamesItsLineItsFieldAndWhatWouldBeRight) {
  const Case cases[] = {
      // Unknown names.
      {"study: a\nobjectiv: {}\n", "f:2: objectiv: ", "did you mean \"objective\"?"},
      {"objective: {metric: a, gaol: minimize}\n",
       "f:1: objective.gaol: ", "did you mean \"goal\"?"},
      {"limits:\n  max_trails: 3\n", "f:2: limits.max_trails: ", "did you mean \"max_trials\"?"},
      {"study: a\nmax_trials: 3\n", "f:2: max_trials: ", "belongs under limits"},
      {"seed: 3\n", "f:1: seed: ", "belongs under sampler"},
      {"epochs: 3\n", "f:1: epochs: ", "belongs under trainer.batch_norm_network"},
      {"learning_rate: {min: 1, max: 2}\n", "f:1: learning_rate: ", "belongs under parameters"},
      {"sampler: {wurzelbrunft: 3}\n",
       "f:1: sampler.wurzelbrunft: ", "known here: algorithm, seed"},
      {"trainer: {external: {a: 1}}\n", "f:1: trainer.external.a: ", "write {}"},
      // Wrong types.
      {"study: [a]\n", "f:1: study: ", "is a list; write a text"},
      {"study:\n", "f:1: study: ", "is nothing; write a text"},
      {"objective: maximize\n", "f:1: objective: ", "is \"maximize\"; it is a mapping"},
      {"objective: [{metric: a}]\n", "f:1: objective: ", "several stand under objectives"},
      {"objectives: {metric: a}\n", "f:1: objectives: ", "write a list of mappings: [{metric: ..."},
      {"objectives: []\n", "f:1: objectives: ", "is an empty list; write a list of mappings"},
      {"objectives:\n  - {metric: a, goal: minimize}\n  - {metric: b, gaol: minimize}\n",
       "f:3: objectives[1].gaol: ", "did you mean \"goal\"?"},
      {"objectives: [a, b]\n", "f:1: objectives[0]: ", "is \"a\"; it is a mapping"},
      {"constraints: 3\n", "f:1: constraints: ", "is 3; write a list of mappings"},
      {"constraints:\n- metric: a\n  maxx: 3\n", "f:3: constraints[0].maxx: ", "\"max\"?"},
      {"constraints: [{metric: a, max: big}]\n", "f:1: constraints[0].max: ", "write a number"},
      {"objective: {target: high}\n", "f:1: objective.target: ", "is \"high\"; write a number"},
      {"objective: {target: '0.9'}\n", "f:1: objective.target: ", "without the quotes"},
      {"objective: {target: .inf}\n", "f:1: objective.target: ", "finite"},
      {"limits: {max_trials: 2.5}\n", "f:1: limits.max_trials: ", "is 2.5; write a whole number"},
      {"limits: {max_trials: 3000000000}\n", "f:1: limits.max_trials: ", "2147483647"},
      {"sampler: {seed: -1}\n", "f:1: sampler.seed: ", "[0, 4294967295]"},
      {"limits: {max_duration: 90}\n", "f:1: limits.max_duration: ", "has no unit"},
      {"limits: {max_duration: 5 minutes}\n", "f:1: limits.max_duration: ", "write it like 90s"},
      {"limits: {max_duration: [1h]}\n", "f:1: limits.max_duration: ", "is a list"},
      // Words.
      {"objective: {goal: maximze}\n", "f:1: objective.goal: ", "did you mean \"maximize\"?"},
      {"objective: {goal: max}\n", "f:1: objective.goal: ", "is called \"maximize\" here"},
      {"objective: {goal: 0.9}\n", "f:1: objective.goal: ", "\"target\""},
      {"objective: {value: median}\n", "f:1: objective.value: ", "write one of best, last"},
      {"sampler: {algorithm: bayes}\n", "f:1: sampler.algorithm: ", "is called \"gp\" here"},
      {"pruner: {algorithm: sha}\n", "f:1: pruner.algorithm: ", "is written \"asha\" here"},
      {"pruner: {grace_period: 1}\n", "f:1: pruner.grace_period: ", "write \"grace\""},
      {"pruner: {max_step: 1e16}\n", "f:1: pruner.max_step: ", "9007199254740992"},
      // Trainers and data.
      {"trainer: {external: {}, batch_norm_network: {}}\n",
       "f:1: trainer.batch_norm_network: ", "exactly one of"},
      {"trainer: {external: yes}\n", "f:1: trainer.external: ", "write {}"},
      {"trainer: {batch_norm_network: {data: {format: idy}}}\n",
       "f:1: trainer.batch_norm_network.data.format: ", "write idx, csv, npy or npz"},
      {"trainer:\n  batch_norm_network:\n    data: {validation_fraction: 0.1}\n",
       "f:3: trainer.batch_norm_network.data.format: ", "is missing"},
      {"trainer: {batch_norm_network: {data: {format: csv, train_images: a}}}\n",
       "f:1: trainer.batch_norm_network.data.train_images: ", "belongs to format: idx"},
      {"trainer: {batch_norm_network: {data: {format: csv, train_inputs: a}}}\n",
       "f:1: trainer.batch_norm_network.data.train_inputs: ", "belongs to format: npy or npz"},
      {"trainer: {batch_norm_network: {data: {train_inputs: a, train_labels: b}}}\n",
       "f:1: trainer.batch_norm_network.data.format: ", "is missing; write idx, csv, npy or npz"},
      {"trainer: {batch_norm_network: {data: {format: csv, ignore: id}}}\n",
       "f:1: trainer.batch_norm_network.data.ignore: ", "is \"id\"; write a list of names: [id]"},
      {"trainer: {batch_norm_network: {data: {format: csv, ignore: {a: b}}}}\n",
       "f:1: trainer.batch_norm_network.data.ignore: ",
       "is a mapping; write a list of names: [...]"},
      {"trainer:\n  batch_norm_network:\n    data:\n      format: csv\n      categorical:\n"
       "        - a\n        - [b]\n",
       "f:7: trainer.batch_norm_network.data.categorical[1]: ", "is a list; write a text"},
      {"trainer: {batch_norm_network: {data: {format: csv, missing: meen}}}\n",
       "f:1: trainer.batch_norm_network.data.missing: ", "did you mean \"mean\"?"},
      {"missing: mean\n", "f:1: missing: ", "belongs under trainer.batch_norm_network.data"},
      {"trainer: {batch_norm_network: {checkpoint_every: 0.5}}\n",
       "f:1: trainer.batch_norm_network.checkpoint_every: ", "write a whole number"},
      // Commands.
      {"trainer: {command: python3 train.py}\n", "f:1: trainer.command: ", "such as {run: ...}"},
      {"trainer: {command: {run: python3 train.py}}\n",
       "f:1: trainer.command.run: ", "as there is no shell: [\"python3\", \"train.py\"]"},
      {"trainer:\n  command:\n    run: [python3, ${args}]\n", "f:3: ", "[\"${args}\"]"},
      {"trainer: {command: {run: ['${interpreter}', train.py]}}\n",
       "f:1: trainer.command.run[0]: ", "write python3"},
      {"trainer: {command: {arguments: hidra}}\n",
       "f:1: trainer.command.arguments: ", "did you mean \"hydra\"?"},
      {"trainer: {command: {code: .}}\n", "f:1: trainer.command.code: ", "such as {upload: ...}"},
      {"trainer: {command: {code: {upload: ., path: /a}}}\n",
       "f:1: trainer.command.code.path: ", "exactly one of upload, path"},
      {"trainer: {command: {env: [A=b]}}\n", "f:1: trainer.command.env: ", "write a mapping"},
      {"trainer: {command: {env: {A: [b]}}}\n", "f:1: trainer.command.env.A: ", "write a text"},
      {"trainer: {command: {pass_env: HOME}}\n", "f:1: trainer.command.pass_env: ", "[HOME]"},
      {"trainer: {command: {resumable: 1}}\n",
       "f:1: trainer.command.resumable: ", "is 1; write true or false"},
      {"trainer: {command: {resources: {memory: 2G}}}\n",
       "f:1: trainer.command.resources.memory: ", "unknown unit; write it like 2GiB"},
      {"trainer: {command: {resources: {memory: [2]}}}\n",
       "f:1: trainer.command.resources.memory: ", "write a size like 2GiB"},
      {"trainer: {command: {resources: {gpus: 0.5}}}\n",
       "f:1: trainer.command.resources.gpus: ", "whole number"},
      {"trainer: {command: {timeout: 1h}}\n", "f:1: trainer.command.timeout: ", "time_limit"},
      {"gpus: 1\n", "f:1: gpus: ", "belongs under trainer.command.resources"},
      {"workers: a100\n", "f:1: workers: ", "write a mapping"},
      {"checkpoints: {keep_per_trial: last}\n",
       "f:1: checkpoints.keep_per_trial: ", "write a list: [last, best]"},
      {"checkpoints: {keep_per_trial: [last, bets]}\n",
       "f:1: checkpoints.keep_per_trial[1]: ", "did you mean \"best\"?"},
      // Parameters.
      {"parameters: [a]\n", "f:1: parameters: ", "is a list (Katib's form)"},
      {"parameters: 3\n", "f:1: parameters: ", "write a mapping"},
      {"parameters:\n  x: 0.5\n", "f:2: parameters.x: ", "{value: ...}"},
      {"parameters:\n  x: [a, b]\n", "f:2: parameters.x: ", "{values: [...]}"},
      {"parameters:\n  x:\n", "f:2: parameters.x: ", "is empty"},
      {"parameters:\n  x: {values: 3}\n", "f:2: parameters.x.values: ", "write a list"},
      {"parameters:\n  x:\n    values:\n      - a\n      - [b]\n",
       "f:5: parameters.x.values[1][0]: ", "is \"b\"; a list as a value holds numbers"},
      {"parameters:\n  units: [512, 256]\n",
       "f:2: parameters.units: ", "is a list of numbers; write {value: [512, 256]} to fix"},
      {"parameters:\n  units: [512, 2e2]\n", "f:2: parameters.units: ", "{values: [512, 2e2]}"},
      {"parameters:\n  units: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]\n",
       "f:2: parameters.units: ", "write {value: [1, 2, 3, 4, 5, 6, 7, 8, ...]}"},
      {"parameters:\n  units: [[512], [256]]\n", "f:2: parameters.units: ", "{values: [...]}"},
      {"parameters:\n  units: {value: []}\n",
       "f:2: parameters.units.value: ", "is an empty list; a list as a value holds numbers"},
      {"parameters:\n  units: {values: [[1], []]}\n",
       "f:2: parameters.units.values[1]: ", "is an empty list"},
      {"parameters:\n  units:\n    value:\n      - 512\n      - adam\n",
       "f:5: parameters.units.value[1]: ", "is \"adam\"; a list as a value holds numbers"},
      {"parameters:\n  units: {value: [512, '256']}\n",
       "f:2: parameters.units.value[1]: ", "[512, 256], without quotes"},
      {"parameters:\n  units: {value: [512, true]}\n",
       "f:2: parameters.units.value[1]: ", "is true; a list as a value holds numbers"},
      {"parameters:\n  units: {value: [512, ]}\n  b: {value: [1, ~]}\n",
       "f:3: parameters.b.value[1]: ", "is nothing; a list as a value holds numbers"},
      {"parameters:\n  units: {value: [512, .inf]}\n",
       "f:2: parameters.units.value[1]: ", "write a finite number"},
      {"parameters:\n  units: {value: [9007199254740993]}\n",
       "f:2: parameters.units.value[0]: ", "2^53"},
      {"parameters:\n  units: {values: [[512, 256], [[1], 2]]}\n",
       "f:2: parameters.units.values[1][0]: ", "is a list in a list"},
      {"parameters:\n  units: {value: [{a: 1}]}\n",
       "f:2: parameters.units.value[0]: ", "is a mapping; a list as a value holds numbers"},
      {"parameters:\n  x: {min: 1, max: 2, when: {units: [[512, 256]]}}\n",
       "f:2: parameters.x.when.units: ", "is a list; write a number, a word, true or false"},
      {"parameters:\n  x: {values: [a, ]}\n  y: {value: }\n",
       "f:3: parameters.y.value: ", "has no value"},
      {"parameters:\n  x: {value: .nan}\n", "f:2: parameters.x.value: ", "finite"},
      {"parameters:\n  x: {value: 9007199254740993}\n", "f:2: parameters.x.value: ", "2^53"},
      {"parameters:\n  x: {min: 1, max: 2, when: optimizer}\n",
       "f:2: parameters.x.when: ", "{PARAMETER: VALUE}"},
      {"parameters:\n  x: {min: 1, max: 2, when: {}}\n", "f:2: parameters.x.when: ", "write"},
      {"parameters:\n  x: {min: 1, max: 2, when: {o: {a: b}}}\n",
       "f:2: parameters.x.when.o: ", "is a mapping"},
      {"parameters:\n  x: {min: 1, max: 2, scale: reverse_log}\n",
       "f:2: parameters.x.scale: ", "one_minus_log"},
      {"parameters:\n  x: {type: float}\n", "f:2: parameters.x.type: ", "\"double\""},
      {"parameters:\n  x: {max: 2, mim: 1}\n", "f:2: parameters.x.mim: ", "did you mean \"min\"?"},
      // The file as YAML.
      {"study: a\n\nstudy: b\n", "f:3: study: ", "line 1"},
      {"parameters:\n  x: {min: 1, max: 2, min: 3}\n", "f:2: parameters.x.min: ", "line 2"},
      {"", "f:1: ", "is empty"},
      {"# nothing\n", "f:1: ", "is empty"},
      {"---\n", "f:1: ", "is empty"},
      {"study: a\n---\nstudy: b\n", "f:3: ", "second YAML document"},
      {"study: a\n\tb: c\n", "f:2: ", "not YAML"},
      {"study: a\nobjective: {metric: b\n", "f:", "not YAML"},
      {"study: 'a\n", "f:", "not YAML"},
      {"study: *a\n", "f:1: ", "not YAML"},
      {"study: !python/object a\n", "f:1: ", "has no meaning here"},
      {"a: &a [*a]\n", "f:1: ", "contains it"},
      {"? [a, b]\n: c\n", "f:1: ", "key"},
      {"x: {<<: 3}\n", "f:1: ", "<< merges"},
      {"study: a\x01\n", "f:1: ", "0x01"},
      {"\nstudy: \xC0\xAF\n", "f:2: ", "not UTF-8"},
      {"just text\n", "f:1: ", "it is a mapping"},
      {"- a\n", "f:1: ", "is a list"},
  };
  for (const Case& c : cases) {
    const std::string error = ErrorOf(c.text);
    EXPECT_THAT(error, StartsWith(c.start)) << c.text;
    EXPECT_THAT(error, HasSubstr(c.part)) << c.text;
  }
}

TEST(StudyFileErrors, OtherToolsWordsAreAnsweredWithCaviars) {
  const std::pair<const char*, const char*> cases[] = {
      {"method: bayes\n", "sampler: {algorithm: sobol}"},
      {"metric: {name: loss, goal: minimize}\n", "objective: {metric: NAME"},
      {"run_cap: 5\n", "limits: {max_trials: N}"},
      {"program: train.py\n", "trainer: {command: {run: [python3, train.py, "},
      {"command: ['${env}', python3]\n", "trainer: {command: {run: "},
      {"trialCommand: python3 a.py\n", "trainer: {command: {run: "},
      {"trainer: {command: {resources: {num_gpus: 1}}}\n", "\"gpus\""},
      {"additionalMetricNames: [a]\n", "metrics: [NAME"},
      {"early_terminate: {type: hyperband}\n", "pruner: {algorithm: hyperband}"},
      {"name: a\n", "\"study\""},
      {"objective: {objectiveMetricName: loss}\n", "metric"},
      {"objective: {type: minimize}\n", "goal: minimize"},
      {"objectiveMetricName: a\n", "objective: {metric"},
      {"maxTrialCount: 3\n", "max_trials"},
      {"parallelTrialCount: 3\n", "parallel"},
      {"maxFailedTrialCount: 3\n", "max_failed"},
      {"algorithm: {algorithmName: random}\n", "sampler: {algorithm"},
      {"sampler: {algorithmName: random}\n", "sampler: {algorithm"},
      {"n_trials: 3\n", "max_trials"},
      {"direction: minimize\n", "goal: minimize"},
      {"directions: [minimize, maximize]\n", "objectives: [{metric: NAME"},
      {"objectives: [{direction: minimize}]\n", "goal: minimize"},
      {"outcome_constraints: ['latency <= 10']\n", "constraints: [{metric: NAME, max: BOUND}]"},
      {"constraints: [{metric: a, upper: 3}]\n", "\"max\""},
      {"num_samples: 3\n", "max_trials"},
      {"parameters: {x: {distribution: log_uniform_values}}\n", "scale: log"},
      {"parameters: {x: {distribution: q_uniform, q: 2}}\n", "step"},
      {"parameters: {x: {parameterType: double}}\n", "type: double"},
      {"parameters: {x: {feasibleSpace: {min: 1}}}\n", "min, max, step or values"},
      {"parameters: {x: {low: 1, high: 2}}\n", "\"min\""},
      {"parameters: {x: {choices: [1]}}\n", "\"values\""},
      {"parameters: {x: {_type: uniform}}\n", "\"type\""},
      {"parameters: {x: {min: 1, max: 2, scale: log_uniform_values}}\n", "\"log\""},
  };
  for (const auto& [text, part] : cases) {
    EXPECT_THAT(ErrorOf(text), HasSubstr(part)) << text;
  }
}

TEST(StudyFileErrors, AllOfThemAreFoundAtOnceInTheOrderOfLines) {
  const std::string error = ErrorOf(
      "parameters:\n  x: {mim: 1, max: a}\n  y: 3\nobjective: {goal: up}\nlimits: {parallel: x}\n"
      "study: a\nstudy: b\n");
  const std::vector<std::string> lines = absl::StrSplit(error, '\n');
  ASSERT_EQ(lines.size(), 6u) << error;
  EXPECT_THAT(lines[0], StartsWith("f:2: parameters.x.mim"));
  EXPECT_THAT(lines[1], StartsWith("f:2: parameters.x.max"));
  EXPECT_THAT(lines[2], StartsWith("f:3: parameters.y"));
  EXPECT_THAT(lines[3], StartsWith("f:4: objective.goal"));
  EXPECT_THAT(lines[4], StartsWith("f:5: limits.parallel"));
  EXPECT_THAT(lines[5], StartsWith("f:7: study"));
}

TEST(StudyFileErrors, ListsAreAsLongAsAMessageHolds) {
  std::string list = "1000";
  for (int i = 1; i < 52; ++i) list += ", 1000";
  EXPECT_THAT(ErrorOf("parameters:\n  units: {value: [" + list + "]}\n"),
              StartsWith("f:2: parameters.units.value: is a list of 52 numbers with 259 "
                         "characters; at most 256"));
}

TEST(StudyFileErrors, StandardInputIsCalledSo) {
  EXPECT_THAT(std::string(ParseStudyFile("", "-").status().message()),
              StartsWith("standard input:1: "));
}

TEST(StudyFileErrors, BombsAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [");
    for (int k = 0; k < 10; ++k) absl::StrAppend(&text, k > 0 ? ", " : "", "*a", i - 1);
    absl::StrAppend(&text, "]\n");
  }
  EXPECT_THAT(ErrorOf(text), HasSubstr("aliases"));
  EXPECT_THAT(ErrorOf(std::string(kMaxBytes + 1, ' ')), HasSubstr("bytes"));
  EXPECT_THAT(ErrorOf("a: [" + std::string(300'000, ',') + "]\n"), StartsWith("f:1: "));
  std::string many = "a:\n";
  for (int i = 0; i < 100'001; ++i) many += "- 1\n";
  EXPECT_THAT(ErrorOf(many), HasSubstr("100000 YAML nodes"));
  EXPECT_THAT(ErrorOf("a: " + std::string(200'000, '[')), StartsWith("f:"));
}

}  // namespace
}  // namespace caviar::study_file
