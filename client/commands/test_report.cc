#include "client/commands/test_report.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/render/table.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

constexpr size_t kMostClasses = 20;
constexpr size_t kMostPairs = 3;
constexpr int kLongestName = 24;

using Classes = google::protobuf::RepeatedPtrField<v1::ClassResult>;

std::string NameOf(const v1::ClassResult& result) {
  return render::Truncate(render::Printable(result.name()), kLongestName);
}

// Numbers of the classes to be shown, in their order.
std::vector<int> ShownClasses(const Classes& classes) {
  std::vector<int> shown(static_cast<size_t>(classes.size()));
  std::iota(shown.begin(), shown.end(), 0);
  if (shown.size() <= kMostClasses) return shown;
  std::stable_sort(shown.begin(), shown.end(),
                   [&](int a, int b) { return classes[a].f1() < classes[b].f1(); });
  shown.resize(kMostClasses);
  std::sort(shown.begin(), shown.end());
  return shown;
}

std::string ClassTable(const Classes& classes, bool colors) {
  render::Table table({{"#", true},
                       {"class"},
                       {"precision", true},
                       {"recall", true},
                       {"f1", true},
                       {"examples", true}});
  for (const int number : ShownClasses(classes)) {
    const v1::ClassResult& result = classes[number];
    table.AddRow({absl::StrCat(number), NameOf(result), absl::StrFormat("%.4f", result.precision()),
                  absl::StrFormat("%.4f", result.recall()), absl::StrFormat("%.4f", result.f1()),
                  absl::StrCat(result.examples())});
  }
  return table.Render(colors);
}

// Rows are the classes that examples are of, columns those that they were taken for.
std::string Matrix(const Classes& classes, bool colors) {
  std::vector<render::Column> columns = {{"#", true}, {"class"}};
  for (int i = 0; i < classes.size(); ++i) columns.push_back({absl::StrCat(i), true});
  render::Table table(columns);
  for (int number = 0; number < classes.size(); ++number) {
    std::vector<render::Cell> cells = {absl::StrCat(number), NameOf(classes[number])};
    for (int i = 0; i < classes[number].predicted_as_size(); ++i) {
      const int64_t count = classes[number].predicted_as(i);
      // A dot for nothing, so that the others are seen.
      cells.emplace_back(count == 0 ? "." : absl::StrCat(count),
                         i == number ? render::Color::kGreen : render::Color::kNone);
    }
    table.AddRow(std::move(cells));
  }
  return table.Render(colors);
}

struct Confusion {
  int of = 0;
  int as = 0;
  int64_t count = 0;
};

// The largest counts beside the diagonal, the largest first.
std::vector<Confusion> LargestConfusions(const Classes& classes) {
  std::vector<Confusion> all;
  for (int of = 0; of < classes.size(); ++of) {
    const int known = std::min(classes.size(), classes[of].predicted_as_size());
    for (int as = 0; as < known; ++as) {
      const int64_t count = classes[of].predicted_as(as);
      if (as != of && count > 0) all.push_back({of, as, count});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Confusion& a, const Confusion& b) { return a.count > b.count; });
  if (all.size() > kMostPairs) all.resize(kMostPairs);
  return all;
}

// "most often confused: Shirt taken for T-shirt/top 112 of 1000, ...".
std::string ConfusionLine(const Classes& classes) {
  const std::vector<Confusion> largest = LargestConfusions(classes);
  if (largest.empty()) return "no example was taken for another class\n";
  return absl::StrCat("most often confused: ",
                      absl::StrJoin(largest, ", ",
                                    [&](std::string* out, const Confusion& one) {
                                      absl::StrAppend(out, NameOf(classes[one.of]), " taken for ",
                                                      NameOf(classes[one.as]), " ", one.count,
                                                      " of ", classes[one.of].examples());
                                    }),
                      "\n");
}

// All lines are as wide: they end with a number at the right.
int WidthOf(absl::string_view table) {
  return render::DisplayWidth(table.substr(0, table.find('\n')));
}

}  // namespace

std::string TestReport(const v1::TestEvaluation& evaluation, int width, bool colors) {
  const Classes& classes = evaluation.classes();
  if (classes.empty()) return "";
  std::string text = ClassTable(classes, colors);
  if (static_cast<size_t>(classes.size()) > kMostClasses) {
    absl::StrAppend(&text, "the ", kMostClasses, " classes with the lowest F1 of ", classes.size(),
                    "; --output json has all\n");
  } else if (WidthOf(Matrix(classes, /*colors=*/false)) <= width) {
    absl::StrAppend(&text, "\nexamples of the class in the row, taken for the one in the column\n",
                    Matrix(classes, colors));
  }
  absl::StrAppend(&text, ConfusionLine(classes));
  return text;
}

}  // namespace caviar::commands
