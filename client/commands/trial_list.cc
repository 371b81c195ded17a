#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/commands/command_line.h"
#include "client/commands/outcome_text.h"
#include "client/commands/study_text.h"
#include "client/commands/trial_pages.h"
#include "client/commands/trial_text.h"
#include "client/render/table.h"

namespace caviar::commands {
namespace {

struct ListArguments {
  std::string study;
  std::string states;  // separated by commas
  std::string order_by = "number";
  int limit = 0;
};

absl::StatusOr<v1::ListTrialsRequest> ToRequest(const ListArguments& arguments) {
  v1::ListTrialsRequest request;
  request.set_study(arguments.study);
  request.set_order_by(arguments.order_by);
  request.set_page_size(arguments.limit > 0 ? std::min(arguments.limit, 1000) : 1000);
  for (const absl::string_view word : absl::StrSplit(arguments.states, ',', absl::SkipEmpty())) {
    v1::Trial::State state;
    if (!v1::Trial::State_Parse(absl::AsciiStrToUpper(word), &state) ||
        state == v1::Trial::STATE_UNSPECIFIED) {
      return absl::InvalidArgumentError(
          absl::StrCat("--state is \"", word,
                       "\"; write waiting, running, paused, completed, pruned, failed, "
                       "infeasible or cancelled"));
    }
    request.add_states(state);
  }
  return request;
}

std::string TrialsTable(const v1::Study& study, const v1::ListTrialsResponse& trials, bool colors) {
  const std::vector<std::string> metrics = ShownMetrics(study);
  const bool bounded = !study.constraints().empty();
  const bool repeats = RepeatsOf(study) > 1;
  std::vector<render::Column> columns = {{"number", true}, {"state"}};
  // Under its own name only where it is one of several.
  if (metrics.size() == 1) columns.push_back({"objective", true});
  if (metrics.size() > 1) AppendMetricColumns(metrics, columns);
  if (bounded) columns.push_back({"feasible"});
  columns.insert(columns.end(), {{"step", true}, {"worker"}});
  if (repeats) columns.insert(columns.end(), {{"repeat_of", true}, {"mean", true}});
  render::Table table(WithParameterColumns(std::move(columns), study));
  for (const v1::Trial& trial : trials.trials()) {
    std::vector<render::Cell> cells = {absl::StrCat(trial.number()),
                                       Session::StateCell(v1::Trial::State_Name(trial.state()))};
    AppendMetricCells(study, trial, metrics, cells);
    if (bounded) cells.emplace_back(FeasibleText(trial));
    cells.insert(cells.end(), {ObjectiveStepText(trial), trial.worker()});
    if (repeats) {
      cells.insert(cells.end(), {absl::StrCat(trial.repeat_of()), MeanText(trial.repeats())});
    }
    AppendParameterCells(study, trial, cells);
    table.AddRow(std::move(cells));
  }
  return table.Render(colors);
}

int List(const ListArguments& arguments, Session& session) {
  const auto request = ToRequest(arguments);
  if (!request.ok()) return session.Fail(request.status());
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::ListTrialsResponse trials;
  const absl::Status listed = ForEachTrial(**client, *request, [&](const v1::Trial& trial) {
    *trials.add_trials() = trial;
    return arguments.limit == 0 || trials.trials_size() < arguments.limit;
  });
  if (!listed.ok()) return session.Fail(listed);
  if (!session.is_table()) {
    session.Print(trials);
    return kDone;
  }
  v1::GetStudyRequest get;
  get.set_study(arguments.study);
  const auto study = (*client)->GetStudy(get);
  if (!study.ok()) return session.Fail(study.status());
  session.out() << TrialsTable(*study, trials, session.colors());
  return kDone;
}

}  // namespace

void AddTrialList(Command trial, CommandLine& line) {
  auto arguments = std::make_shared<ListArguments>();
  Command command = line.Add(trial, "list", "List the trials of a study",
                             [arguments](Session& session) { return List(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("--state", arguments->states,
                    "Only trials in these states, such as completed,failed");
  command.AddOption("--order-by", arguments->order_by,
                    "number (default), objective, create_time or end_time; "
                    "\"objective desc\" turns it round");
  command.AddOption("--limit", arguments->limit, "At most so many").Within(1, kLargestInt);
}

}  // namespace caviar::commands
