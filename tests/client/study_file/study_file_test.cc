#include "client/study_file/study_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/study_file/byte_size.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "study_file_text.h"

namespace caviar::study_file {
namespace {

using google::protobuf::util::MessageDifferencer;

TEST(StudyFile, TheExampleIsReadAsItIsWritten) {
  const auto file = ParseStudyFile(ExampleText(), "fashion-mnist.yaml");
  ASSERT_TRUE(file.ok()) << file.status();
  v1::Study expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        name: "fashion-mnist"
        objective { metric: "validation_accuracy" goal: MAXIMIZE }
        trainer {
          batch_norm_network {
            data {
              idx {
                train_images: "train-images-idx3-ubyte.gz"
                train_labels: "train-labels-idx1-ubyte.gz"
                test_images: "t10k-images-idx3-ubyte.gz"
                test_labels: "t10k-labels-idx1-ubyte.gz"
              }
              validation_fraction: 0.1
            }
            epochs: 8
          }
        }
        sampler { algorithm: SOBOL seed: 7 }
        limits { max_trials: 16 parallel: 2 }
        parameters { name: "learning_rate" type: DOUBLE min: 1e-4 max: 0.1 scale: LOG }
        parameters {
          name: "optimizer"
          type: CATEGORICAL
          values { string_value: "sgd" }
          values { string_value: "adam" }
        }
        parameters {
          name: "momentum"
          type: DOUBLE
          min: 0.9
          max: 0.999
          scale: ONE_MINUS_LOG
          when {
            parameter: "optimizer"
            values { string_value: "sgd" }
          }
        }
        parameters {
          name: "batch_size"
          type: ORDINAL
          values { int_value: 64 }
          values { int_value: 128 }
          values { int_value: 256 }
          values { int_value: 512 }
        }
        parameters { name: "hidden_units" type: INT min: 50 max: 300 scale: LOG }
        parameters { name: "hidden_layers" type: INT min: 1 max: 4 }
        parameters { name: "decay_rate" type: DOUBLE min: 0.01 max: 1 scale: LOG }
      )pb",
      &expected));
  EXPECT_TRUE(MessageDifferencer::Equals(file->study, expected)) << file->study.DebugString();
}

TEST(StudyFile, TheTypeMayBeLeftOutWhereItIsPlain) {
  struct Case {
    const char* definition;
    v1::Parameter::Type type;
  };
  const Case cases[] = {
      {"{min: 1, max: 4}", v1::Parameter::INT},
      {"{min: -3, max: 0x10}", v1::Parameter::INT},
      {"{min: 1, max: 4, step: 1}", v1::Parameter::INT},
      {"{min: 1, max: 64, scale: log}", v1::Parameter::INT},
      {"{min: 1.0, max: 4}", v1::Parameter::DOUBLE},
      {"{min: 1, max: 1e3}", v1::Parameter::DOUBLE},
      {"{min: 1e-4, max: 1}", v1::Parameter::DOUBLE},
      {"{min: 0, max: 1, step: 0.25}", v1::Parameter::DOUBLE},
      {"{min: -1, max: 0, scale: one_minus_log}", v1::Parameter::DOUBLE},
      {"{values: [a, b]}", v1::Parameter::CATEGORICAL},
      {"{values: [1, 2]}", v1::Parameter::CATEGORICAL},
      {"{values: [true]}", v1::Parameter::CATEGORICAL},
      {"{values: [true, false]}", v1::Parameter::BOOL},
      {"{type: ordinal, values: [1, 2]}", v1::Parameter::ORDINAL},
      {"{values: [1, 10, 100], scale: log}", v1::Parameter::ORDINAL},
      {"{type: bool}", v1::Parameter::BOOL},
      {"{type: double, min: 0, max: 1}", v1::Parameter::DOUBLE},
      {"{value: 3}", v1::Parameter::TYPE_UNSPECIFIED},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ParseParameter(c.definition).type(), c.type) << c.definition;
  }
  EXPECT_EQ(ParseParameter("{values: [true, false]}").values_size(), 0);
}

