#include "client/commands/best.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "client/commands/command_line.h"
#include "client/commands/nearest_trial.h"
#include "client/commands/outcome_text.h"
#include "client/commands/save_model.h"
#include "client/commands/shell_flags.h"
#include "client/commands/study_text.h"
#include "client/commands/trial_text.h"
#include "client/render/table.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

constexpr int kTop = 5, kTopOfFront = 20;

struct BestArguments {
  std::string study;
  std::optional<int> top;
  SaveModelArguments model;
};

// Of several objectives no trial comes first: they stand in the order of the front. Of repeats the
// mean stands for all.
render::Table BestTable(const v1::Study& study, const v1::ListBestTrialsResponse& best) {
  const bool repeats = RepeatsOf(study) > 1;
  const std::vector<std::string> metrics =
      repeats ? std::vector{study.objective().metric()} : ShownMetrics(study);
  const bool ranked = !vocabulary::HasSeveralObjectives(study);
  std::vector<render::Column> columns;
  if (ranked) columns.push_back({"rank", true});
  columns.push_back({"trial", true});
  AppendMetricColumns(metrics, columns);
  columns.push_back({repeats ? "repeats" : "step", true});
  render::Table table(WithParameterColumns(std::move(columns), study));
  int rank = 0;
  for (const v1::Trial& trial : best.trials()) {
    std::vector<render::Cell> cells;
    if (ranked) cells.emplace_back(absl::StrCat(++rank));
    cells.emplace_back(absl::StrCat(trial.number()));
    const size_t objective = cells.size();
    if (repeats) {
      cells.emplace_back(MeanText(trial.repeats()));
    } else {
      AppendMetricCells(study, trial, metrics, cells);
    }
    if (rank == 1) cells[objective].color = render::Color::kGreen;
    cells.emplace_back(repeats ? absl::StrCat(trial.repeats().completed(), " of ", RepeatsOf(study))
                               : ObjectiveStepText(trial));
    AppendParameterCells(study, trial, cells);
    table.AddRow(std::move(cells));
  }
  return table;
}

// A front is looked at as a whole.
int DefaultTop(const v1::Study& study) {
  return vocabulary::HasSeveralObjectives(study) ? kTopOfFront : kTop;
}

void PrintTable(const v1::Study& study, const v1::ListBestTrialsResponse& best, int top,
                Session& session) {
  session.out() << BestTable(study, best).Render(session.colors());
  if (vocabulary::HasSeveralObjectives(study)) {
    session.out() << "\nthe Pareto front, by " << study.objectives(0).metric()
                  << ": no other trial is better than one of these in all objectives\n";
    if (best.trials_size() == top) {
      session.out() << "these are its first " << top << "; --top shows more\n";
    }
  }
  const std::string test = TestEvaluationText(study);
  if (!test.empty()) session.out() << "\ntest set: " << render::Printable(test) << "\n";
}

// Where no trial is the best, or on the front.
int SayWhyNone(client::Client& client, const v1::Study& study, Session& session) {
  const bool any = study.trial_counts().completed() > 0;
  if (!any || (study.constraints().empty() && RepeatsOf(study) == 1)) {
    session.Complain(absl::StrCat(study.name(), " has no completed trial yet"));
    return kDone;
  }
  if (RepeatsOf(study) > 1) {
    session.Complain(absl::StrCat(study.name(), ": ", NoBestText(study)));
    return kDone;
  }
  const auto nearest = NearestText(client, study);
  if (!nearest.ok()) return session.Fail(nearest.status());
  session.Complain(absl::StrCat(study.name(), ": ", *nearest));
  return kDone;
}

// A script would run whichever comes first, and not know that it chose.
int RefuseFrontAsFlags(const v1::Study& study, Session& session) {
  return session.FailUsage(absl::StrCat(
      "--output flags needs --top here: ", study.name(), " has several objectives, so none of its ",
      "trials is the best; --top 1 takes the first of the front, which is the best by ",
      study.objectives(0).metric(), "; `caviar best ", study.name(), "` shows all"));
}

int Best(BestArguments& arguments, Session& session) {
  if (!arguments.model.file.empty()) {
    arguments.model.study = arguments.study;
    return SaveModel(arguments.model, session);
  }
  return PrintBest(arguments.study, arguments.top, session);
}

}  // namespace

int PrintBest(const std::string& name, std::optional<int> count, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::GetStudyRequest get;
  get.set_study(name);
  const auto study = (*client)->GetStudy(get);
  if (!study.ok()) return session.Fail(study.status());
  const bool flags = session.is_flags();
  if (flags && !count && vocabulary::HasSeveralObjectives(*study)) {
    return RefuseFrontAsFlags(*study, session);
  }
  // One line is what a shell can take.
  const int top = count.value_or(flags ? 1 : DefaultTop(*study));
  v1::ListBestTrialsRequest request;
  request.set_study(name);
  request.set_count(top);
  const auto best = (*client)->ListBestTrials(request);
  if (!best.ok()) return session.Fail(best.status());
  if (!session.is_table() && !flags) {
    session.Print(*best);
    return kDone;
  }
  if (best->trials_size() == 0) {
    const int said = SayWhyNone(**client, *study, session);
    // A script would go on without any.
    return flags ? kFailed : said;
  }
  if (flags) {
    for (const v1::Trial& trial : best->trials()) {
      session.out() << ShellFlags(*study, trial) << "\n";
    }
    return kDone;
  }
  PrintTable(*study, *best, top, session);
  return kDone;
}

void AddBest(Command app, CommandLine& line) {
  auto arguments = std::make_shared<BestArguments>();
  Command command = line.AddWithFlags(
      app, "best", "List the best trials of a study, best first, or save a network",
      [arguments](Session& session) { return Best(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  Option top = command
                   .AddOption("--top", arguments->top,
                              "How many; default: 5, of a Pareto front 20; as flags 1, and of a "
                              "front it has to be said")
                   .Within(1, 1000);
  Option save = command
                    .AddOption("--save-model", arguments->model.file,
                               "Save the best trial's network as this ONNX file")
                    .Excludes(top)
                    .Check([](const std::string& file) {
                      return file.empty() ? "it is empty; name a file" : "";
                    });
  command
      .AddOption("--trial", arguments->model.trial,
                 "Save the network of this trial; default: the best one, where there is one")
      .Needs(save)
      .Within(0, kLargestInt);
  command.AddFlag("--force", arguments->model.overwrite, "Overwrite the file if it exists")
      .Needs(save);
}

}  // namespace caviar::commands
