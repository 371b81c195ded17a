#include "client/render/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "absl/strings/str_cat.h"
#include "client/render/plot_axis.h"

namespace caviar::render {
namespace {

// What is larger cannot be told from infinity on an axis.
constexpr double kLargest = 1e300;
constexpr int kFewestColumns = 10;

bool IsDrawn(double value) { return std::abs(value) < kLargest; }  // NaN is not

struct Bounds {
  int64_t first_step = std::numeric_limits<int64_t>::max();
  int64_t last_step = std::numeric_limits<int64_t>::min();
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
};

Bounds BoundsOf(const std::vector<Series>& series) {
  Bounds bounds;
  for (const Series& one : series) {
    for (const auto& [step, value] : one.points) {
      if (!IsDrawn(value)) continue;
      bounds.first_step = std::min(bounds.first_step, step);
      bounds.last_step = std::max(bounds.last_step, step);
      bounds.low = std::min(bounds.low, value);
      bounds.high = std::max(bounds.high, value);
    }
  }
  return bounds;
}

// A grid of dots, `across` x `down` to a character.
class Canvas {
 public:
  Canvas(int columns, int rows, int across, int down)
      : across_(across), down_(down), columns_(columns), rows_(rows) {
    cells_.assign(static_cast<size_t>(columns) * rows, 0);
  }

  int width() const { return columns_ * across_; }
  int height() const { return rows_ * down_; }
  // The dots of a character, as Unicode numbers those of Braille; 0: none.
  uint8_t At(int column, int row) const { return cells_[row * columns_ + column]; }

  // From now on every other pair of dots is left out.
  void set_dashed(bool dashed) { dashed_ = dashed; }
  // x from the left, y from the bottom.
  void Dot(int x, int y) {
    if (dashed_ && x / 2 % 2 == 1) return;
    constexpr uint8_t kBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const int from_top = height() - 1 - y;
    cells_[from_top / down_ * columns_ + x / across_] |= kBits[from_top % down_][x % across_];
  }
  void Line(int x0, int y0, int x1, int y1) {
    const int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
    for (int i = 0; i <= steps; ++i) {
      const double share = static_cast<double>(i) / steps;
      Dot(x0 + static_cast<int>(std::lround(share * (x1 - x0))),
          y0 + static_cast<int>(std::lround(share * (y1 - y0))));
    }
  }

 private:
  const int across_, down_, columns_, rows_;
  std::vector<uint8_t> cells_;
  bool dashed_ = false;
};

// Without colours, dashes tell the curves apart: all but the last one are dashed.
bool IsDashed(const Series& one, const std::vector<Series>& series, const PlotStyle& style) {
  return style.unicode && !style.colors && &one != &series.back();
}

std::string Braille(uint8_t dots) {
  return {static_cast<char>(0xE2), static_cast<char>(0xA0 | dots >> 6),
          static_cast<char>(0x80 | (dots & 0x3F))};
}

class Drawing {
 public:
  Drawing(const std::vector<Series>& series, const Bounds& bounds, const PlotStyle& style)
      : series_(series),
        bounds_(bounds),
        style_(style),
        axis_(bounds.low, bounds.high, std::max(5, style.height / 2)) {
    for (const double tick : axis_.ticks()) {
      label_width_ = std::max(label_width_, DisplayWidth(axis_.Label(tick)));
    }
    columns_ = std::max(kFewestColumns, style.width - label_width_ - 2);
    for (const Series& one : series) canvases_.push_back(Draw(one));
  }

  std::string Render() const {
    std::string text;
    for (int row = 0; row < style_.height; ++row) absl::StrAppend(&text, Row(row), "\n");
    absl::StrAppend(&text, StepAxis(), "\n", StepLabels(), "\n");
    return text;
  }

 private:
  int XOf(int64_t step, int width) const {
    const double share = static_cast<double>(step - bounds_.first_step) /
                         static_cast<double>(bounds_.last_step - bounds_.first_step);
    return static_cast<int>(std::lround(share * (width - 1)));
  }

  Canvas Draw(const Series& one) const {
    Canvas canvas(columns_, style_.height, style_.unicode ? 2 : 1, style_.unicode ? 4 : 1);
    bool connected = false;
    int x = 0;
    int y = 0;
    canvas.set_dashed(IsDashed(one, series_, style_));
    for (const auto& [step, value] : one.points) {
      if (!IsDrawn(value)) {
        connected = false;
        continue;
      }
      const int to_x = XOf(step, canvas.width());
      const int to_y = static_cast<int>(std::lround(axis_.Place(value) * (canvas.height() - 1)));
      canvas.Line(connected ? x : to_x, connected ? y : to_y, to_x, to_y);
      connected = true;
      x = to_x;
      y = to_y;
    }
    return canvas;
  }

