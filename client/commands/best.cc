#include <memory>

#include "absl/strings/str_cat.h"
#include "client/commands/command_line.h"
#include "client/commands/save_model.h"
#include "client/commands/study_text.h"
#include "client/commands/trial_text.h"
#include "client/render/number.h"
#include "client/render/table.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

struct Arguments {
  std::string study;
  int top = 5;
  SaveModelArguments model;
};

void PrintTable(const v1::Study& study, const v1::ListBestTrialsResponse& best, Session& session) {
  if (best.trials_size() == 0) {
    session.Complain(absl::StrCat(study.name(), " has no completed trial yet"));
    return;
  }
  const bool repeats = RepeatsOf(study) > 1;
  render::Table table(WithParameterColumns({{"rank", true},
                                            {"trial", true},
                                            {study.objective().metric(), true},
                                            {repeats ? "repeats" : "step", true}},
                                           study));
  int rank = 0;
  for (const v1::Trial& trial : best.trials()) {
    std::vector<render::Cell> cells = {
        absl::StrCat(++rank),
        absl::StrCat(trial.number()),
        {repeats ? MeanText(trial.repeats()) : ObjectiveText(trial),
         rank == 1 ? render::Color::kGreen : render::Color::kNone},
        repeats ? absl::StrCat(trial.repeats().completed(), " of ", RepeatsOf(study))
                : ObjectiveStepText(trial)};
    AppendParameterCells(study, trial, cells);
    table.AddRow(std::move(cells));
  }
  session.out() << table.Render(session.colors());
  const std::string test = TestEvaluationText(study);
  if (!test.empty()) session.out() << "\ntest set: " << render::Printable(test) << "\n";
}

int Best(Arguments& arguments, Session& session) {
  if (!arguments.model.file.empty()) {
    arguments.model.study = arguments.study;
    return SaveModel(arguments.model, session);
  }
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::ListBestTrialsRequest request;
  request.set_study(arguments.study);
  request.set_count(arguments.top);
  const auto best = (*client)->ListBestTrials(request);
  if (!best.ok()) return session.Fail(best.status());
  if (!session.is_table()) {
    session.Print(*best);
    return kDone;
  }
  v1::GetStudyRequest get;
  get.set_study(arguments.study);
  const auto study = (*client)->GetStudy(get);
  if (!study.ok()) return session.Fail(study.status());
  PrintTable(*study, *best, session);
  return kDone;
}

}  // namespace

void AddBest(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App& command =
      line.Add(app, "best", "List the best trials of a study, best first, or save a network",
               [arguments](Session& session) { return Best(*arguments, session); });
  command.add_option("NAME", arguments->study, "Name of the study")->required();
  CLI::Option* top = command.add_option("--top", arguments->top, "How many; default: 5")
                         ->check(CLI::Range(1, 1000));
  CLI::Option* save = command
                          .add_option("--save-model", arguments->model.file,
                                      "Save the best trial's network as this ONNX file")
                          ->excludes(top)
                          ->check([](const std::string& file) {
                            return file.empty() ? "it is empty; name a file" : "";
                          });
  command
      .add_option("--trial", arguments->model.trial,
                  "Save the network of this trial; default: the best one")
      ->needs(save)
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--force", arguments->model.overwrite, "Overwrite the file if it exists")
      ->needs(save);
}

}  // namespace caviar::commands
