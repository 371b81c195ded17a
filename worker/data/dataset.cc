#include "worker/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <new>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/csv.h"
#include "worker/data/idx.h"
#include "worker/data/input_file.h"
#include "worker/data/standardization.h"
#include "worker/data/stratified_split.h"

namespace caviar::data {
namespace {

constexpr double kDefaultValidationFraction = 0.1;
constexpr double kMaxWhole = 9007199254740992;  // 2^53

// "3", "03" and "3.0" are 3.
std::optional<int64_t> AsWhole(const std::string& label) {
  int64_t whole = 0;
  if (absl::SimpleAtoi(label, &whole)) return whole;
  double number = 0;
  if (!absl::SimpleAtod(label, &number) || !(std::abs(number) <= kMaxWhole) ||
      number != std::floor(number)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(number);
}

// The classes of a training file, in order.
class Classes {
 public:
  explicit Classes(const std::vector<std::string>& labels) {
    numeric_ = std::all_of(labels.begin(), labels.end(),
                           [](const std::string& label) { return AsWhole(label).has_value(); });
    std::map<int64_t, std::string> numbers;
    std::map<std::string, std::string> words;
    for (const std::string& label : labels) {
      if (numeric_) {
        numbers.emplace(*AsWhole(label), absl::StrCat(*AsWhole(label)));
      } else {
        words.emplace(label, label);
      }
    }
    for (const auto& [number, name] : numbers) names_.push_back(name);
    for (const auto& [word, name] : words) names_.push_back(name);
    for (size_t i = 0; i < names_.size(); ++i) index_[names_[i]] = static_cast<int32_t>(i);
  }

  const std::vector<std::string>& names() const { return names_; }

  std::optional<int32_t> Find(const std::string& label) const {
    const std::optional<int64_t> whole = AsWhole(label);
    const auto it = index_.find(numeric_ && whole ? absl::StrCat(*whole) : label);
    if (it == index_.end()) return std::nullopt;
    return it->second;
  }

 private:
  bool numeric_ = false;
  std::vector<std::string> names_;
  std::map<std::string, int32_t> index_;
};

// The class of every row.
absl::StatusOr<std::vector<int32_t>> ClassesOfRows(const LabeledTable& labeled,
                                                   const Classes& classes) {
  std::vector<int32_t> class_of_label;
  for (const std::string& name : labeled.label_names) {
    const auto found = classes.Find(name);
    if (!found) {
      constexpr size_t kShown = 20;
      const std::vector<std::string>& names = classes.names();
      const auto end = names.begin() + static_cast<int64_t>(std::min(kShown, names.size()));
      return absl::InvalidArgumentError(absl::StrCat(
          labeled.label_source, " has the label ", vocabulary::Quoted(name),
          ", which no training example has; those have ", absl::StrJoin(names.begin(), end, ", "),
          names.size() > kShown ? ", ..." : ""));
    }
    class_of_label.push_back(*found);
  }
  std::vector<int32_t> rows;
  rows.reserve(labeled.labels.size());
  for (const int32_t label : labeled.labels) rows.push_back(class_of_label[label]);
  return rows;
}

absl::Status CheckSameInputs(const LabeledTable& train, const LabeledTable& test) {
  if (train.table->inputs != test.table->inputs) {
    return absl::InvalidArgumentError(absl::StrCat(test.source, " has ", test.table->inputs,
                                                   " inputs an example, but ", train.source,
                                                   " has ", train.table->inputs));
  }
  for (size_t i = 0; i < train.columns.size(); ++i) {
    if (train.columns[i] != test.columns[i]) {
      return absl::InvalidArgumentError(absl::StrCat(
          test.source, ": its input column ", i + 1, " is ", vocabulary::Quoted(test.columns[i]),
          ", but in ", train.source, " it is ", vocabulary::Quoted(train.columns[i])));
    }
  }
  return absl::OkStatus();
}

Split MakeSplit(const LabeledTable& labeled, const std::vector<int32_t>& classes,
                std::vector<int32_t> rows,
                const std::shared_ptr<const Standardization>& standardization) {
  std::vector<int32_t> labels;
  labels.reserve(rows.size());
  for (const int32_t row : rows) labels.push_back(classes[row]);
  return Split(labeled.table, std::move(rows), std::move(labels), standardization);
}

absl::StatusOr<std::shared_ptr<const Dataset>> Assemble(const LabeledTable& train,
                                                        const LabeledTable* test, double fraction,
                                                        uint32_t seed) {
  const Classes classes(train.label_names);
  auto dataset = std::make_shared<Dataset>();
  dataset->inputs = train.table->inputs;
  dataset->class_names = classes.names();
  dataset->input_names = train.columns;
  dataset->classes = static_cast<int>(dataset->class_names.size());
  if (dataset->classes < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        train.label_source, ": all examples have the label ",
        vocabulary::Quoted(dataset->class_names[0]), "; at least two classes are needed"));
  }
  const auto train_classes = ClassesOfRows(train, classes);
  if (!train_classes.ok()) return train_classes.status();
  auto split = StratifiedSplit(*train_classes, dataset->classes, fraction, seed);
  if (!split.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(train.label_source, ": ", split.status().message()));
  }
  const auto standardization =
      std::make_shared<const Standardization>(Standardize(*train.table, split->train));
  dataset->mean.assign(standardization->mean.begin(), standardization->mean.end());
  dataset->inverse_deviation.assign(standardization->inverse_deviation.begin(),
                                    standardization->inverse_deviation.end());
  dataset->train = MakeSplit(train, *train_classes, std::move(split->train), standardization);
  dataset->validation =
      MakeSplit(train, *train_classes, std::move(split->validation), standardization);
  if (test != nullptr) {
    absl::Status status = CheckSameInputs(train, *test);
    if (!status.ok()) return status;
    const auto test_classes = ClassesOfRows(*test, classes);
    if (!test_classes.ok()) return test_classes.status();
    std::vector<int32_t> rows(test_classes->size());
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int32_t>(i);
    dataset->test = MakeSplit(*test, *test_classes, std::move(rows), standardization);
  }
  return dataset;
}

