#include "worker/data/classes.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::data {
namespace {

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

}  // namespace

Classes::Classes(const std::vector<std::string>& labels) {
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

std::optional<int32_t> Classes::Find(const std::string& label) const {
  const std::optional<int64_t> whole = AsWhole(label);
  const auto it = index_.find(numeric_ && whole ? absl::StrCat(*whole) : label);
  if (it == index_.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<std::vector<int32_t>> Classes::OfRows(const LabeledTable& labeled) const {
  std::vector<int32_t> class_of_label;
  for (const std::string& name : labeled.label_names) {
    const auto found = Find(name);
    if (!found) {
      constexpr size_t kShown = 20;
      const auto end = names_.begin() + static_cast<int64_t>(std::min(kShown, names_.size()));
      return absl::InvalidArgumentError(absl::StrCat(
          labeled.label_source, " has the label ", vocabulary::Quoted(name),
          ", which no training example has; those have ", absl::StrJoin(names_.begin(), end, ", "),
          names_.size() > kShown ? ", ..." : ""));
    }
    class_of_label.push_back(*found);
  }
  std::vector<int32_t> rows;
  rows.reserve(labeled.labels.size());
  for (const int32_t label : labeled.labels) rows.push_back(class_of_label[label]);
  return rows;
}

}  // namespace caviar::data