TEST(StudyFile, WholeBoundsOfADoubleSettingOfTheBuiltInTrainerGiveADouble) {
  const auto file = ParseStudyFile(
      "trainer: {batch_norm_network: {epochs: 1}}\n"
      "parameters: {learning_rate: {min: 1, max: 2}, hidden_layers: {min: 1, max: 2},\n"
      "             l2: {values: [0, 1]}, decay_rate: {value: 1}}\n",
      "f");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->study.parameters(0).type(), v1::Parameter::DOUBLE);
  EXPECT_EQ(file->study.parameters(1).type(), v1::Parameter::INT);
  EXPECT_TRUE(file->study.parameters(2).values(0).has_double_value());
  EXPECT_TRUE(file->study.parameters(3).value().has_double_value());
}

TEST(StudyFile, ValuesKeepTheTypeInWhichTheyAreWritten) {
  const v1::Parameter parameter =
      ParseParameter("{values: [true, 3, '3', sgd, \"true\", 007, on, 1.0e+2]}");
  ASSERT_EQ(parameter.values_size(), 8);
  EXPECT_TRUE(parameter.values(0).bool_value());
  EXPECT_EQ(parameter.values(1).double_value(), 3);  // in the company of 1.0e+2
  EXPECT_EQ(parameter.values(2).string_value(), "3");
  EXPECT_EQ(parameter.values(3).string_value(), "sgd");
  EXPECT_EQ(parameter.values(4).string_value(), "true");
  EXPECT_EQ(parameter.values(5).double_value(), 7);
  EXPECT_EQ(parameter.values(6).string_value(), "on");
  EXPECT_EQ(parameter.values(7).double_value(), 100);
  EXPECT_EQ(ParseParameter("{value: 3}").value().int_value(), 3);
  EXPECT_EQ(ParseParameter("{value: 1e-4}").value().double_value(), 1e-4);
  EXPECT_EQ(ParseParameter("{values: [1, 0.5]}").values(0).double_value(), 1);
}

TEST(StudyFile, AConditionOnADoubleIsWrittenInDoubles) {
  const auto file = ParseStudyFile(
      "parameters:\n  x: {values: [0.5, 1]}\n  y: {min: 1, max: 2, when: {x: 1}}\n", "f");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->study.parameters(1).when(0).values(0).double_value(), 1);
}

TEST(StudyFile, ConditionsTakeAValueOrAList) {
  const v1::Parameter parameter = ParseParameter("{min: 1, max: 2, when: {a: sgd, b: [1, 2]}}");
  ASSERT_EQ(parameter.when_size(), 2);
  EXPECT_EQ(parameter.when(0).parameter(), "a");
  EXPECT_EQ(parameter.when(0).values(0).string_value(), "sgd");
  EXPECT_EQ(parameter.when(1).values(1).int_value(), 2);
}

TEST(StudyFile, OtherTrainersDataAndLimits) {
  const auto file = ParseStudyFile(
      "study: 2024\nobjective: {metric: loss, goal: minimize, value: last, target: -1}\n"
      "trainer:\n  batch_norm_network:\n    epochs: 3\n"
      "    data: {format: csv, train: a.csv, test: b.csv, label: 7}\n"
      "sampler: {algorithm: random, seed: 4294967295}\n"
      "limits: {max_duration: 2h30m, max_failed: 3, max_attempts: 2}\n",
      "f");
  ASSERT_TRUE(file.ok()) << file.status();
  const v1::Study& study = file->study;
  EXPECT_EQ(study.name(), "2024");
  EXPECT_EQ(study.objective().value(), v1::Objective::LAST);
  EXPECT_EQ(study.objective().target(), -1);
  EXPECT_EQ(study.trainer().batch_norm_network().data().csv().label(), "7");
  EXPECT_EQ(study.sampler().seed(), 4294967295u);
  EXPECT_EQ(study.limits().max_duration().seconds(), 9000);
  EXPECT_TRUE(ParseStudyFile("trainer: {external: {}}", "f")->study.trainer().has_external());
  EXPECT_TRUE(ParseStudyFile("trainer:\n  external:\n", "f")->study.trainer().has_external());
}

v1::Dataset ParseData(const std::string& data) {
  const auto file = ParseStudyFile("trainer: {batch_norm_network: {data: " + data + "}}", "f");
  EXPECT_TRUE(file.ok()) << data << file.status();
  return file.ok() ? file->study.trainer().batch_norm_network().data() : v1::Dataset();
}