bool HasTest(const v1::Dataset& spec) {
  return spec.has_idx() ? !spec.idx().test_images().empty() || !spec.idx().test_labels().empty()
                        : !spec.csv().test().empty();
}

// The files of a part, as the study names them.
std::vector<std::string> FilesOf(const v1::Dataset& spec, bool test) {
  if (spec.has_csv()) return {test ? spec.csv().test() : spec.csv().train()};
  const v1::IdxFiles& idx = spec.idx();
  if (test) return {idx.test_images(), idx.test_labels()};
  return {idx.train_images(), idx.train_labels()};
}

// Runs `load` and turns running out of memory into a status.
template <typename Load>
auto WithinMemory(Load load) -> decltype(load()) {
  try {
    return load();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("not enough memory for the study's data");
  }
}

}  // namespace

DatasetCache::DatasetCache(std::string dataset_dir) : dataset_dir_(std::move(dataset_dir)) {}

absl::StatusOr<std::shared_ptr<const LabeledTable>> DatasetCache::ReadPart(const v1::Dataset& spec,
                                                                           bool test) {
  std::string key;
  std::vector<std::string> paths;
  for (const std::string& file : FilesOf(spec, test)) {
    auto path = ResolvePath(dataset_dir_, file);
    if (!path.ok()) return path.status();
    const auto identity = FileIdentity(*path);
    if (!identity.ok()) return identity.status();
    absl::StrAppend(&key, *identity, "|");
    paths.push_back(*std::move(path));
  }
  if (spec.has_csv()) absl::StrAppend(&key, spec.csv().label());
  return files_.Get(key, [&] {
    return WithinMemory([&] {
      return spec.has_csv() ? ReadCsv(paths[0], spec.csv().label())
                            : ReadIdxPair(paths[0], paths[1]);
    });
  });
}

absl::StatusOr<std::string> DatasetCache::KeyOf(const v1::Dataset& spec, uint32_t seed) {
  std::string key = absl::StrCat(seed, "|", spec.SerializeAsString());
  for (const bool test : {false, true}) {
    if (test && !HasTest(spec)) continue;
    for (const std::string& file : FilesOf(spec, test)) {
      const auto path = ResolvePath(dataset_dir_, file);
      if (!path.ok()) return path.status();
      const auto identity = FileIdentity(*path);
      if (!identity.ok()) return identity.status();
      absl::StrAppend(&key, "|", *identity);
    }
  }
  return key;
}

absl::StatusOr<std::shared_ptr<const Dataset>> DatasetCache::Get(const v1::Dataset& spec,
                                                                 uint32_t seed) {
  if (!spec.has_idx() && !spec.has_csv()) {
    return absl::InvalidArgumentError("the study names no data: idx or csv files");
  }
  const double fraction =
      spec.has_validation_fraction() ? spec.validation_fraction() : kDefaultValidationFraction;
  if (!(fraction > 0 && fraction < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("validation_fraction ", fraction, " is out of range; above 0 and below 1"));
  }
  const auto key = KeyOf(spec, seed);
  if (!key.ok()) return key.status();
  return datasets_.Get(*key, [&]() -> absl::StatusOr<std::shared_ptr<const Dataset>> {
    const auto train = ReadPart(spec, false);
    if (!train.ok()) return train.status();
    std::shared_ptr<const LabeledTable> test;
    if (HasTest(spec)) {
      auto read = ReadPart(spec, true);
      if (!read.ok()) return read.status();
      test = *std::move(read);
    }
    return WithinMemory([&] { return Assemble(**train, test.get(), fraction, seed); });
  });
}

}  // namespace caviar::data
