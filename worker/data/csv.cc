#include "worker/data/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::data {
namespace {

using vocabulary::Quoted;

class CsvTable {
 public:
  CsvTable(InputFile& file, const std::string& label) : file_(file), label_(label), reader_(file) {}

  absl::StatusOr<std::shared_ptr<const LabeledTable>> Read() {
    absl::Status status = ReadHeader();
    if (!status.ok()) return status;
    std::vector<std::string> fields;
    while (true) {
      const auto more = reader_.Next(fields);
      if (!more.ok()) return more.status();
      if (!*more) break;
      status = AddRow(fields);
      if (!status.ok()) return status;
    }
    if (labeled_->labels.empty()) return Wrong("holds no examples: no line follows its header");
    auto table = std::make_shared<Table>();
    table->rows = static_cast<int>(labeled_->labels.size());
    table->inputs = static_cast<int>(labeled_->columns.size());
    table->values = std::move(values_);
    labeled_->table = std::move(table);
    labeled_->source = labeled_->label_source = Quoted(file_.path());
    return labeled_;
  }

 private:
  absl::Status Wrong(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(file_.path()), " ", what));
  }
  absl::Status WrongLine(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(file_.path()), ", line ", reader_.line(), what));
  }
  absl::Status WrongCell(const std::string& column, absl::string_view what) const {
    return WrongLine(absl::StrCat(", column ", Quoted(column), ": ", what));
  }

  absl::Status ReadHeader() {
    const auto more = reader_.Next(header_);
    if (!more.ok()) return more.status();
    if (!*more) return Wrong("is empty: its first line must name the columns");
    std::set<std::string> names;
    for (size_t i = 0; i < header_.size(); ++i) {
      if (header_[i].empty()) return WrongLine(absl::StrCat(": column ", i + 1, " has no name"));
      if (!names.insert(header_[i]).second) {
        return WrongLine(absl::StrCat(": two columns have the name ", Quoted(header_[i])));
      }
    }
    const auto label = std::find(header_.begin(), header_.end(), label_);
    if (label == header_.end()) return WrongLine(absl::StrCat(": ", NoLabel()));
    label_index_ = static_cast<size_t>(label - header_.begin());
    if (header_.size() < 2) {
      return WrongLine(": the label is the only column; at least one column of numbers is needed");
    }
    labeled_->columns = header_;
    labeled_->columns.erase(labeled_->columns.begin() + static_cast<int64_t>(label_index_));
    return absl::OkStatus();
  }

  std::string NoLabel() const {
    constexpr size_t kShown = 20;
    std::vector<std::string> shown;
    for (const std::string& name : header_) {
      shown.push_back(shown.size() == kShown ? "..." : Quoted(name));
      if (shown.size() > kShown) break;
    }
    const std::string nearest = vocabulary::NearestName(label_, header_);
    return absl::StrCat(
        "no column has the label's name ", Quoted(label_),
        nearest.empty() ? "" : absl::StrCat("; did you mean ", Quoted(nearest), "?"), " There are ",
        absl::StrJoin(shown, ", "));
  }

  absl::Status AddRow(const std::vector<std::string>& fields) {
    if (fields.size() != header_.size()) {
      return WrongLine(absl::StrCat(": ", fields.size(), " fields, but the header names ",
                                    header_.size(), " columns"));
    }
    if (static_cast<int64_t>(labeled_->labels.size()) == kMaxRows) {
      return WrongLine(absl::StrCat(": more than ", kMaxRows, " examples"));
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      absl::Status status =
          i == label_index_ ? AddLabel(fields[i]) : AddNumber(header_[i], fields[i]);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddLabel(const std::string& field) {
    if (field.empty()) return WrongCell(label_, "is empty; every example needs its class");
    if (!vocabulary::IsUtf8(field))
      return WrongCell(label_, absl::StrCat(Quoted(field), " is not UTF-8"));
    const auto [it, first] = classes_.emplace(field, static_cast<int32_t>(classes_.size()));
    if (first) {
      if (classes_.size() > kMaxClasses) {
        return WrongCell(label_, absl::StrCat("more than ", kMaxClasses,
                                              " different classes: is it the right column?"));
      }
      labeled_->label_names.push_back(field);
    }
    labeled_->labels.push_back(it->second);
    return absl::OkStatus();
  }

  absl::Status AddNumber(const std::string& column, const std::string& field) {
    if (field.empty()) return WrongCell(column, "is empty; a number is needed");
    // Decimal only: no hexadecimal, unlike strtod.
    const char* start = field.data() + (field[0] == '+' && field.size() > 1 && field[1] != '-');
    const char* end = field.data() + field.size();
    double value = 0;
    const std::from_chars_result parsed = std::from_chars(start, end, value);
    if (parsed.ec == std::errc::result_out_of_range) {
      (void)absl::SimpleAtod(field, &value);  // infinity, or about 0
    }
    if (parsed.ec == std::errc::invalid_argument || parsed.ptr != end) {
      return WrongCell(column, absl::StrCat(Quoted(field), " is not a number"));
    }
    // Written so that NaN is refused.
    if (!(std::abs(value) <= kMaxMagnitude)) {
      return WrongCell(
          column, absl::StrCat(Quoted(field), " is not a finite number up to ", kMaxMagnitude));
    }
    values_.push_back(value);
    return absl::OkStatus();
  }

  InputFile& file_;
  const std::string& label_;
  CsvReader reader_;
  std::vector<std::string> header_;
  size_t label_index_ = 0;
  std::vector<double> values_;
  std::map<std::string, int32_t> classes_;
  std::shared_ptr<LabeledTable> labeled_ = std::make_shared<LabeledTable>();
};

}  // namespace

absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadCsv(const std::string& path,
                                                            const std::string& label) {
  const auto file = InputFile::Open(path);
  if (!file.ok()) return file.status();
  return CsvTable(**file, label).Read();
}

}  // namespace caviar::data
