#include "client/commands/pattern_guess.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace caviar::commands {
namespace {

// Longer lines are no metrics.
constexpr size_t kMaxLine = 500;
// What may stand between a name and its number, or between two of them.
constexpr absl::string_view kSeparators = " \t:=-|,;\"'[](){}>/";

// One number of a line, and the text in front of it up to the number before.
struct Labelled {
  absl::string_view label;
  absl::string_view number;
  bool ends_with_dot = false;
};

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.'; }

// How long the number at the start of `text` is; 0: there is none.
size_t NumberLength(absl::string_view text) {
  size_t length = !text.empty() && text[0] == '-' ? 1 : 0;
  const auto digits = [&] {
    const size_t start = length;
    while (length < text.size() && absl::ascii_isdigit(text[length])) ++length;
    return length > start;
  };
  if (!digits()) return 0;
  if (length + 1 < text.size() && text[length] == '.' && absl::ascii_isdigit(text[length + 1])) {
    ++length;
    digits();
  }
  const size_t mantissa = length;
  if (length < text.size() && (text[length] == 'e' || text[length] == 'E')) {
    ++length;
    if (length < text.size() && (text[length] == '-' || text[length] == '+')) ++length;
    if (!digits()) length = mantissa;
  }
  return length;
}

std::vector<Labelled> NumbersOf(absl::string_view line) {
  std::vector<Labelled> numbers;
  size_t label = 0;
  for (size_t i = 0; i < line.size();) {
    // resnet50 and v1.2 hold no numbers.
    const bool inside_word = i > 0 && IsWordCharacter(line[i - 1]);
    const size_t length = inside_word ? 0 : NumberLength(line.substr(i));
    const size_t end = i + length;
    const bool goes_on =
        end < line.size() &&
        (absl::ascii_isalpha(line[end]) ||
         (line[end] == '.' && end + 1 < line.size() && absl::ascii_isalnum(line[end + 1])));
    if (length == 0 || goes_on) {
      ++i;
      continue;
    }
    numbers.push_back({line.substr(label, i - label), line.substr(i, length),
                       end < line.size() && line[end] == '.'});
    label = i = end;
  }
  return numbers;
}

// The words of a name, in one form: val_acc is {validation, accuracy}.
std::set<std::string> WordsOf(absl::string_view text) {
  static const auto& same = *new std::map<std::string, std::string>{
      {"val", "validation"}, {"valid", "validation"}, {"dev", "validation"}, {"eval", "validation"},
      {"acc", "accuracy"},   {"err", "error"},        {"training", "train"}, {"prec", "precision"},
      {"avg", "mean"},       {"average", "mean"},     {"cost", "loss"},      {"iter", "step"},
      {"iteration", "step"}, {"epoch", "step"},       {"round", "step"},     {"rec", "recall"}};
  std::set<std::string> words;
  std::string word;
  const auto finish = [&] {
    const auto found = same.find(word);
    if (!word.empty()) words.insert(found == same.end() ? word : found->second);
    word.clear();
  };
  for (const char c : text) {
    if (absl::ascii_isalnum(c)) {
      word += absl::ascii_tolower(c);
    } else {
      finish();
    }
  }
  finish();
  return words;
}

// How well a label fits a metric; nullopt: not at all.
std::optional<int> FitOf(const std::set<std::string>& metric, const std::set<std::string>& label) {
  int common = 0;
  bool is_about = false;
  for (const std::string& word : metric) {
    if (!label.contains(word)) continue;
    ++common;
    // "train" and "validation" say of which data, not what.
    is_about = is_about || metric.size() == 1 || (word != "train" && word != "validation");
  }
  if (!is_about) return std::nullopt;
  return 4 * common - static_cast<int>(metric.size() + label.size());
}

// As a regular expression.
std::string Quoted(absl::string_view text) {
  std::string pattern;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' && i > 0 && text[i - 1] == ' ') {
      if (pattern.back() == ' ') pattern += '+';
    } else {
      if (absl::string_view("\\.+*?()|[]{}^$").find(text[i]) != absl::string_view::npos)
        pattern += '\\';
      pattern += text[i];
    }
  }
  return pattern;
}

absl::string_view WithoutSeparators(absl::string_view text) {
  const size_t start = text.find_first_not_of(kSeparators);
  return start == absl::string_view::npos ? absl::string_view() : text.substr(start);
}

std::string NumberPattern(const std::set<std::string>& metric, const Labelled& number) {
  for (const char* share : {"accuracy", "precision", "recall", "f1", "auc"}) {
    if (!metric.contains(share) || number.number.find_first_of("-eE") != absl::string_view::npos) {
      continue;
    }
    return number.ends_with_dot ? "[0-9]+(?:\\.[0-9]+)?" : "[0-9.]+";
  }
  return "-?[0-9]+(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?";
}

bool CanNameAGroup(const std::string& name) {
  return !name.empty() && !absl::ascii_isdigit(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

}  // namespace

std::vector<PatternGuess> GuessPatterns(const std::string& metric,
                                        const std::vector<std::string>& lines, size_t most) {
  if (!CanNameAGroup(metric)) return {};
  const std::set<std::string> words = WordsOf(metric);
  std::map<std::string, std::pair<int, PatternGuess>> guesses;  // by pattern
  for (const std::string& line : lines) {
    if (line.size() > kMaxLine) continue;
    std::string step;
    for (const Labelled& number : NumbersOf(line)) {
      const absl::string_view label = WithoutSeparators(number.label);
      const std::set<std::string> label_words = WordsOf(label);
      if (step.empty() && label_words.contains("step") &&
          number.number.find_first_not_of("0123456789") == absl::string_view::npos) {
        step = absl::StrCat(Quoted(label), "(?P<step>[0-9]+).*");
        continue;
      }
      const std::optional<int> fit = FitOf(words, label_words);
      if (!fit) continue;
      std::string pattern =
          absl::StrCat(step, Quoted(label), "(?P<", metric, ">", NumberPattern(words, number), ")");
      guesses.emplace(pattern, std::pair(*fit, PatternGuess{line, pattern}));
    }
  }
  std::vector<std::pair<int, PatternGuess>> sorted;
  for (auto& [pattern, guess] : guesses) sorted.push_back(std::move(guess));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<PatternGuess> best;
  for (auto& [fit, guess] : sorted) {
    if (best.size() < most) best.push_back(std::move(guess));
  }
  return best;
}

}  // namespace caviar::commands
