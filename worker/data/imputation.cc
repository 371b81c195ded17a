#include "worker/data/imputation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/csv_cell.h"

namespace caviar::data {
namespace {

// Of at least one number.
double Mean(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

// The middle one in order, or the mean of the two in the middle.
double Median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  if (numbers.size() % 2 == 1) return *middle;
  return *std::max_element(numbers.begin(), middle) / 2 + *middle / 2;
}

// nullopt: the rows have none.
std::optional<double> NumberOf(const Columns& columns, int slot, const std::vector<int32_t>& rows,
                               v1::CsvFile::Missing missing) {
  std::vector<double> numbers;
  for (const int32_t row : rows) {
    const double number = columns.numbers[static_cast<size_t>(row)][slot];
    if (!std::isnan(number)) numbers.push_back(number);
  }
  if (numbers.empty()) return std::nullopt;
  return missing == v1::CsvFile::MEDIAN ? Median(std::move(numbers)) : Mean(numbers);
}

std::optional<int16_t> WordOf(const Columns& columns, const Columns::Column& column,
                              const std::vector<int32_t>& rows) {
  std::vector<int64_t> counts(column.words.size());
  for (const int32_t row : rows) {
    const int16_t word = columns.words[static_cast<size_t>(row)][column.slot];
    if (word >= 0) ++counts[static_cast<size_t>(word)];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  if (most == counts.end() || *most == 0) return std::nullopt;
  return static_cast<int16_t>(most - counts.begin());
}

}  // namespace

absl::StatusOr<Replacements> FindReplacements(const Columns& columns,
                                              const std::vector<int32_t>& rows,
                                              v1::CsvFile::Missing missing) {
  Replacements replacements;
  // In the order of slots, which is that of the columns of each kind.
  for (const Columns::Column& column : columns.columns) {
    bool found = false;
    if (column.is_words) {
      const std::optional<int16_t> word = WordOf(columns, column, rows);
      found = word.has_value();
      replacements.words.push_back(word.value_or(0));
    } else {
      const std::optional<double> number = NumberOf(columns, column.slot, rows, missing);
      found = number.has_value();
      replacements.numbers.push_back(number.value_or(0));
    }
    if (!found) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the column ", vocabulary::Quoted(column.name), " has no value in any of the ",
          rows.size(), " training examples; write ignore: ", YamlList(column.name)));
    }
  }
  return replacements;
}

}  // namespace caviar::data
