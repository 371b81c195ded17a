// The axis of a plot's values. Used by plot.cc only.
#ifndef CAVIAR_CLIENT_RENDER_PLOT_AXIS_H_
#define CAVIAR_CLIENT_RENDER_PLOT_AXIS_H_

#include <string>
#include <vector>

namespace caviar::render {

// From the smallest value to the largest, with round numbers as ticks between.
class PlotAxis {
 public:
  // For values in [low, high], at most 1e300 in size. At least two ticks, not many more than
  // `ticks` (>= 5).
  PlotAxis(double low, double high, int ticks);

  // 0 for the smallest value, 1 for the largest.
  double Place(double value) const;
  // Ascending.
  const std::vector<double>& ticks() const { return ticks_; }
  // A tick's number, with as many digits as the ticks need to differ.
  std::string Label(double tick) const;

 private:
  void AddLinearTicks(int ticks);
  void AddLogarithmicTicks(int ticks);

  double low_, high_;
  bool logarithmic_;
  int decimals_ = -1;  // -1: as short as it gets
  std::vector<double> ticks_;
};

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_PLOT_AXIS_H_