TEST(StudyFile, TheFormatOfTheDataMayBeLeftOutWhereAKeyTells) {
  EXPECT_EQ(ParseData("{train: a.csv, label: y}").csv().train(), "a.csv");
  EXPECT_EQ(ParseData("{train_labels: a, train_images: b}").idx().train_labels(), "a");
  EXPECT_EQ(ParseData("{train_inputs: x, file: a.npz}").npz().train_inputs(), "x");
}

TEST(StudyFile, NumpysFilesAndTheColumnsOfCsvFiles) {
  const v1::Dataset npy = ParseData(
      "{format: npy, train_inputs: a, train_labels: b, test_inputs: c, test_labels: d, "
      "validation_fraction: 0.2}");
  EXPECT_EQ(npy.npy().train_inputs(), "a");
  EXPECT_EQ(npy.npy().test_labels(), "d");
  EXPECT_EQ(npy.validation_fraction(), 0.2);
  EXPECT_EQ(ParseData("{format: npz, file: a}").npz().file(), "a");
  const v1::CsvFile csv =
      ParseData("{train: a, label: b, categorical: [color, 7], ignore: [id], missing: median}")
          .csv();
  EXPECT_EQ(csv.categorical_size(), 2);
  EXPECT_EQ(csv.categorical(1), "7");
  EXPECT_EQ(csv.ignore(0), "id");
  EXPECT_EQ(csv.missing(), v1::CsvFile::MEDIAN);
  EXPECT_EQ(ParseData("{train: a, missing: mean}").csv().missing(), v1::CsvFile::MEAN);
  EXPECT_EQ(ParseData("{train: a, missing: refuse}").csv().missing(), v1::CsvFile::REFUSE);
  EXPECT_EQ(ParseData("{train: a, ignore: []}").csv().ignore_size(), 0);
}

TEST(StudyFile, CheckpointsEverySoManyEpochs) {
  const auto file = ParseStudyFile("trainer: {batch_norm_network: {checkpoint_every: 0}}", "f");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->study.trainer().batch_norm_network().has_checkpoint_every());
}

TEST(StudyFile, AProgramOfOnesOwn) {
  const auto file = ParseStudyFile(
      "trainer:\n  command:\n    run: [python3, train.py, \"${args}\", \"--out=${output_dir}\"]\n"
      "    arguments: hydra\n    code: {upload: .}\n    env: {HF_HOME: /scratch, N: 07, B: true}\n"
      "    pass_env: [WANDB_API_KEY]\n    resources: {cpus: 0.5, gpus: 0, memory: 2GiB}\n"
      "    time_limit: 30m\n    stop_grace: 60s\n    resumable: true\n    keep: none\n"
      "    patterns: ['accuracy: (?P<accuracy>[0-9.]+)']\n"
      "metrics: [validation_accuracy, train_loss]\nworkers: {gpu: a100, cores: 64}\n"
      "checkpoints: {store: /shared/ckpt, keep_per_trial: [last, best], keep_trials: 5, "
      "max_size: 1GiB}\nlimits: {weight: 2}\n",
      "f");
  ASSERT_TRUE(file.ok()) << file.status();
  v1::Study expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"text(trainer { command {
               run: ["python3", "train.py", "${args}", "--out=${output_dir}"]
               arguments: HYDRA
               code { upload: "." }
               env { key: "HF_HOME" value: "/scratch" }
               env { key: "N" value: "07" }
               env { key: "B" value: "true" }
               pass_env: "WANDB_API_KEY"
               resources { cpus: 0.5 gpus: 0 memory { bytes: 2147483648 } }
               time_limit { seconds: 1800 }
               stop_grace { seconds: 60 }
               resumable: true
               keep: NONE
               patterns: "accuracy: (?P<accuracy>[0-9.]+)"
             } }
             metrics: ["validation_accuracy", "train_loss"]
             workers { key: "gpu" value: "a100" }
             workers { key: "cores" value: "64" }
             checkpoints { store: "/shared/ckpt" keep_per_trial: [LAST, BEST] keep_trials: 5
                           max_size { bytes: 1073741824 } }
             limits { weight: 2 })text",
      &expected));
  EXPECT_TRUE(MessageDifferencer::Equals(file->study, expected)) << file->study.DebugString();
  EXPECT_EQ(file->lines.Find("trainer.command.env.HF_HOME"), 6);
}

