#include "caviar/v1/linear_constraint_text.h"

#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::vocabulary {
namespace {

constexpr size_t kMaxText = 16384;

absl::Status Wrong(std::string what) { return absl::InvalidArgumentError(std::move(what)); }

std::string NumberText(double number) {
  char buffer[32];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof(buffer), number).ptr);
}

struct Token {
  enum class Kind { kNumber, kName, kPlus, kMinus, kTimes, kLess, kGreater, kEqual };
  Kind kind;
  std::string text;
  double number = 0;
};

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-'; }

class Tokens {
 public:
  static absl::StatusOr<std::vector<Token>> Of(absl::string_view text) {
    std::vector<Token> tokens;
    while (true) {
      while (!text.empty() && absl::ascii_isspace(text.front())) text.remove_prefix(1);
      if (text.empty()) return tokens;
      auto token = Next(text);
      if (!token.ok()) return token.status();
      tokens.push_back(*std::move(token));
    }
  }

 private:
  // Takes one token from the front of `text`.
  static absl::StatusOr<Token> Next(absl::string_view& text) {
    const char c = text.front();
    if (absl::ascii_isalpha(c) || c == '_') return Name(text);
    if (absl::ascii_isdigit(c) || c == '.') return Number(text);
    static const auto& signs = *new std::vector<std::pair<absl::string_view, Token::Kind>>{
        {"<=", Token::Kind::kLess}, {">=", Token::Kind::kGreater}, {"==", Token::Kind::kEqual},
        {"+", Token::Kind::kPlus},  {"-", Token::Kind::kMinus},    {"*", Token::Kind::kTimes}};
    for (const auto& [sign, kind] : signs) {
      if (text.substr(0, sign.size()) != sign) continue;
      text.remove_prefix(sign.size());
      return Token{kind, std::string(sign)};
    }
    if (c == '<' || c == '>' || c == '=') {
      return Wrong(absl::StrCat("has the sign ", std::string(1, c), "; write <=, >= or =="));
    }
    return Wrong(absl::StrCat("has ", Quoted(text.substr(0, 1)),
                              ", which is no part of a linear constraint such as a + 2 * b <= 1"));
  }

  static Token Name(absl::string_view& text) {
    size_t end = 0;
    while (end < text.size() && IsNameCharacter(text[end])) ++end;
    Token token{Token::Kind::kName, std::string(text.substr(0, end))};
    text.remove_prefix(end);
    return token;
  }

  static absl::StatusOr<Token> Number(absl::string_view& text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || !std::isfinite(number)) {
      return Wrong(absl::StrCat("has ", Quoted(text.substr(0, 30)), " where a number should be"));
    }
    const auto length = static_cast<size_t>(end - text.data());
    Token token{Token::Kind::kNumber, std::string(text.substr(0, length)), number};
    text.remove_prefix(length);
    return token;
  }
};

struct Sum {
  std::map<std::string, double> coefficients;
  double constant = 0;
};

// "a + 2 * b - 3", from `position` on to the end or the next comparison.
absl::StatusOr<Sum> ReadSum(const std::vector<Token>& tokens, size_t& position) {
  using Kind = Token::Kind;
  Sum sum;
  bool first = true;
  const auto kind = [&] {
    return position < tokens.size() ? std::optional(tokens[position].kind) : std::nullopt;
  };
  const auto at_end = [&] {
    return !kind() || kind() == Kind::kLess || kind() == Kind::kGreater || kind() == Kind::kEqual;
  };
  while (first || !at_end()) {
    double sign = 1;
    if (kind() == Kind::kPlus || kind() == Kind::kMinus) {
      sign = kind() == Kind::kMinus ? -1 : 1;
      ++position;
    } else if (!first) {
      return Wrong(absl::StrCat("lacks + or - before ", Quoted(tokens[position].text)));
    }
    first = false;
    double factor = 1;
    std::string name;
    bool read = false;
    for (bool more = true; more;) {
      if (kind() == Kind::kNumber) {
        factor *= tokens[position].number;
      } else if (kind() == Kind::kName && name.empty()) {
        name = tokens[position].text;
      } else if (kind() == Kind::kName) {
        return Wrong(absl::StrCat("multiplies ", name, " by ", tokens[position].text,
                                  "; a linear constraint is a sum of numbers times parameters"));
      } else {
        return Wrong("has a sign without a number or a parameter's name behind it");
      }
      read = true;
      ++position;
      more = kind() == Kind::kTimes;
      if (more) ++position;
      // "2 a" is "2 * a".
      more = more || (kind() == Kind::kName && name.empty());
    }
    if (!read) break;
    (name.empty() ? sum.constant : sum.coefficients[name]) += sign * factor;
  }
  return sum;
}

}  // namespace

