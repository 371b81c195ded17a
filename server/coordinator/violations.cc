#include "server/coordinator/violations.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::coordinator {

void Violations::Add(absl::string_view field, std::string description) {
  v1::FieldViolation& violation = violations_.emplace_back();
  violation.set_field(std::string(field));
  violation.set_description(std::move(description));
}

void Violations::CheckText(absl::string_view field, const std::string& text, size_t max) {
  if (text.size() > max) {
    Add(field, absl::StrCat("is ", text.size(), " bytes long; at most ", max));
  } else if (!vocabulary::IsUtf8(text)) {
    Add(field, absl::StrCat(vocabulary::Quoted(text), " is not UTF-8"));
  } else if (text.find('\0') != std::string::npos) {
    Add(field, absl::StrCat(vocabulary::Quoted(text), " has a NUL byte"));
  }
}

void Violations::CheckRange(absl::string_view field, int64_t number, int64_t min, int64_t max) {
  if (number >= min && number <= max) return;
  Add(field, absl::StrCat(number, " is out of range; from ", min, " to ", max));
}

}  // namespace caviar::coordinator
