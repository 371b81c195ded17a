#include "client/commands/trial_curves.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/commands/fit.h"
#include "client/render/number.h"
#include "client/render/plot.h"
#include "client/render/progress.h"
#include "client/render/table.h"

namespace caviar::commands {
namespace {

constexpr int kLongestSparkline = 40;
constexpr int kMostMeasurements = 30;

// By metric's name, each by step.
using Curves = std::map<std::string, std::vector<std::pair<int64_t, double>>>;

Curves CurvesOf(const v1::Trial& trial) {
  Curves curves;
  for (const v1::Measurement& measurement : trial.measurements()) {
    for (const auto& [name, value] : measurement.metrics()) {
      curves[name].emplace_back(measurement.step(), value);
    }
  }
  return curves;
}

// Which measurements the table shows, by index: all, or where there are many evenly chosen ones
// with the first, the last and that of the objective.
std::vector<int> ShownRows(const v1::Trial& trial) {
  const int count = trial.measurements_size();
  std::vector<int> rows;
  for (int i = 0; i < count; ++i) {
    // Two neighbours fall into different parts where a new part of the rows begins.
    const bool chosen =
        count <= kMostMeasurements || i == 0 || i + 1 == count ||
        int64_t{i} * kMostMeasurements / count != (int64_t{i} - 1) * kMostMeasurements / count;
    const bool objective =
        trial.has_objective_step() && trial.measurements(i).step() == trial.objective_step();
    if (chosen || objective) rows.push_back(i);
  }
  return rows;
}

std::string MeasurementsTable(const v1::Trial& trial, const Curves& curves, bool colors) {
  std::vector<render::Column> columns = {{"step", true}};
  for (const auto& [name, points] : curves) columns.push_back({name, true});
  render::Table table(columns);
  const std::vector<int> rows = ShownRows(trial);
  for (const int row : rows) {
    const v1::Measurement& measurement = trial.measurements(row);
    std::vector<render::Cell> cells = {absl::StrCat(measurement.step())};
    for (const auto& [name, points] : curves) {
      const auto found = measurement.metrics().find(name);
      const bool is_there = found != measurement.metrics().end();
      cells.emplace_back(is_there ? render::FormatShortNumber(found->second) : "");
    }
    table.AddRow(std::move(cells));
  }
  std::string text = table.Render(colors);
  if (static_cast<int>(rows.size()) < trial.measurements_size()) {
    absl::StrAppend(&text, rows.size(), " of ", trial.measurements_size(),
                    " steps; all of them: caviar trial show ", trial.study(), " ", trial.number(),
                    " --output json\n");
  }
  return text;
}

// Draws each pair train_X and validation_X, and takes those that are drawn out of `curves`.
std::string Plots(const v1::Trial& trial, const CurveStyle& style, Curves& curves) {
  render::PlotStyle plot_style;
  plot_style.width = style.width;
  plot_style.unicode = style.unicode;
  plot_style.colors = style.colors;
  if (trial.has_objective_step()) plot_style.marked_step = trial.objective_step();
  std::string text;
  std::vector<std::string> drawn;
  for (const auto& [name, points] : curves) {
    absl::string_view what = name;
    if (!absl::ConsumePrefix(&what, "train_")) continue;
    const std::string other = absl::StrCat("validation_", what);
    const auto validation = curves.find(other);
    if (validation == curves.end()) continue;
    const std::string plot =
        render::Plot(std::string(what),
                     {{"training", points, render::Color::kCyan, 'o'},
                      {"validation", validation->second, render::Color::kYellow, 'x'}},
                     plot_style);
    if (plot.empty()) continue;
    absl::StrAppend(&text, "\n", plot);
    drawn.insert(drawn.end(), {name, other});
  }
  for (const std::string& name : drawn) curves.erase(name);
  return text;
}

std::string Sparklines(const Curves& curves, const CurveStyle& style) {
  std::vector<std::pair<std::string, render::Cell>> lines;
  for (const auto& [name, points] : curves) {
    if (points.size() < 2) continue;
    std::vector<double> values;
    for (const auto& [step, value] : points) values.push_back(value);
    lines.emplace_back(name, render::Sparkline(values, std::min(style.width, kLongestSparkline)));
  }
  return render::RenderPairs(lines, style.colors);
}

}  // namespace

std::string TrialCurves(const v1::Trial& trial, const CurveStyle& style) {
  if (trial.measurements_size() == 0) return "";
  Curves curves = CurvesOf(trial);
  std::string text = MeasurementsTable(trial, curves, style.colors);
  absl::StrAppend(&text, Plots(trial, style, curves));
  // The blocks of a sparkline have no ASCII form that says more than the table.
  const std::string lines = style.unicode ? Sparklines(curves, style) : "";
  if (!lines.empty()) absl::StrAppend(&text, "\n", lines);
  const std::string sentence = FitSentence(trial);
  if (!sentence.empty()) absl::StrAppend(&text, "\n", sentence, "\n");
  return text;
}

}  // namespace caviar::commands
