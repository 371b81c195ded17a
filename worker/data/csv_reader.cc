#include "worker/data/csv_reader.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/table.h"

namespace caviar::data {
namespace {

constexpr size_t kMaxFieldBytes = size_t{64} << 10;

bool EndsField(int byte) { return byte == ',' || byte == '\n' || byte == '\r' || byte == -1; }

}  // namespace

CsvReader::CsvReader(InputFile& file) : file_(file), buffer_(kBufferBytes) {}

absl::Status CsvReader::Wrong(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(file_.name(), ", line ", line_, ": ", what));
}

absl::StatusOr<int> CsvReader::Peek() {
  if (position_ == size_) {
    const auto count = file_.Read(buffer_.data(), buffer_.size());
    if (!count.ok()) return count.status();
    const bool first = bytes_ == 0;
    position_ = 0;
    size_ = *count;
    bytes_ += static_cast<int64_t>(size_);
    if (bytes_ > kMaxFileBytes) return Wrong("the file is too large; at most 8 GiB are read");
    if (first && absl::string_view(buffer_.data(), size_).substr(0, 3) == "\xEF\xBB\xBF") {
      position_ = 3;
    }
    if (position_ == size_) return kEnd;
  }
  return static_cast<unsigned char>(buffer_[position_]);
}

absl::StatusOr<int> CsvReader::Take() {
  auto byte = Peek();
  if (byte.ok() && *byte != kEnd) {
    ++position_;
    if (*byte == '\n') ++next_line_;
  }
  return byte;
}

absl::Status CsvReader::TooLong() const {
  return Wrong(
      absl::StrCat("a field is longer than ", kMaxFieldBytes, " bytes: is a quote not closed?"));
}

absl::Status CsvReader::Append(std::string& field, int byte) {
  if (field.size() == kMaxFieldBytes) {
    return TooLong();
  }
  field.push_back(static_cast<char>(byte));
  return absl::OkStatus();
}

absl::Status CsvReader::TakeQuoted(std::string& field) {
  while (true) {
    auto byte = Take();
    if (!byte.ok()) return byte.status();
    if (*byte == kEnd) return Wrong("a quote is opened and not closed before the file ends");
    if (*byte == '"') {
      const auto next = Peek();
      if (!next.ok()) return next.status();
      if (*next != '"') return absl::OkStatus();
      byte = Take();
    }
    absl::Status status = Append(field, *byte);
    if (!status.ok()) return status;
  }
}

absl::StatusOr<std::string> CsvReader::TakeField() {
  std::string field;
  bool quoted = false;
  while (true) {
    const auto byte = Peek();
    if (!byte.ok()) return byte.status();
    if (EndsField(*byte)) break;
    if (!quoted && *byte != '"') {  // most bytes: up to what means something, at once
      const size_t start = position_;
      while (position_ < size_ && buffer_[position_] != '"' &&
             !EndsField(static_cast<unsigned char>(buffer_[position_]))) {
        ++position_;
      }
      const size_t count = position_ - start;
      if (field.size() + count > kMaxFieldBytes) return TooLong();
      field.append(&buffer_[start], count);
      continue;
    }
    if (auto taken = Take(); !taken.ok()) return taken.status();
    absl::Status status;
    if (*byte == '"' && !quoted && absl::StripAsciiWhitespace(field).empty()) {
      quoted = true;
      field.clear();
      status = TakeQuoted(field);
    } else if (!quoted) {
      status = Append(field, *byte);
    } else if (*byte != ' ' && *byte != '\t') {
      status = Wrong(absl::StrCat("after the closing quote of ", vocabulary::Quoted(field),
                                  " a comma or the line's end must follow"));
    }
    if (!status.ok()) return status;
  }
  if (!quoted) field = std::string(absl::StripAsciiWhitespace(field));
  return field;
}

absl::StatusOr<bool> CsvReader::Next(std::vector<std::string>& fields) {
  fields.clear();
  while (true) {
    line_ = next_line_;
    const auto start = Peek();
    if (!start.ok()) return start.status();
    if (*start == kEnd) return false;
    bool quoted_nothing = *start == '"';
    while (true) {
      auto field = TakeField();
      if (!field.ok()) return field.status();
      fields.push_back(*std::move(field));
      if (static_cast<int64_t>(fields.size()) > kMaxInputs + 1) return Wrong("too many columns");
      auto end = Take();
      if (!end.ok()) return end.status();
      if (*end == ',') continue;
      if (*end == '\r') {
        const auto next = Peek();
        if (!next.ok()) return next.status();
        if (*next == '\n') {
          end = Take();
        } else {
          ++next_line_;  // a CR alone ends a line too
        }
      }
      break;
    }
    // An empty line is no record.
    if (fields.size() > 1 || !fields[0].empty() || quoted_nothing) return true;
    fields.clear();
  }
}

}  // namespace caviar::data
