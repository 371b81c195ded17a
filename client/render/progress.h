// The line that shows how far a study is.
#ifndef CAVIAR_CLIENT_RENDER_PROGRESS_H_
#define CAVIAR_CLIENT_RENDER_PROGRESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace caviar::render {

// Back to the start of a terminal's line, and erase it.
inline constexpr char kEraseLine[] = "\r\x1b[K";

struct Progress {
  // Trials that are final, failed ones not among them.
  int done = 0;
  int running = 0;
  int failed = 0;
  // Of all trials there will be; none: unknown, and no bar is drawn.
  std::optional<int> total;
  // "best 0.8912 (trial 3)"; empty: none yet.
  std::string best;
  std::optional<absl::Duration> time_left;
};

// At most `width` columns, without a line end. What does not fit is left out: first the bar, then
// the end of the text.
std::string ProgressLine(const Progress& progress, int width);

// "[####------] 12/30 TEXT", in the same way.
std::string CountLine(int done, int total, const std::string& text, int width);

// A curve in one line of block characters, at most `width` of them (> 0); longer curves are
// averaged. Values that are not finite leave a blank.
std::string Sparkline(const std::vector<double>& values, int width);

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_PROGRESS_H_