absl::StatusOr<v1::LinearConstraint> ParseLinearConstraint(absl::string_view text) {
  if (text.size() > kMaxText) {
    return Wrong(absl::StrCat("is ", text.size(), " bytes long; at most ", kMaxText));
  }
  const auto tokens = Tokens::Of(text);
  if (!tokens.ok()) return tokens.status();
  std::vector<Sum> sides;
  std::vector<Token::Kind> signs;
  size_t position = 0;
  while (true) {
    auto side = ReadSum(*tokens, position);
    if (!side.ok()) return side.status();
    sides.push_back(*std::move(side));
    if (position == tokens->size()) break;
    signs.push_back((*tokens)[position++].kind);
  }
  if (signs.empty()) return Wrong("compares nothing; write it like a + b <= 1");
  const bool chain = signs.size() == 2 && signs[0] == signs[1] && signs[0] != Token::Kind::kEqual &&
                     sides[0].coefficients.empty() && sides[2].coefficients.empty();
  if (signs.size() > 1 && !chain) {
    return Wrong(
        "compares more than two sides; of three the outer ones are numbers, as in 0 <= a + b <= 1");
  }
  v1::LinearConstraint constraint;
  Sum& sum = chain ? sides[1] : sides[0];
  double low = 0, high = 0;  // of the sum without its constant
  if (chain) {
    low = sides[signs[0] == Token::Kind::kLess ? 0 : 2].constant - sum.constant;
    high = sides[signs[0] == Token::Kind::kLess ? 2 : 0].constant - sum.constant;
  } else {
    for (const auto& [name, coefficient] : sides[1].coefficients) {
      sum.coefficients[name] -= coefficient;
    }
    low = high = sides[1].constant - sum.constant;
  }
  if (chain || signs[0] != Token::Kind::kLess) constraint.set_min(low);
  if (chain || signs[0] != Token::Kind::kGreater) constraint.set_max(high);
  for (const auto& [name, coefficient] : sum.coefficients) {
    if (coefficient != 0) (*constraint.mutable_coefficients())[name] = coefficient;
  }
  if (constraint.coefficients().empty()) return Wrong("is about no parameter");
  return constraint;
}

std::string FormatLinearConstraint(const v1::LinearConstraint& constraint) {
  const std::map<std::string, double> sorted(constraint.coefficients().begin(),
                                             constraint.coefficients().end());
  std::string sum;
  for (const auto& [name, coefficient] : sorted) {
    const bool negative = std::signbit(coefficient);
    absl::StrAppend(&sum, sum.empty() ? (negative ? "-" : "") : (negative ? " - " : " + "));
    const double size = std::abs(coefficient);
    if (size != 1) absl::StrAppend(&sum, NumberText(size), " * ");
    absl::StrAppend(&sum, name);
  }
  if (constraint.has_min() && constraint.has_max() && constraint.min() == constraint.max()) {
    return absl::StrCat(sum, " == ", NumberText(constraint.min()));
  }
  if (!constraint.has_min()) return absl::StrCat(sum, " <= ", NumberText(constraint.max()));
  if (!constraint.has_max()) return absl::StrCat(sum, " >= ", NumberText(constraint.min()));
  return absl::StrCat(NumberText(constraint.min()), " <= ", sum,
                      " <= ", NumberText(constraint.max()));
}

}  // namespace caviar::vocabulary
