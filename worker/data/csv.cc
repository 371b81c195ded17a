#include "worker/data/csv.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/csv_cell.h"
#include "worker/data/csv_header.h"
#include "worker/data/csv_reader.h"
#include "worker/data/input_file.h"
#include "worker/data/label_names.h"

namespace caviar::data {
namespace {

using vocabulary::Quoted;
using Role = CsvColumn::Role;

// The numbers that stand for the words of a column.
using Dictionary = std::map<std::string, int16_t>;

// Of a field that IsMissing.
std::string NoValue(const std::string& field) {
  return field.empty() ? "is empty" : absl::StrCat(Quoted(field), " is no value");
}

class CsvTable {
 public:
  CsvTable(InputFile& file, const v1::CsvFile& spec, const LabeledTable* train)
      : file_(file), spec_(spec), train_(train), reader_(file) {}

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
    if (labeled_->labels.empty()) {
      return file_.Wrong("holds no examples: no line follows its header");
    }
    return Finish();
  }

 private:
  const Columns& train_columns() const { return std::get<Columns>(train_->table.values); }

  absl::Status WrongLine(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(file_.name(), ", line ", reader_.line(), what));
  }
  absl::Status WrongCell(const std::string& column, absl::string_view what) const {
    return WrongLine(absl::StrCat(", column ", Quoted(column), ": ", what));
  }

  absl::Status ReadHeader() {
    std::vector<std::string> names;
    const auto more = reader_.Next(names);
    if (!more.ok()) return more.status();
    if (!*more) return file_.Wrong("is empty: its first line must name the columns");
    auto columns = train_ == nullptr ? TrainColumns(names, spec_)
                                     : TestColumns(names, spec_, train_columns(), train_->source);
    if (!columns.ok()) return WrongLine(absl::StrCat(": ", columns.status().message()));
    header_ = *std::move(columns);
    if (train_ == nullptr) {
      for (const CsvColumn& column : header_) AddColumn(column);
    } else {
      columns_.columns = train_columns().columns;
    }
    size_t number_columns = 0;
    for (const Columns::Column& column : columns_.columns) {
      if (column.is_words) dictionaries_.push_back(NumbersOf(column.words));
      number_columns += column.is_words ? 0 : 1;
    }
    columns_.numbers = Rows<double>(number_columns);
    columns_.words = Rows<int16_t>(dictionaries_.size());
    return absl::OkStatus();
  }

  void AddColumn(const CsvColumn& column) {
    if (column.role != Role::kNumber && column.role != Role::kWord) return;
    const bool is_words = column.role == Role::kWord;
    columns_.columns.push_back({column.name, is_words, {}, column.slot});
  }

  static Dictionary NumbersOf(const std::vector<std::string>& words) {
    Dictionary numbers;
    for (const std::string& word : words) {
      numbers.emplace(word, static_cast<int16_t>(numbers.size()));
    }
    return numbers;
  }