TEST(StudyFile, AmountsOfMemoryHaveUnits) {
  const std::pair<const char*, int64_t> sizes[] = {{"2GiB", int64_t{2} << 30},
                                                   {"512MB", 512'000'000},
                                                   {"1.5KiB", 1536},
                                                   {"3 TiB", int64_t{3} << 40},
                                                   {"1048576", int64_t{1} << 20},
                                                   {"0", 0},
                                                   {"1001B", 1001},
                                                   {"1e3", -1},
                                                   {"GiB", -1},
                                                   {".5GiB", -1},
                                                   {"-1", -1},
                                                   {"9000TiB", -1}};
  for (const auto& [text, bytes] : sizes) {
    const auto read = ParseByteSize(text);
    EXPECT_EQ(read.value_or(-1), bytes) << text;
    if (read.ok()) {
      EXPECT_EQ(*ParseByteSize(WriteByteSize(*read)), bytes) << text;
    }
  }
  EXPECT_EQ(WriteByteSize(int64_t{3} << 29), "1536MiB");
  EXPECT_EQ(WriteByteSize(2'000'000'000), "2GB");
  EXPECT_EQ(WriteByteSize(1001), "1001");
}

TEST(StudyFile, ConstraintsAndSeveralObjectivesAreLists) {
  const auto file = ParseStudyFile(
      "objectives:\n  - {metric: accuracy, goal: maximize}\n  - {metric: latency, goal: minimize}\n"
      "constraints:\n  - metric: memory\n    min: -1\n    max: 2.5e9\n  - {metric: b, min: 0}\n",
      "f");
  ASSERT_TRUE(file.ok()) << file.status();
  const v1::Study& study = file->study;
  EXPECT_FALSE(study.has_objective());
  ASSERT_EQ(study.objectives_size(), 2);
  EXPECT_EQ(study.objectives(0).goal(), v1::Objective::MAXIMIZE);
  EXPECT_EQ(study.objectives(1).metric(), "latency");
  ASSERT_EQ(study.constraints_size(), 2);
  EXPECT_EQ(study.constraints(0).metric(), "memory");
  EXPECT_EQ(study.constraints(0).min(), -1);
  EXPECT_EQ(study.constraints(0).max(), 2.5e9);
  EXPECT_FALSE(study.constraints(1).has_max());
  EXPECT_EQ(file->lines.Find("objectives[1].goal"), 3);
  EXPECT_EQ(file->lines.Find("constraints[0].max"), 7);
  EXPECT_EQ(file->lines.Find("constraints[0].nothing"), 5);
}

TEST(StudyFile, AListOfNumbersIsAValue) {
  EXPECT_EQ(ParseParameter("{value: [512, 256, 128]}").value().string_value(), "512,256,128");
  EXPECT_EQ(ParseParameter("{value: [1, 2.5, 1]}").value().string_value(), "1,2.5,1");
  EXPECT_EQ(ParseParameter("{value: [1.0, 1e-5, 0x10, -3, .5]}").value().string_value(),
            "1,1e-5,16,-3,0.5");
  EXPECT_EQ(ParseParameter("{value: [512]}").value().string_value(), "512");
  EXPECT_EQ(ParseParameter("{value: \"512,256\"}").value().string_value(), "512,256");
  const v1::Parameter choice = ParseParameter("{values: [[512, 256], [128], none]}");
  EXPECT_EQ(choice.type(), v1::Parameter::CATEGORICAL);
  ASSERT_EQ(choice.values_size(), 3);
  EXPECT_EQ(choice.values(0).string_value(), "512,256");
  EXPECT_EQ(choice.values(1).string_value(), "128");
  EXPECT_EQ(choice.values(2).string_value(), "none");
  EXPECT_EQ(ParseParameter("{type: ordinal, values: [[1, 2], [3]]}").type(),
            v1::Parameter::ORDINAL);
}

TEST(StudyFile, AnchorsAndMergesAreUnderstood) {
  const auto file = ParseStudyFile(
      "parameters:\n  a: &rate {min: 0.1, max: 0.5}\n  b: *rate\n"
      "  c: {<<: *rate, max: 0.7}\n  d: {<<: [*rate, {scale: log}]}\n",
      "f");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->study.parameters(1).max(), 0.5);
  EXPECT_EQ(file->study.parameters(2).min(), 0.1);
  EXPECT_EQ(file->study.parameters(2).max(), 0.7);
  EXPECT_EQ(file->study.parameters(3).scale(), v1::Parameter::LOG);
}

TEST(StudyFile, ACoordinatorsComplaintGetsItsLine) {
  const auto file = ParseStudyFile(ExampleText(), "study.yaml");
  ASSERT_TRUE(file.ok());
  const auto describe = [&](const char* field) {
    v1::FieldViolation violation;
    violation.set_field(field);
    violation.set_description("is wrong");
    return DescribeViolation(*file, violation);
  };
  EXPECT_EQ(describe("study"), "study.yaml:4: study: is wrong");
  EXPECT_EQ(describe("limits.max_trials"), "study.yaml:19: limits.max_trials: is wrong");
  EXPECT_EQ(describe("parameters.learning_rate.min"),
            "study.yaml:22: parameters.learning_rate.min: is wrong");
  EXPECT_EQ(describe("parameters.batch_size.values[2]"),
            "study.yaml:26: parameters.batch_size.values[2]: is wrong");
  EXPECT_EQ(describe("parameters[1].name"), "study.yaml:23: parameters[1].name: is wrong");
  // Missing ones: the nearest around them.
  EXPECT_EQ(describe("trainer.batch_norm_network.data.csv"),
            "study.yaml:9: trainer.batch_norm_network.data.csv: is wrong");
  EXPECT_EQ(describe("parameters.optimizer.step"),
            "study.yaml:23: parameters.optimizer.step: is wrong");
  EXPECT_EQ(describe("nothing"), "study.yaml:4: nothing: is wrong");
}

TEST(StudyFile, WhatIsWrittenIsReadBackTheSame) {
  const char* texts[] = {
      "study: a\ndescription: 'two\n\n  lines: # \"quoted\"'\nobjective: {metric: m, goal: "
      "minimize, "
      "target: 1e-7}\ntrainer: {external: {}}\nlimits: {max_duration: 1d2h0.5s, parallel: 3}\n"
      "parameters: {a.b: {values: [x, 'true', '1', 2, '', 'a: b']}, c: {value: 1.0}, "
      "d: {values: [true, false]}, e: {type: double, min: 1, max: 2, step: 0.5, "
      "when: {d: true, a.b: [x, '1']}}, f: {value: -5}, g: {values: [1, 2.0]}, h: {type: ordinal, "
      "scale: "
      "one_minus_log, grid: 2, values: [0.9, 0.99]}}\n",
      "study: '123'\nsampler: {algorithm: random, seed: 0}\nparameters: {x: {min: 1, max: 9}}\n"
      "trainer: {batch_norm_network: {epochs: 1, data: {format: csv, train: '/a b/c.csv', label: "
      "'1', categorical: [a, 'b: c', '7'], ignore: [], missing: mean}, checkpoint_every: 0}}\n",
      "parameters: {units: {values: [[512, 256], [128], [64, 32]]}, a: {value: [1, 2.5, 1e-9]},\n"
      "  b: {value: [7]}, c: {values: ['7', '8']}, d: {values: ['1,2', '1, 2', '01,2', ',']},\n"
      "  e: {values: [x, [1, 2], '3', '04']}, f: {min: 1, max: 2, when: {d: '1,2', e: ['1,2', "
      "x]}},\n"
      "  g: {value: [-1, 0, 1e+300]}}\n"
      "trainer: {batch_norm_network: {data: {format: npz, file: a, test_inputs: b}}}\n",
      "trainer: {batch_norm_network: {checkpoint_every: 7, data: {format: npy, train_inputs: a, "
      "train_labels: b, test_inputs: c, test_labels: d, validation_fraction: 0.5}}}\nparameters: "
      "{x: {min: 1, max: 2}}\n",
      "pruner: {algorithm: asha, mode: promote, grace: 3, eta: 4}\nlimits: {no_gain: {trials: 30}, "
      "max_steps: 9007199254740992}\ntrials: [{x: 1, 'a b': [1, 2]}, {x: 2.5, y: true}]\n"
      "trainer: {external: {}}\nparameters: {x: {min: 1, max: 2}}\n",
      "trainer: {command: {run: [./a b.sh, '${args}', '--x'], arguments: none, code: {path: /a}, "
      "env: {A: '', 'B C': \"d\\ne\"}, pass_env: [A, B], resources: {cpus: 2, memory: 1000}, "
      "time_limit: 1.5h, stop_grace: 0s, resumable: true, keep: all, patterns: ['a=(?P<a>.*)']}}\n"
      "metrics: [a.b, '1']\nworkers: {gpu: '', '7': 8}\ncheckpoints: {keep_per_trial: [best]}\n"
      "limits: {weight: 0.5}\nparameters: {x: {min: 1, max: 2}}\n",
      "repeats: 3\nwarm_start: [mnist-1, '7', 'a b']\nparameters: {x: {min: 1, max: 2}}\n",
      "objectives: [{metric: a.b, goal: maximize, value: last}, {metric: c, goal: minimize}]\n"
      "constraints: [{metric: d, min: -1.5, max: 1e+30}, {metric: e, min: 0}]\n"
      "trainer: {external: {}}\nparameters: {x: {min: 1, max: 2}}\n",
      "pruner: {algorithm: wilcoxon, warm_up: 5, p_value: 0.05, max_step: 12}\ntrainer: {external: "
      "{}}\nparameters: {x: {min: 1, max: 2}}\n",
      "parameters: {x: {min: 0.1, max: 2, default: 1}, u: {values: [[512, 256], [128]], default: "
      "[512, 256]}, w: {values: [a, '1'], default: '1'}, f: {type: bool, default: false}}\n",
      "study: unfinished\n"};
  std::vector<std::string> all(std::begin(texts), std::end(texts));
  all.push_back(ExampleText());
  for (const std::string& text : all) {
    const auto first = ParseStudyFile(text, "first");
    ASSERT_TRUE(first.ok()) << first.status();
    const std::string written = WriteStudyFile(first->study);
    const auto second = ParseStudyFile(written, "second");
    ASSERT_TRUE(second.ok()) << second.status() << "\n" << written;
    EXPECT_TRUE(MessageDifferencer::Equals(first->study, second->study))
        << written << first->study.DebugString() << second->study.DebugString();
  }
}

TEST(StudyFile, ADefaultIsAValueOrAListOfNumbers) {
  const auto file = ParseStudyFile(
      "parameters: {rate: {min: 1e-4, max: 0.1, default: 0.01}, units: {values: [[512, 256], "
      "[128]], default: [512, 256]}}\n",
      "f");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->study.parameters(0).default_().double_value(), 0.01);
  EXPECT_EQ(file->study.parameters(1).default_().string_value(),
            file->study.parameters(1).values(0).string_value());
  EXPECT_THAT(WriteStudyFile(file->study), ::testing::HasSubstr("default: [512, 256]"));
}

TEST(StudyFile, ListsAreWrittenAsAPersonWritesThem) {
  const auto file = ParseStudyFile(
      "parameters: {units: {values: [[512, 256], [128]]}, class_weights: {value: [1, 2.5]}}\n"
      "trainer: {batch_norm_network: {data: {train: a, label: b, ignore: [c, 'd e']}}}\n",
      "f");
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string written = WriteStudyFile(file->study);
  for (const char* part :
       {"values: [[512, 256], [128]]", "value: [1, 2.5]", "ignore: [c, \"d e\"]"}) {
    EXPECT_NE(written.find(part), std::string::npos) << part << "\n" << written;
  }
}

TEST(StudyFile, WhatACoordinatorAddsIsNotWritten) {
  auto file = ParseStudyFile(ExampleText(), "f");
  ASSERT_TRUE(file.ok());
  const std::string plain = WriteStudyFile(file->study);
  file->study.set_state(v1::Study::ENDED);
  file->study.set_message("over");
  file->study.set_best_trial(3);
  EXPECT_EQ(WriteStudyFile(file->study), plain);
}

}  // namespace
}  // namespace caviar::study_file