  // The tick that stands in this row, if any; the nearest of several.
  std::string LabelOf(int row) const {
    double nearest = 0.5;
    std::string label;
    for (const double tick : axis_.ticks()) {
      const double distance = std::abs((1 - axis_.Place(tick)) * (style_.height - 1) - row);
      if (distance >= nearest) continue;
      nearest = distance;
      label = axis_.Label(tick);
    }
    return label;
  }

  std::string Row(int row) const {
    const std::string label = LabelOf(row);
    std::string text(label_width_ - DisplayWidth(label), ' ');
    absl::StrAppend(&text, label, " ");
    if (style_.unicode) {
      absl::StrAppend(&text, label.empty() ? "│" : "┤");
    } else {
      absl::StrAppend(&text, label.empty() ? "|" : "+");
    }
    // Neighbours of one colour are painted together.
    std::string run;
    Color color = Color::kNone;
    const auto end_run = [&] { absl::StrAppend(&text, Paint(run, color, style_.colors)); };
    for (int column = 0; column < columns_; ++column) {
      const auto [character, own_color] = Character(column, row);
      if (own_color != color) {
        end_run();
        run.clear();
        color = own_color;
      }
      run += character;
    }
    // No blanks at the end of the line.
    run.erase(run.find_last_not_of(' ') + 1);
    end_run();
    return text;
  }

  // A blank where nothing is drawn. The last curve is on top.
  std::pair<std::string, Color> Character(int column, int row) const {
    uint8_t dots = 0;
    const Series* top = nullptr;
    bool several = false;
    for (size_t i = 0; i < series_.size(); ++i) {
      const uint8_t own = canvases_[i].At(column, row);
      if (own == 0) continue;
      several = top != nullptr;
      top = &series_[i];
      dots |= own;
    }
    if (top == nullptr) return {" ", Color::kNone};
    if (style_.unicode) return {Braille(dots), top->color};
    return {std::string(1, several ? '#' : top->mark), top->color};
  }

  bool HasMark() const {
    return style_.marked_step && *style_.marked_step >= bounds_.first_step &&
           *style_.marked_step <= bounds_.last_step;
  }

  std::string StepAxis() const {
    std::string text = absl::StrCat(std::string(label_width_ + 1, ' '), style_.unicode ? "└" : "+");
    const int mark = HasMark() ? XOf(*style_.marked_step, columns_) : -1;
    for (int column = 0; column < columns_; ++column) {
      if (style_.unicode) {
        absl::StrAppend(&text, column == mark ? "┴" : "─");
      } else {
        absl::StrAppend(&text, column == mark ? "^" : "-");
      }
    }
    return text;
  }

  // The first step, the last one, and between them, where there is room, the marked one.
  std::string StepLabels() const {
    std::string line(columns_, ' ');
    const auto put = [&line](const std::string& label, int at) {
      const int end = at + static_cast<int>(label.size());
      if (at < 0 || end > static_cast<int>(line.size())) return;
      // A blank at either side.
      for (int i = std::max(at - 1, 0); i < std::min(end + 1, static_cast<int>(line.size())); ++i) {
        if (line[i] != ' ') return;
      }
      line.replace(at, label.size(), label);
    };
    const std::string last = absl::StrCat(bounds_.last_step);
    put(absl::StrCat("step ", bounds_.first_step), 0);
    put(last, columns_ - static_cast<int>(last.size()));
    if (HasMark()) {
      const std::string marked = absl::StrCat(*style_.marked_step);
      put(marked, XOf(*style_.marked_step, columns_) - static_cast<int>(marked.size()) / 2);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return absl::StrCat(std::string(label_width_ + 2, ' '), line);
  }

  const std::vector<Series>& series_;
  const Bounds bounds_;
  const PlotStyle style_;
  const PlotAxis axis_;
  int label_width_ = 0;
  int columns_ = 0;
  std::vector<Canvas> canvases_;
};

// "accuracy: o training, x validation", or with a coloured line before each name.
std::string Legend(const std::string& title, const std::vector<Series>& series,
                   const PlotStyle& style) {
  std::string text = Paint(Printable(title), Color::kBold, style.colors);
  for (size_t i = 0; i < series.size(); ++i) {
    const char* line = IsDashed(series[i], series, style) ? "╌╌" : "──";
    const std::string mark = style.unicode ? line : std::string(1, series[i].mark);
    absl::StrAppend(&text, i == 0 ? ": " : ", ", Paint(mark, series[i].color, style.colors), " ",
                    Printable(series[i].name));
  }
  return text;
}

}  // namespace

std::string Plot(const std::string& title, const std::vector<Series>& series,
                 const PlotStyle& style) {
  const Bounds bounds = BoundsOf(series);
  if (bounds.first_step >= bounds.last_step) return "";
  return absl::StrCat(Legend(title, series, style), "\n", Drawing(series, bounds, style).Render());
}

}  // namespace caviar::render
