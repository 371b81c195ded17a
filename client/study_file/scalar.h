// What a plain YAML scalar means: the core schema of YAML 1.2, in which 1e-4 is a number and "on"
// is a word.
#ifndef CAVIAR_CLIENT_STUDY_FILE_SCALAR_H_
#define CAVIAR_CLIENT_STUDY_FILE_SCALAR_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/study_file/document.h"

namespace caviar::study_file {

struct Scalar {
  enum class Kind { kNull, kBool, kInt, kFloat, kText };
  Kind kind = Kind::kText;
  bool boolean = false;
  // Of an int, if it fits; one that does not is a float.
  int64_t integer = 0;
  // Of an int or a float; may be infinite or NaN.
  double number = 0;

  bool is_number() const { return kind == Kind::kInt || kind == Kind::kFloat; }
};

// Of unquoted text.
Scalar ResolvePlain(absl::string_view text);
// Of a node of kind kNull or kScalar.
Scalar Resolve(const Node& node);

// Whether it has a value, and that is no list or mapping.
bool IsScalar(const Node& node);

// Beyond, a double (and so JSON) no longer holds every whole number.
inline constexpr int64_t kLargestWhole = int64_t{1} << 53;

// A node as a message names it: `"fast"`, `12`, `a list`, `a mapping`, `nothing`. Long texts are
// cut.
std::string Describe(const Node& node);

// A text as a file has it: in quotes where it would be read as something else.
std::string WriteText(const std::string& text);

// "90s", "30m", "2h30m", "1d", "1.5h", "250ms": numbers with a unit each. INVALID_ARGUMENT says
// what is wrong.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);
// The shortest form that ParseDuration reads back to the same.
std::string WriteDuration(absl::Duration duration);
// The pattern of what ParseDuration reads, as an ECMA-262 regular expression.
inline constexpr absl::string_view kDurationPattern = "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$";

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_SCALAR_H_
