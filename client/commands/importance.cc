#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/command_line.h"
#include "client/render/csv.h"
#include "client/render/number.h"
#include "client/render/table.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

struct ImportanceArguments {
  std::string study;
  std::string metric;
};

constexpr int kBarWidth = 24;
// Less of a difference says nothing against the course.
constexpr double kClear = 0.05;

std::string Percent(double share) { return absl::StrFormat("%.1f %%", 100 * share); }

// In eighths of a column where the terminal has them.
std::string Bar(double share, bool unicode) {
  const auto eighths = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * 8 * kBarWidth));
  if (!unicode) return std::string(static_cast<size_t>((eighths + 4) / 8), '#');
  constexpr const char* kParts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kParts[eighths % 8];
}

std::string ExpectedText(int tier) {
  constexpr const char* kTexts[] = {"", "1st", "2nd", "3rd"};
  return tier >= 1 && tier <= 3 ? kTexts[tier] : "";
}

// The clearest case of a parameter that matters more than one that the course tunes before it.
std::string CourseSentence(const v1::GetImportanceResponse& response) {
  const v1::ParameterImportance* late = nullptr;
  const v1::ParameterImportance* early = nullptr;
  double gap = kClear;
  int named = 0;
  for (const v1::ParameterImportance& a : response.parameters()) {
    if (a.expected_tier() > 0) ++named;
    for (const v1::ParameterImportance& b : response.parameters()) {
      const bool ordered = b.expected_tier() > 0 && a.expected_tier() > b.expected_tier();
      if (!ordered || a.importance() - b.importance() <= gap) continue;
      gap = a.importance() - b.importance();
      late = &a;
      early = &b;
    }
  }
  if (late != nullptr) {
    return absl::StrCat("Against the course's order: ", late->parameter(), " (",
                        Percent(late->importance()), ") matters more here than ",
                        early->parameter(), " (", Percent(early->importance()),
                        "), which it tunes before.");
  }
  return named < 2 ? "" : "Nothing here contradicts the order in which the course tunes.";
}

void PrintTable(const v1::GetImportanceResponse& response, Session& session) {
  render::Table table({{"parameter"}, {"importance", true}, {""}, {"course"}, {"trials", true}});
  for (const v1::ParameterImportance& parameter : response.parameters()) {
    const std::string bar = Bar(parameter.importance(), session.unicode());
    table.AddRow({parameter.parameter(),
                  Percent(parameter.importance()),
                  {bar.empty() ? " " : bar, render::Color::kCyan},
                  ExpectedText(parameter.expected_tier()),
                  absl::StrCat(parameter.trials())});
  }
  session.out() << table.Render(session.colors()) << "\n"
                << render::Printable(response.method()) << "\n";
  const std::string sentence = CourseSentence(response);
  if (!sentence.empty()) session.out() << render::Printable(sentence) << "\n";
}

void PrintCsv(const v1::GetImportanceResponse& response, Session& session) {
  session.out() << render::CsvLine({"parameter", "importance", "expected_tier", "trials"});
  for (const v1::ParameterImportance& parameter : response.parameters()) {
    session.out() << render::CsvLine(
        {parameter.parameter(), render::FormatNumber(parameter.importance()),
         absl::StrCat(parameter.expected_tier()), absl::StrCat(parameter.trials())});
  }
}

int Importance(const ImportanceArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::GetImportanceRequest request;
  request.set_study(arguments.study);
  request.set_metric(arguments.metric);
  const auto response = (*client)->GetImportance(request);
  if (!response.ok()) return session.Fail(response.status());
  if (session.is_csv()) {
    PrintCsv(*response, session);
  } else if (!session.is_table()) {
    session.Print(*response);
  } else if (response->parameters().empty()) {
    session.Complain(response->method());
  } else {
    PrintTable(*response, session);
  }
  return kDone;
}

}  // namespace

void AddImportance(Command app, CommandLine& line) {
  auto arguments = std::make_shared<ImportanceArguments>();
  Command command = line.AddWithCsv(
      app, "importance", "Show how much each parameter matters, beside the course's order",
      [arguments](Session& session) { return Importance(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("--metric", arguments->metric,
                    "Which of several objectives; default: the first");
}

}  // namespace caviar::commands
