#include "client/study_file/number_list.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "caviar/v1/vocabulary.h"
#include "client/study_file/scalar.h"

namespace caviar::study_file {
namespace {

constexpr absl::string_view kExample = "; a list as a value holds numbers: [512, 256]";

bool IsResolvable(const Node& node) {
  return node.kind == Node::Kind::kScalar || node.kind == Node::Kind::kNull;
}

// What is wrong with an item of a list; "": nothing.
std::string CheckItem(const Node& item) {
  if (item.kind == Node::Kind::kSequence) return absl::StrCat("is a list in a list", kExample);
  const Scalar scalar = IsResolvable(item) ? Resolve(item) : Scalar();
  if (!scalar.is_number()) {
    const bool unquote = item.quoted && ResolvePlain(item.text).is_number();
    return absl::StrCat("is ", Describe(item), kExample, unquote ? ", without quotes" : "");
  }
  if (!std::isfinite(scalar.number)) {
    return absl::StrCat("is ", Describe(item), "; write a finite number");
  }
  const bool is_whole = scalar.kind == Scalar::Kind::kInt;
  if (is_whole && (scalar.integer > kLargestWhole || scalar.integer < -kLargestWhole)) {
    return absl::StrCat("is ", Describe(item), "; a whole number lies in [-2^53, 2^53]");
  }
  return "";
}

// As a person writes it: 512, 2.5, 1e-5.
std::string NumberText(double number) {
  v1::Value value;
  value.set_double_value(number);
  return vocabulary::FormatValue(value);
}

std::string Join(const std::vector<double>& numbers) {
  return absl::StrJoin(numbers, ",", [](std::string* out, double number) {
    absl::StrAppend(out, NumberText(number));
  });
}

}  // namespace

bool IsNumberList(const Node& node) {
  return node.kind == Node::Kind::kSequence && !node.items.empty() &&
         std::all_of(node.items.begin(), node.items.end(),
                     [](const Node* item) { return CheckItem(*item).empty(); });
}

std::string JoinNumbers(const Node& list, const std::string& path, std::vector<Problem>& problems) {
  if (list.items.empty()) {
    problems.push_back({list.line, path, absl::StrCat("is an empty list", kExample)});
    return "";
  }
  std::vector<double> numbers;
  for (size_t i = 0; i < list.items.size(); ++i) {
    const Node& item = *list.items[i];
    std::string wrong = CheckItem(item);
    if (wrong.empty()) {
      numbers.push_back(Resolve(item).number);
    } else {
      problems.push_back({item.line, absl::StrCat(path, "[", i, "]"), std::move(wrong)});
    }
  }
  if (numbers.size() < list.items.size()) return "";
  std::string text = Join(numbers);
  if (text.size() > kMaxListBytes) {
    problems.push_back({list.line, path,
                        absl::StrCat("is a list of ", numbers.size(), " numbers with ", text.size(),
                                     " characters; at most ", kMaxListBytes)});
    return "";
  }
  return text;
}

std::string BracketNumbers(const std::string& text) {
  const auto numbers = vocabulary::ParseList(text);
  // Other ways to write the numbers would not be read back as the same text.
  if (!numbers || Join(*numbers) != text) return "";
  return absl::StrCat("[", absl::StrReplaceAll(text, {{",", ", "}}), "]");
}

}  // namespace caviar::study_file
