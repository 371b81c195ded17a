#include "worker/data/csv_header.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::data {
namespace {

using vocabulary::Quoted;
using Role = CsvColumn::Role;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status CheckNames(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      return absl::InvalidArgumentError(absl::StrCat("column ", i + 1, " has no name"));
    }
    if (!vocabulary::IsUtf8(names[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat("the name of column ", i + 1, ", ", Quoted(names[i]), ", is not UTF-8"));
    }
    if (!seen.insert(names[i]).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two columns have the name ", Quoted(names[i])));
    }
  }
  return absl::OkStatus();
}

// What follows "no column has the name NAME".
std::string Nearest(const std::string& name, const std::vector<std::string>& names) {
  constexpr size_t kShown = 20;
  std::vector<std::string> shown;
  for (const std::string& known : names) {
    shown.push_back(shown.size() == kShown ? "..." : Quoted(known));
    if (shown.size() > kShown) break;
  }
  const std::string nearest = vocabulary::NearestName(name, names);
  return absl::StrCat(nearest.empty() ? "." : absl::StrCat("; did you mean ", Quoted(nearest), "?"),
                      " There are ", absl::StrJoin(shown, ", "));
}

absl::Status CheckKnown(const std::vector<std::string>& names, absl::string_view what,
                        const std::string& name) {
  if (Contains(names, name)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("no column has the ", what, " ", Quoted(name), Nearest(name, names)));
}

absl::Status CheckSpec(const std::vector<std::string>& names, const v1::CsvFile& spec) {
  absl::Status status = CheckKnown(names, "label's name", spec.label());
  for (const std::string& name : spec.categorical()) {
    status.Update(CheckKnown(names, "name that categorical gives,", name));
  }
  for (const std::string& name : spec.ignore()) {
    status.Update(CheckKnown(names, "name that ignore gives,", name));
  }
  return status;
}

}  // namespace

absl::StatusOr<std::vector<CsvColumn>> TrainColumns(const std::vector<std::string>& names,
                                                    const v1::CsvFile& spec) {
  absl::Status status = CheckNames(names);
  if (status.ok()) status = CheckSpec(names, spec);
  if (!status.ok()) return status;
  const std::set<std::string> words(spec.categorical().begin(), spec.categorical().end());
  const std::set<std::string> ignored(spec.ignore().begin(), spec.ignore().end());
  std::vector<CsvColumn> columns;
  int number_columns = 0, word_columns = 0;
  for (const std::string& name : names) {
    if (name == spec.label()) {
      columns.push_back({name, Role::kLabel});
    } else if (ignored.count(name) > 0) {
      columns.push_back({name, Role::kIgnored});
    } else if (words.count(name) > 0) {
      columns.push_back({name, Role::kWord, word_columns++});
    } else {
      columns.push_back({name, Role::kNumber, number_columns++});
    }
  }
  if (number_columns + word_columns == 0) {
    return absl::InvalidArgumentError(absl::StrCat("no column is an input: beside the label ",
                                                   Quoted(spec.label()),
                                                   " at least one is needed that is not ignored"));
  }
  return columns;
}

absl::StatusOr<std::vector<CsvColumn>> TestColumns(const std::vector<std::string>& names,
                                                   const v1::CsvFile& spec, const Columns& train,
                                                   const std::string& train_source) {
  absl::Status status = CheckNames(names);
  if (status.ok()) status = CheckKnown(names, "label's name", spec.label());
  if (!status.ok()) return status;
  std::map<std::string, const Columns::Column*> known;
  const std::set<std::string> there(names.begin(), names.end());
  for (const Columns::Column& column : train.columns) {
    known[column.name] = &column;
    if (there.count(column.name) == 0) {
      return absl::InvalidArgumentError(absl::StrCat("no column has the name ", Quoted(column.name),
                                                     ", an input of ", train_source,
                                                     Nearest(column.name, names)));
    }
  }
  const std::set<std::string> ignored(spec.ignore().begin(), spec.ignore().end());
  std::vector<CsvColumn> columns;
  for (const std::string& name : names) {
    const auto found = known.find(name);
    if (name == spec.label()) {
      columns.push_back({name, Role::kLabel});
    } else if (ignored.count(name) > 0) {
      columns.push_back({name, Role::kIgnored});
    } else if (found != known.end()) {
      columns.push_back(
          {name, found->second->is_words ? Role::kWord : Role::kNumber, found->second->slot});
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("has the column ", Quoted(name), ", which ", train_source, " has not"));
    }
  }
  return columns;
}

}  // namespace caviar::data
