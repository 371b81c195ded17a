// Curves on a terminal.
#ifndef CAVIAR_CLIENT_RENDER_PLOT_H_
#define CAVIAR_CLIENT_RENDER_PLOT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/render/text.h"

namespace caviar::render {

// One curve.
struct Series {
  std::string name;
  // By step, ascending. Values that are not finite leave a gap.
  std::vector<std::pair<int64_t, double>> points;
  Color color = Color::kNone;
  // What draws it in ASCII; '#' is where curves meet.
  char mark = '*';
};

struct PlotStyle {
  // Columns in all, and lines of the drawing itself.
  int width = 80;
  int height = 10;
  // Eight Braille dots a character; else ASCII. Curves differ by their colours, else by dashes: at
  // most two can be told apart then.
  bool unicode = false;
  bool colors = false;
  // This step is pointed at below the axis.
  std::optional<int64_t> marked_step;
};

// A title with the curves' names, the curves over an axis of steps, and numbers at both axes. The
// values' axis is logarithmic where all are positive and the largest is more than a hundred times
// the smallest. "" where there is nothing to draw: less than two steps, or no finite value.
std::string Plot(const std::string& title, const std::vector<Series>& series,
                 const PlotStyle& style);

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_PLOT_H_
