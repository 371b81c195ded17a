#include "client/study_file/fields.h"

#include <cstdlib>
#include <iostream>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/study.pb.h"

namespace caviar::study_file {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr Field kStudy[] = {
    {"study", "name", "The study's name, unique on its coordinator.",
     R"("pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")", true},
    {"description", "description", "Free text for people.", R"("maxLength": 4096)"},
    {"objective", "objective", "The metric to minimize or maximize."},
    {"objectives", "objectives",
     "Instead of objective: several metrics; the best trials are those on the Pareto front.",
     R"("minItems": 2, "maxItems": 4)"},
    {"constraints", "constraints",
     "Metrics that have to keep within bounds; a trial that does not is never the best.",
     R"("maxItems": 16)"},
    {"trainer", "trainer", "What evaluates a configuration.", "", true},
    {"sampler", "sampler", "What chooses configurations."},
    {"pruner", "pruner", "What ends or pauses weak trials early."},
    {"limits", "limits", "When the study ends by itself, and how much of it runs at once."},
    {"metrics", "metrics",
     "What a command measures, beside the metrics of objectives and constraints; only these are "
     "read from lines like accuracy=0.9.",
     R"("maxItems": 256, "uniqueItems": true)"},
    {"workers", "workers", "Labels that a worker must have to get its trials: {gpu: a100}.",
     R"("maxProperties": 64)"},
    {"checkpoints", "checkpoints", "Which checkpoints of a resumable command are kept, and where."},
    {"repeats", "repeats",
     "How often each configuration is evaluated, each time with a seed of its own; the mean "
     "counts.",
     R"("minimum": 1, "maximum": 100, "default": 1)"},
    {"trials", "trials", "Configurations to try first.", R"("maxItems": 100)"},
    {"warm_start", "warm_start", "Names of earlier studies whose trials teach the sampler.",
     R"("maxItems": 16, "uniqueItems": true)"},
    {"linear_constraints", "linear_constraints",
     "What configurations have to keep, such as units_1 >= units_2.", R"("maxItems": 64)"},
    {"parameters", "parameters", "The search space: what may be tuned, by name.", "", true},
};

constexpr Field kObjective[] = {
    {"metric", "metric", "Name of the metric, as the trainer reports it.", R"("minLength": 1)",
     true},
    {"goal", "goal", "What is better: less or more of it.", "", true},
    {"value", "value", "Which measurement of a trial counts: its best (default) or its last.",
     R"("default": "best")"},
    {"target", "target", "The study ends as soon as a trial is at least this good."},
};

constexpr Field kConstraint[] = {
    {"metric", "metric",
     "Name of the metric, as the trainer reports it; read at the objective's step.",
     R"("minLength": 1)", true},
    {"min", "min", "Smallest value that is good, included."},
    {"max", "max", "Largest value that is good, included."},
};

constexpr Field kTrainer[] = {
    {"batch_norm_network", "batch_norm_network",
     "The built-in trainer: a multilayer perceptron with batch norm."},
    {"external", "external",
     "A loop of your own: trials are asked for, reported and told; write external: {}."},
    {"command", "command", "A program of your own, run once for each configuration."},
};

constexpr Field kCommand[] = {
    {"run", "run",
     "The program and its arguments, without a shell; ${NAME} is a parameter's value, ${args} all "
     "of them; also ${study}, ${trial}, ${attempt}, ${seed}, ${output_dir}, ${checkpoint_dir}, "
     "${latest_checkpoint}, ${parameters_file}.",
     R"("minItems": 1, "maxItems": 1000)", true},
    {"arguments", "arguments",
     "What ${args} is: --name=value each, name=value each (hydra), or the path of a JSON file.",
     R"("default": "flags")"},
    {"code", "code", "Where the program is, and what its current folder is."},
    {"env", "env", "Added to the program's environment; ${...} as in run.",
     R"("maxProperties": 256)"},
    {"pass_env", "pass_env", "Names of the worker's environment that the program gets too.",
     R"("maxItems": 256, "uniqueItems": true)"},
    {"resources", "resources", "What one attempt takes of a worker."},
    {"time_limit", "time_limit", "An attempt that runs longer has failed."},
    {"stop_grace", "stop_grace", "Between SIGTERM and SIGKILL.", R"("default": "30s")"},
    {"resumable", "resumable",
     "It writes checkpoints and goes on from CAVIAR_LATEST_CHECKPOINT: only such programs are "
     "paused and promoted.",
     R"("default": false)"},
    {"keep", "keep", "Which attempts' folders a worker keeps.", R"("default": "failed")"},
    {"patterns", "patterns",
     "Regular expressions (RE2) with named groups that find metrics in what it prints: "
     "'accuracy: (?P<accuracy>[0-9.]+)'; a group `step` is the step.",
     R"("maxItems": 16)"},
};

constexpr Field kCode[] = {
    {"upload", "upload",
     "A folder, relative to the study file, taken along when the study is created; at most 50 MiB "
     "packed, without what its .caviarignore names.",
     R"("minLength": 1)"},
    {"path", "path", "An absolute path on all workers, used in place.", R"("pattern": "^/")"},
};

constexpr Field kResources[] = {
    {"cpus", "cpus", "Processors, fractions allowed.", R"("exclusiveMinimum": 0, "default": 1)"},
    {"gpus", "gpus", "Whole GPUs; the program sees no others.", R"("minimum": 0, "default": 0)"},
    {"memory", "memory", "Memory; where the worker can, it ends a program that takes more."},
};

constexpr Field kCheckpoints[] = {
    {"store", "store", "coordinator, or an absolute path that all workers share.",
     R"("pattern": "^coordinator$|^/", "default": "coordinator")"},
    {"keep_per_trial", "keep_per_trial",
     "Of each trial: its newest checkpoint, the one at the step with its best objective, or both.",
     R"("minItems": 1, "uniqueItems": true, "default": ["last"])"},
    {"keep_trials", "keep_trials",
     "Of so many best trials the checkpoints are kept when they are final.",
     R"("minimum": 0, "maximum": 10000, "default": 0)"},
    {"max_size", "max_size", "A larger checkpoint is not stored, and the trial has failed.",
     R"("default": "1GiB")"},
};

constexpr Field kBatchNormNetwork[] = {
    {"data", "data", "Where the examples come from.", "", true},
    {"epochs", "epochs", "Passes over the training examples.", R"("minimum": 1, "maximum": 100000)",
     true},
    {"checkpoint_every", "checkpoint_every",
     "A checkpoint is stored after so many epochs; 0: only when a worker leaves.",
     R"("minimum": 0, "maximum": 100000, "default": 1)"},
};

constexpr Field kDataset[] = {
    {"validation_fraction", "validation_fraction",
     "Share of the training examples kept back for validation, stratified by class.",
     R"("exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.1)"},
};

constexpr Field kIdxFiles[] = {
    {"train_images", "train_images",
     "IDX file, gzipped or not; absolute or relative to the worker's --dataset-dir.",
     R"("minLength": 1)", true},
    {"train_labels", "train_labels", "IDX file with the classes of train_images.",
     R"("minLength": 1)", true},
    {"test_images", "test_images", "IDX file that is touched once, at the study's end.",
     R"("minLength": 1)"},
    {"test_labels", "test_labels", "IDX file with the classes of test_images.",
     R"("minLength": 1)"},
};

constexpr Field kCsvFile[] = {
    {"train", "train",
     "CSV file with a header; absolute or relative to the worker's --dataset-dir.",
     R"("minLength": 1)", true},
    {"test", "test", "CSV file of the same columns that is touched once, at the study's end.",
     R"("minLength": 1)"},
    {"label", "label", "Name of the column that holds the class.", R"("minLength": 1)", true},
    {"categorical", "categorical",
     "Columns of words: each word of the training file is an input that is 1 or 0.",
     R"("maxItems": 1000, "uniqueItems": true)"},
    {"ignore", "ignore", "Columns that are no inputs, such as an id.",
     R"("maxItems": 1000, "uniqueItems": true)"},
    {"missing", "missing",
     "Fields without a value: refused (default), or filled in with the training part's mean or "
     "median; words with its most frequent one.",
     R"("default": "refuse")"},
};

constexpr Field kNpyFiles[] = {
    {"train_inputs", "train_inputs",
     "NumPy's .npy file, examples x anything; absolute or relative to the worker's --dataset-dir.",
     R"("minLength": 1)", true},
    {"train_labels", "train_labels", "NumPy's .npy file with the classes of train_inputs.",
     R"("minLength": 1)", true},
    {"test_inputs", "test_inputs", "NumPy's .npy file that is touched once, at the study's end.",
     R"("minLength": 1)"},
    {"test_labels", "test_labels", "NumPy's .npy file with the classes of test_inputs.",
     R"("minLength": 1)"},
};

constexpr Field kNpzFile[] = {
    {"file", "file", "NumPy's .npz archive; absolute or relative to the worker's --dataset-dir.",
     R"("minLength": 1)", true},
    {"train_inputs", "train_inputs", "Name of the archive's array of inputs.",
     R"("minLength": 1, "maxLength": 256, "default": "x_train")"},
    {"train_labels", "train_labels", "Name of the array with their classes.",
     R"("minLength": 1, "maxLength": 256, "default": "y_train")"},
    {"test_inputs", "test_inputs",
     "Name of the array that is touched once, at the study's end; x_test where the archive has it.",
     R"("minLength": 1, "maxLength": 256)"},
    {"test_labels", "test_labels",
     "Name of the array with their classes; y_test where the archive has it.",
     R"("minLength": 1, "maxLength": 256)"},
};

constexpr Field kSampler[] = {
    {"algorithm", "algorithm", "How configurations are chosen.", R"("default": "auto")"},
    {"seed", "seed",
     "The study's only seed: of the sampler, the data split, initialization and order.",
     R"("minimum": 0, "maximum": 4294967295)"},
};

constexpr Field kLimits[] = {
    {"max_trials", "max_trials", "Configurations to try.", R"("minimum": 1)"},
    {"parallel", "parallel", "Trials that may run at the same time.", R"("minimum": 1)"},
    {"max_failed", "max_failed", "The study ends when this many trials have failed.",
     R"("minimum": 1)"},
    {"max_duration", "max_duration", "The study ends when it has been active for this long."},
    {"max_steps", "max_steps", "The study ends when its trials have trained so many steps in all.",
     R"("minimum": 1)"},
    {"no_gain", "no_gain", "The study ends when it gains nothing any more."},
    {"max_attempts", "max_attempts", "Lost leases after which a trial has failed.",
     R"("minimum": 1, "maximum": 100, "default": 3)"},
    {"weight", "weight",
     "Its share of the workers where several studies want them: 2 runs twice as many trials as 1.",
     R"("minimum": 0.001, "maximum": 1000, "default": 1)"},
};

constexpr Field kNoGain[] = {
    {"trials", "trials", "So many trials became final since the best one did.", R"("minimum": 1)",
     true},
};

constexpr Field kPruner[] = {
    {"algorithm", "algorithm", "How weak trials are found.", R"("default": "none")"},
    {"mode", "mode",
     "asha, hyperband: end what is not among the best at a rung, or pause all there and let the "
     "best go on.",
     R"("default": "stop")"},
    {"grace", "grace", "The first rung, or the first step at which a trial may end.",
     R"("minimum": 1)"},
    {"eta", "eta", "asha, hyperband: the best 1 / eta go on; rungs are grace * eta^k.",
     R"("minimum": 2, "maximum": 100, "default": 3)"},
    {"warm_up", "warm_up",
     "median: completed trials before any is ended; wilcoxon: instances in common.",
     R"("minimum": 1)"},
    {"p_value", "p_value", "wilcoxon: ends what looks so bad by chance less often than this.",
     R"("exclusiveMinimum": 0, "maximum": 0.5, "default": 0.1)"},
    {"max_step", "max_step", "The longest training, where the trainer does not say it.",
     R"("minimum": 2)"},
};

constexpr Field kParameter[] = {
    {"type", "type",
     "May be left out: values give categorical (with a scale ordinal), whole bounds int, other "
     "bounds double."},
    {"min", "min", "Smallest value, included."},
    {"max", "max", "Largest value, included."},
    {"scale", "scale",
     "How values are spread: one_minus_log is the right one for momentum and other averages.",
     R"("default": "linear")"},
    {"step", "step", "Values are min + k * step.", R"("exclusiveMinimum": 0)"},
    {"values", "values", "The values of a categorical or ordinal parameter.",
     R"("minItems": 1, "maxItems": 1000, "uniqueItems": true)"},
    {"value", "value", "Fixes the parameter to this value, a list of numbers included."},
    {"default", "default",
     "Of a study with defaults they are tried first, as one configuration; parameters without one "
     "are at the middle of their range, or at the first of their values."},
    {"grid", "grid",
     "Values that sampler grid takes, evenly spaced on the scale, both ends included.",
     R"("minimum": 1, "maximum": 1000)"},
    {"when", "when",
     "The parameter is active only while the named ones have (one of) these values."},
};

const std::map<const Descriptor*, Section>& Sections() {
  static const auto& sections = *new std::map<const Descriptor*, Section>{
      {v1::Study::descriptor(), {kStudy}},
      {v1::Objective::descriptor(), {kObjective}},
      {v1::Constraint::descriptor(), {kConstraint}},
      {v1::Trainer::descriptor(), {kTrainer, true}},
      {v1::BatchNormNetwork::descriptor(), {kBatchNormNetwork}},
      {v1::External::descriptor(), {}},
      {v1::Command::descriptor(), {kCommand}},
      {v1::Code::descriptor(), {kCode, true}},
      {v1::Resources::descriptor(), {kResources}},
      {v1::Checkpoints::descriptor(), {kCheckpoints}},
      {v1::Dataset::descriptor(), {kDataset, false, "format"}},
      {v1::IdxFiles::descriptor(), {kIdxFiles}},
      {v1::CsvFile::descriptor(), {kCsvFile}},
      {v1::NpyFiles::descriptor(), {kNpyFiles}},
      {v1::NpzFile::descriptor(), {kNpzFile}},
      {v1::Sampler::descriptor(), {kSampler}},
      {v1::Pruner::descriptor(), {kPruner}},
      {v1::Limits::descriptor(), {kLimits}},
      {v1::NoGain::descriptor(), {kNoGain}},
      {v1::Parameter::descriptor(), {kParameter}},
  };
  return sections;
}

[[noreturn]] void Fatal(absl::string_view what) {
  std::cerr << "study file tables: " << what << "\n";
  std::abort();
}

std::string SectionThatKnows(absl::string_view name, const Descriptor& message,
                             const std::string& path) {
  const Section& section = SectionOf(message);
  for (const Field& field : section.fields) {
    if (field.name == name) return path;
  }
  for (const FieldDescriptor* member : FlattenedMembers(message)) {
    const std::string found = SectionThatKnows(name, *member->message_type(), path);
    if (!found.empty()) return found;
  }
  for (const Field& field : section.fields) {
    const FieldDescriptor& proto = ProtoField(message, field);
    if (KindOf(proto) != Kind::kSection) continue;
    const std::string inner =
        path.empty() ? std::string(field.name) : absl::StrCat(path, ".", field.name);
    const std::string found = SectionThatKnows(name, *proto.message_type(), inner);
    if (!found.empty()) return found;
  }
  return "";
}

}  // namespace

