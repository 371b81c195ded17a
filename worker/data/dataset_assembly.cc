#include "worker/data/dataset_assembly.h"

#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/classes.h"
#include "worker/data/imputation.h"
#include "worker/data/standardization.h"
#include "worker/data/stratified_split.h"

namespace caviar::data {
namespace {

constexpr double kDefaultValidationFraction = 0.1;

std::vector<std::string> InputNames(const Table& table) {
  std::vector<std::string> names;
  const auto* columns = std::get_if<Columns>(&table.values);
  if (columns == nullptr) return names;
  for (const Columns::Column& column : columns->columns) {
    if (!column.is_words) names.push_back(column.name);
    for (const std::string& word : column.words) {
      names.push_back(absl::StrCat(column.name, "=", word));
    }
  }
  return names;
}

// The pointer keeps all of `labeled`, so that the next one who reads the file finds it there.
Split MakeSplit(const std::shared_ptr<const LabeledTable>& labeled,
                const std::vector<int32_t>& classes, std::vector<int32_t> rows,
                const std::shared_ptr<const Standardization>& standardization) {
  std::vector<int32_t> labels;
  labels.reserve(rows.size());
  for (const int32_t row : rows) labels.push_back(classes[row]);
  return Split(std::shared_ptr<const Table>(labeled, &labeled->table), std::move(rows),
               std::move(labels), standardization);
}

absl::StatusOr<Standardization> StandardizationOf(const LabeledTable& train,
                                                  const std::vector<int32_t>& rows,
                                                  const v1::Dataset& spec) {
  Replacements replacements;
  if (const auto* columns = std::get_if<Columns>(&train.table.values)) {
    auto found = FindReplacements(*columns, rows, spec.csv().missing());
    if (!found.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(train.source, ": ", found.status().message()));
    }
    replacements = *std::move(found);
  }
  return Standardize(train.table, rows, replacements);
}

absl::StatusOr<Split> TestSplit(const std::shared_ptr<const LabeledTable>& test,
                                const LabeledTable& train, const Classes& classes,
                                const std::shared_ptr<const Standardization>& standardization) {
  if (train.table.inputs != test->table.inputs) {
    return absl::InvalidArgumentError(absl::StrCat(test->source, " has ", test->table.inputs,
                                                   " inputs an example, but ", train.source,
                                                   " has ", train.table.inputs));
  }
  const auto classes_of_rows = classes.OfRows(*test);
  if (!classes_of_rows.ok()) return classes_of_rows.status();
  std::vector<int32_t> rows(classes_of_rows->size());
  std::iota(rows.begin(), rows.end(), 0);
  return MakeSplit(test, *classes_of_rows, std::move(rows), standardization);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Dataset>> AssembleDataset(
    const std::shared_ptr<const LabeledTable>& train,
    const std::shared_ptr<const LabeledTable>& test, const v1::Dataset& spec, uint32_t seed) {
  const Classes classes(train->label_names);
  auto dataset = std::make_shared<Dataset>();
  dataset->inputs = train->table.inputs;
  dataset->input_names = InputNames(train->table);
  dataset->class_names = classes.names();
  dataset->classes = static_cast<int>(dataset->class_names.size());
  if (dataset->classes < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        train->label_source, ": all examples have the label ",
        vocabulary::Quoted(dataset->class_names[0]), "; at least two classes are needed"));
  }
  const double fraction =
      spec.has_validation_fraction() ? spec.validation_fraction() : kDefaultValidationFraction;
  const auto classes_of_rows = classes.OfRows(*train);
  if (!classes_of_rows.ok()) return classes_of_rows.status();
  auto split = StratifiedSplit(*classes_of_rows, dataset->classes, fraction, seed);
  if (!split.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(train->label_source, ": ", split.status().message()));
  }
  auto found = StandardizationOf(*train, split->train, spec);
  if (!found.ok()) return found.status();
  const auto standardization = std::make_shared<const Standardization>(*std::move(found));
  dataset->mean.assign(standardization->mean.begin(), standardization->mean.end());
  dataset->inverse_deviation.assign(standardization->inverse_deviation.begin(),
                                    standardization->inverse_deviation.end());
  dataset->train = MakeSplit(train, *classes_of_rows, std::move(split->train), standardization);
  dataset->validation =
      MakeSplit(train, *classes_of_rows, std::move(split->validation), standardization);
  if (test != nullptr) {
    auto test_split = TestSplit(test, *train, classes, standardization);
    if (!test_split.ok()) return test_split.status();
    dataset->test = *std::move(test_split);
  }
  return dataset;
}

}  // namespace caviar::data
