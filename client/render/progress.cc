#include "client/render/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/render/number.h"
#include "client/render/text.h"

namespace caviar::render {
namespace {

constexpr int kLongestBar = 40;
constexpr int kShortestBar = 8;

std::string Bar(int done, int total, int width) {
  const double share = total > 0 ? std::min(1.0, static_cast<double>(done) / total) : 0;
  const int filled = static_cast<int>(std::floor(share * width));
  return absl::StrCat("[", std::string(filled, '#'), std::string(width - filled, '-'), "] ");
}

// A bar in front of the text, where there is room for one.
std::string WithBar(int done, int total, const std::string& text, int width) {
  const int room = std::min(kLongestBar, width - DisplayWidth(text) - 3);
  return room >= kShortestBar ? Bar(done, total, room) + text : text;
}

}  // namespace

std::string ProgressLine(const Progress& progress, int width) {
  std::string text = absl::StrCat(progress.done);
  if (progress.total) absl::StrAppend(&text, "/", *progress.total);
  absl::StrAppend(&text, " done, ", progress.running, " running, ", progress.failed, " failed");
  if (!progress.best.empty()) absl::StrAppend(&text, " | ", progress.best);
  if (progress.time_left) {
    absl::StrAppend(&text, " | ", DurationText(*progress.time_left), " left");
  }
  text = Printable(text);
  if (progress.total) {
    text = WithBar(progress.done + progress.failed, *progress.total, text, width);
  }
  return Truncate(text, width);
}

std::string CountLine(int done, int total, const std::string& text, int width) {
  const std::string all = Printable(absl::StrCat(done, "/", total, " ", text));
  return Truncate(WithBar(done, total, all, width), width);
}

std::string Sparkline(const std::vector<double>& values, int width) {
  constexpr const char* kLevels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const size_t count = std::min(values.size(), static_cast<size_t>(std::max(width, 1)));
  std::vector<double> points;
  for (size_t i = 0; i < count; ++i) {
    double sum = 0;
    size_t finite = 0;
    for (size_t k = i * values.size() / count; k < (i + 1) * values.size() / count; ++k) {
      if (!std::isfinite(values[k])) continue;
      sum += values[k];
      ++finite;
    }
    points.push_back(finite > 0 ? sum / static_cast<double>(finite) : std::nan(""));
  }
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  for (const double point : points) {
    if (!std::isfinite(point)) continue;
    low = std::min(low, point);
    high = std::max(high, point);
  }
  std::string line;
  for (const double point : points) {
    if (!std::isfinite(point)) {
      line += ' ';
      continue;
    }
    // Halves first: high - low may overflow.
    const double share = high > low ? (point / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    line += kLevels[std::clamp(static_cast<int>(share * 8), 0, 7)];
  }
  return line;
}

}  // namespace caviar::render