  absl::Status AddRow(const std::vector<std::string>& fields) {
    if (fields.size() != header_.size()) {
      return WrongLine(absl::StrCat(": ", fields.size(), " fields, but the header names ",
                                    header_.size(), " columns"));
    }
    if (static_cast<int64_t>(labeled_->labels.size()) == kMaxRows) {
      return WrongLine(absl::StrCat(": more than ", kMaxRows, " examples"));
    }
    double* numbers = columns_.numbers.Add();
    int16_t* words = columns_.words.Add();
    for (size_t i = 0; i < fields.size(); ++i) {
      const int slot = header_[i].slot;
      absl::Status status;
      switch (header_[i].role) {
        case Role::kNumber:
          status = ReadNumber(header_[i], fields[i], numbers[slot]);
          break;
        case Role::kWord:
          status = ReadWord(header_[i], fields[i], words[slot]);
          break;
        case Role::kLabel:
          status = AddLabel(header_[i], fields[i]);
          break;
        case Role::kIgnored:
          break;
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddLabel(const CsvColumn& column, const std::string& field) {
    if (IsMissing(field)) {
      return WrongCell(column.name,
                       absl::StrCat(NoValue(field), "; every example needs its class"));
    }
    if (!vocabulary::IsUtf8(field)) {
      return WrongCell(column.name, absl::StrCat(Quoted(field), " is not UTF-8"));
    }
    const auto label = label_names_.IndexOf(field);
    if (!label) {
      return WrongCell(column.name, absl::StrCat("more than ", kMaxClasses,
                                                 " different classes: is it the right column?"));
    }
    labeled_->labels.push_back(*label);
    return absl::OkStatus();
  }

  absl::Status ReadNumber(const CsvColumn& column, const std::string& field, double& value) {
    const auto parsed = ParseNumber(field, column.name);
    if (!parsed.ok()) return WrongCell(column.name, parsed.status().message());
    value = *parsed;
    return std::isnan(value) ? CheckMissing(column, field) : absl::OkStatus();
  }

  absl::Status ReadWord(const CsvColumn& column, const std::string& field, int16_t& word) {
    if (IsMissing(field)) {
      word = Columns::kMissingWord;
      return CheckMissing(column, field);
    }
    Dictionary& dictionary = dictionaries_[static_cast<size_t>(column.slot)];
    const auto found = dictionary.find(field);
    if (found != dictionary.end()) {
      word = found->second;
      return absl::OkStatus();
    }
    word = Columns::kUnknownWord;
    if (train_ != nullptr) return absl::OkStatus();
    if (!vocabulary::IsUtf8(field)) {
      return WrongCell(column.name, absl::StrCat(Quoted(field), " is not UTF-8"));
    }
    if (dictionary.size() == kMaxWords) {
      return WrongCell(column.name,
                       absl::StrCat("more than ", kMaxWords, " different words; write ignore: ",
                                    YamlList(column.name), " to leave the column out"));
    }
    word = static_cast<int16_t>(dictionary.size());
    dictionary.emplace(field, word);
    return absl::OkStatus();
  }

  absl::Status CheckMissing(const CsvColumn& column, const std::string& field) const {
    if (spec_.missing() == v1::CsvFile::MEAN || spec_.missing() == v1::CsvFile::MEDIAN) {
      return absl::OkStatus();
    }
    return WrongCell(
        column.name,
        absl::StrCat(NoValue(field),
                     "; write missing: mean or missing: median to have such fields filled in, or "
                     "ignore: ",
                     YamlList(column.name), " to leave the column out"));
  }

  // Words were numbered as they came; now in the order of their bytes.
  void SortWords() {
    std::vector<std::vector<int16_t>> sorted;  // by slot and old number
    for (Columns::Column& column : columns_.columns) {
      if (!column.is_words) continue;
      const Dictionary& dictionary = dictionaries_[static_cast<size_t>(column.slot)];
      std::vector<int16_t>& numbers = sorted.emplace_back(dictionary.size());
      for (const auto& [word, number] : dictionary) {
        numbers[static_cast<size_t>(number)] = static_cast<int16_t>(column.words.size());
        column.words.push_back(word);
      }
    }
    for (size_t row = 0; row < columns_.words.size(); ++row) {
      int16_t* words = columns_.words[row];
      for (size_t slot = 0; slot < sorted.size(); ++slot) {
        if (words[slot] >= 0) words[slot] = sorted[slot][static_cast<size_t>(words[slot])];
      }
    }
  }

  absl::StatusOr<std::shared_ptr<const LabeledTable>> Finish() {
    if (train_ == nullptr) SortWords();
    int64_t inputs = 0;
    for (const Columns::Column& column : columns_.columns) inputs += column.inputs();
    if (inputs > kMaxInputs) {
      return file_.Wrong(
          absl::StrCat("is too large: its columns give ", inputs, " inputs; at most ", kMaxInputs));
    }
    labeled_->labels.shrink_to_fit();
    labeled_->label_names = std::move(label_names_).names();
    labeled_->table.rows = static_cast<int>(labeled_->labels.size());
    labeled_->table.inputs = static_cast<int>(inputs);
    labeled_->table.values = std::move(columns_);
    labeled_->source = labeled_->label_source = file_.name();
    return labeled_;
  }

  InputFile& file_;
  const v1::CsvFile& spec_;
  const LabeledTable* const train_;
  CsvReader reader_;
  std::vector<CsvColumn> header_;
  Columns columns_;
  // By slot.
  std::vector<Dictionary> dictionaries_;
  LabelNames label_names_;
  std::shared_ptr<LabeledTable> labeled_ = std::make_shared<LabeledTable>();
};

}  // namespace

absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadCsv(const std::string& path,
                                                            const v1::CsvFile& spec,
                                                            const LabeledTable* train) {
  const auto file = InputFile::Open(path);
  if (!file.ok()) return file.status();
  return CsvTable(**file, spec, train).Read();
}

}  // namespace caviar::data
