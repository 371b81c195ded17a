#include "client/archive/ignore_rules.h"

#include <fnmatch.h>

#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace caviar::archive {
namespace {

using Segments = std::vector<std::string>;

// Whether the pattern from segment `p` on matches the path from segment `s` on.
bool Matches(const Segments& pattern, size_t p, const Segments& path, size_t s) {
  if (p == pattern.size()) return s == path.size();
  if (pattern[p] != "**") {
    return s < path.size() && fnmatch(pattern[p].c_str(), path[s].c_str(), 0) == 0 &&
           Matches(pattern, p + 1, path, s + 1);
  }
  // At the end "**" is all that is inside, but not the folder itself.
  if (p + 1 == pattern.size()) return s < path.size();
  for (; s <= path.size(); ++s) {
    if (Matches(pattern, p + 1, path, s)) return true;
  }
  return false;
}

// Without the spaces at its end that no backslash keeps.
absl::string_view StripEnd(absl::string_view line) {
  absl::ConsumeSuffix(&line, "\r");
  while (absl::EndsWith(line, " ") && !absl::EndsWith(line, "\\ ")) line.remove_suffix(1);
  return line;
}

}  // namespace

IgnoreRules::IgnoreRules(absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) AddLine(StripEnd(line));
}

void IgnoreRules::AddLine(absl::string_view line) {
  if (line.empty() || line[0] == '#') return;
  Rule rule;
  if (absl::ConsumePrefix(&line, "!")) rule.ignores = false;
  if (absl::ConsumeSuffix(&line, "/")) rule.only_folders = true;
  // A slash before its end ties a pattern to the file's own folder; without one it matches
  // anywhere.
  const bool tied = line.find('/') != line.npos;
  absl::ConsumePrefix(&line, "/");
  if (line.empty()) return;
  rule.segments = absl::StrSplit(line, '/');
  // Two in a row are as one, and would only take time.
  if (!tied && rule.segments[0] != "**") rule.segments.insert(rule.segments.begin(), "**");
  Segments single;
  for (std::string& segment : rule.segments) {
    if (segment != "**" || single.empty() || single.back() != "**") {
      single.push_back(std::move(segment));
    }
  }
  rule.segments = std::move(single);
  rules_.push_back(std::move(rule));
}

bool IgnoreRules::Ignores(const std::string& path, bool is_folder) const {
  const Segments segments = absl::StrSplit(path, '/');
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->only_folders && !is_folder) continue;
    if (Matches(rule->segments, 0, segments, 0)) return rule->ignores;
  }
  return false;
}

}  // namespace caviar::archive