const Section& SectionOf(const Descriptor& message) {
  const auto found = Sections().find(&message);
  if (found == Sections().end()) Fatal(absl::StrCat("no section for ", message.full_name()));
  return found->second;
}

const FieldDescriptor& ProtoField(const Descriptor& message, const Field& field) {
  const FieldDescriptor* found = message.FindFieldByName(std::string(field.proto_name));
  if (found == nullptr) Fatal(absl::StrCat(message.full_name(), " has no ", field.proto_name));
  return *found;
}

std::vector<const FieldDescriptor*> FlattenedMembers(const Descriptor& message) {
  std::vector<const FieldDescriptor*> members;
  const absl::string_view name = SectionOf(message).flattened_oneof;
  if (name.empty()) return members;
  const auto* oneof = message.FindOneofByName(std::string(name));
  if (oneof == nullptr) Fatal(absl::StrCat(message.full_name(), " has no oneof ", name));
  for (int i = 0; i < oneof->field_count(); ++i) members.push_back(oneof->field(i));
  return members;
}

Kind KindOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.is_repeated() ? Kind::kTexts : Kind::kText;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Kind::kNumber;
    case FieldDescriptor::CPPTYPE_BOOL:
      return Kind::kFlag;
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.is_repeated() ? Kind::kWords : Kind::kWord;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
      return Kind::kWhole;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
    default:
      Fatal(absl::StrCat(field.full_name(), " has a type that study files do not know"));
  }
  if (field.is_map()) return Kind::kTextMap;
  const Descriptor* message = field.message_type();
  if (message == v1::Value::descriptor()) return field.is_repeated() ? Kind::kValues : Kind::kValue;
  if (message == v1::Condition::descriptor()) return Kind::kConditions;
  if (message == v1::Parameter::descriptor()) return Kind::kParameters;
  if (message == v1::KnownTrial::descriptor()) return Kind::kTrials;
  if (message == v1::LinearConstraint::descriptor()) return Kind::kLinear;
  if (message == google::protobuf::Duration::descriptor()) return Kind::kDuration;
  if (message == v1::ByteSize::descriptor()) return Kind::kByteSize;
  return field.is_repeated() ? Kind::kSections : Kind::kSection;
}

std::vector<std::string> WordsOf(const google::protobuf::EnumDescriptor& words) {
  std::vector<std::string> names;
  for (int i = 0; i < words.value_count(); ++i) {
    if (words.value(i)->number() != 0)
      names.push_back(absl::AsciiStrToLower(words.value(i)->name()));
  }
  return names;
}

std::string SectionThatKnows(absl::string_view name) {
  return SectionThatKnows(name, *v1::Study::descriptor(), "");
}

}  // namespace caviar::study_file
