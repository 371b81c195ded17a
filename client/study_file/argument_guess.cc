#include "client/study_file/argument_guess.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/study_file/scalar.h"

namespace caviar::study_file {
namespace {

using GuessKind = ArgumentGuess::Kind;
using WordList = std::initializer_list<absl::string_view>;

// A name by its parts: "optimizer.weight-decay" has optimizer, weight, decay and weight_decay.
class Name {
 public:
  explicit Name(const std::string& name)
      : joined_(absl::AsciiStrToLower(absl::StrReplaceAll(name, {{"-", "_"}, {".", "_"}}))) {}

  // Whether one of these is a part of it, or several in a row.
  bool Has(WordList words) const {
    const std::string padded = absl::StrCat("_", joined_, "_");
    return std::any_of(words.begin(), words.end(), [&](absl::string_view word) {
      return padded.find(absl::StrCat("_", word, "_")) != std::string::npos;
    });
  }

 private:
  std::string joined_;
};

std::string Short(double number) { return absl::StrFormat("%.6g", number); }

ArgumentGuess Parameter(std::string definition, std::string comment = "") {
  return {GuessKind::kParameter, std::move(definition), "", std::move(comment)};
}

ArgumentGuess Range(absl::string_view type, double min, double max, absl::string_view scale,
                    std::string comment = "") {
  std::string definition =
      absl::StrCat("{type: ", type, ", min: ", Short(min), ", max: ", Short(max));
  if (!scale.empty()) absl::StrAppend(&definition, ", scale: ", scale);
  return Parameter(definition + "}", std::move(comment));
}

// A decade to each side, where there is something to start from.
ArgumentGuess TwoDecades(double value, double min, double max, std::string comment = "") {
  if (value > 0) {
    min = value / 10;
    max = value * 10;
  }
  return Range("double", min, max, "log", std::move(comment));
}

ArgumentGuess GuessWhole(const Name& name, int64_t value) {
  const auto number = static_cast<double>(value);
  if (value <= 0) return {GuessKind::kFixed, "", "", ""};
  if (name.Has({"batch", "batch_size", "batchsize", "bs"})) {
    std::vector<int64_t> sizes;
    for (const double factor : {0.25, 0.5, 1.0, 2.0, 4.0}) {
      const double size = number * factor;
      if (size >= 1 && size == std::floor(size)) sizes.push_back(static_cast<int64_t>(size));
    }
    return Parameter(
        absl::StrCat("{type: ordinal, values: [", absl::StrJoin(sizes, ", "), "], scale: log}"));
  }
  if (name.Has({"layers", "layer", "num_layers", "n_layers", "blocks"})) {
    return Range("int", std::max(1.0, number - 2), number + 2, "");
  }
  if (value <= 10) return Range("int", std::max(1.0, std::floor(number / 2)), 2 * number, "");
  return Range("int", std::max(1.0, std::floor(number / 4)), 4 * number, "log");
}

ArgumentGuess GuessNumber(const Name& name, double value) {
  const std::string check = "a guess by the value alone";
  if (value < 0) return Range("double", 2 * value, 0, "", check);
  if (value == 0) return Range("double", 0, 1, "", check);
  const bool is_share = name.Has({"ratio", "frac", "fraction", "prob", "probability", "p", "rate"});
  if (value < 1 && is_share) {
    return Range("double", value / 2, std::min(2 * value, (1 + value) / 2), "", check);
  }
  return TwoDecades(value, 0, 0, check);
}

// Names that say what a number is, whatever it is.
bool GuessByName(const Name& name, double value, ArgumentGuess& guess) {
  if (name.Has({"lr", "learning_rate", "lrate", "learningrate", "eta", "lr0", "base_lr"})) {
    guess = TwoDecades(value, 1e-4, 1e-1);
  } else if (name.Has({"weight_decay", "wd", "decay_rate", "l1", "l2", "reg", "alpha", "lambda",
                       "regularization", "epsilon", "eps"})) {
    guess = TwoDecades(value, 1e-6, 1e-2);
  } else if (name.Has({"dropout", "drop", "drop_rate", "dropout_rate", "p_drop"})) {
    guess = Range("double", 0, 0.5, "");
  } else if (value > 0.5 && value < 1 &&
             name.Has({"momentum", "beta", "beta1", "beta2", "beta_1", "beta_2", "betas", "rho",
                       "ema", "ema_decay", "gamma", "decay"})) {
    // On this axis 0.9 to 0.99 is as long as 0.99 to 0.999.
    guess =
        Range("double", 1 - std::min(0.5, 5 * (1 - value)), 1 - (1 - value) / 10, "one_minus_log");
  } else {
    return false;
  }
  return true;
}

bool LooksLikeAFile(const std::string& value) {
  const size_t dot = value.rfind('.');
  const bool has_suffix =
      dot != std::string::npos && dot > 0 && value.size() - dot <= 6 && value.size() - dot > 1;
  return value.find('/') != std::string::npos || has_suffix;
}

// Names of what a study does not tune.
bool IsFixed(const Name& name) {
  return name.Has({"epochs",    "epoch",     "num_epochs", "n_epochs",    "max_epochs", "steps",
                   "iters",     "max_steps", "iterations", "device",      "devices",    "gpu",
                   "gpus",      "workers",   "jobs",       "threads",     "port",       "host",
                   "rank",      "data",      "dataset",    "dir",         "path",       "file",
                   "name",      "project",   "id",         "run",         "tag",        "entity",
                   "resume",    "log",       "verbose",    "print",       "version",    "backend",
                   "precision", "year",      "classes",    "num_classes", "folds",      "cuda"});
}

}  // namespace

ArgumentGuess GuessArgument(const std::string& name_text, const std::string& value) {
  const Name name(name_text);
  if (name.Has({"seed", "random_state"})) {
    return {GuessKind::kPlaceholder, "", "${seed}", "${seed} differs from trial to trial"};
  }
  if (name.Has({"out", "output", "output_dir", "out_dir", "save_dir", "log_dir", "logdir",
                "save_path"})) {
    return {GuessKind::kPlaceholder, "", "${output_dir}", "${output_dir} is each attempt's own"};
  }
  const Scalar scalar = ResolvePlain(value);
  if (IsFixed(name)) return {};
  if (scalar.is_number() && std::isfinite(scalar.number)) {
    ArgumentGuess guess;
    if (GuessByName(name, scalar.number, guess)) return guess;
    return scalar.kind == Scalar::Kind::kInt ? GuessWhole(name, scalar.integer)
                                             : GuessNumber(name, scalar.number);
  }
  if (value == "true" || value == "false") return Parameter("{type: bool}");
  if (scalar.kind == Scalar::Kind::kBool) {
    return Parameter("{type: categorical, values: ['True', 'False']}");
  }
  const bool is_word = !value.empty() && value.size() <= 40 && absl::ascii_isalpha(value[0]) &&
                       value.find_first_of(" \t\n,:[]{}") == std::string::npos;
  if (!is_word || LooksLikeAFile(value)) return {};
  return Parameter(absl::StrCat("{type: categorical, values: [", WriteText(value), "]}"),
                   "add the other words that it takes here; with one it is not tuned");
}

}  // namespace caviar::study_file
