#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "caviar/v1/counted.h"
#include "client/commands/command_line.h"
#include "client/commands/pruner_arguments.h"
#include "client/render/number.h"
#include "client/render/table.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

struct WhatifArguments {
  std::string study;
  PrunerArguments pruner;
};

// "asha, mode stop, grace 3, eta 3"
std::string PrunerText(const v1::Pruner& pruner) {
  std::string text = absl::AsciiStrToLower(v1::Pruner::Algorithm_Name(pruner.algorithm()));
  if (pruner.mode() != v1::Pruner::MODE_UNSPECIFIED) {
    absl::StrAppend(&text, ", mode ", absl::AsciiStrToLower(v1::Pruner::Mode_Name(pruner.mode())));
  }
  if (pruner.has_grace()) absl::StrAppend(&text, ", grace ", pruner.grace());
  if (pruner.has_eta()) absl::StrAppend(&text, ", eta ", pruner.eta());
  if (pruner.has_warm_up()) absl::StrAppend(&text, ", warm_up ", pruner.warm_up());
  if (pruner.has_p_value()) {
    absl::StrAppend(&text, ", p_value ", render::FormatShortNumber(pruner.p_value()));
  }
  if (pruner.has_max_step()) absl::StrAppend(&text, ", max_step ", pruner.max_step());
  return text;
}

std::string TrialText(int32_t number, double objective) {
  return absl::StrCat("trial ", number, ", ", render::FormatShortNumber(objective));
}

std::string StepsText(const v1::ReplayPrunerResponse& replay) {
  const int64_t saved = replay.steps() - replay.steps_needed();
  const double share =
      replay.steps() > 0 ? static_cast<double>(saved) / static_cast<double>(replay.steps()) : 0;
  return absl::StrFormat("%d of %d, %d saved (%.1f %%)", replay.steps_needed(), replay.steps(),
                         saved, 100 * share);
}

std::string WinnerText(const v1::ReplayPrunerResponse& replay) {
  if (!replay.has_best()) return "none yet";
  const std::string best = TrialText(replay.best(), replay.best_objective());
  if (!replay.has_best_stopped_at()) return absl::StrCat(best, ": would have lived");
  return absl::StrCat(best, ": would have ended at step ", replay.best_stopped_at(), " (",
                      replay.best_stopped_reason(), ")");
}

std::string BestThenText(const v1::ReplayPrunerResponse& replay) {
  if (!replay.has_best_stopped_at()) return "";
  if (!replay.has_best_then()) return "none that went to its end";
  return TrialText(replay.best_then(), replay.best_objective_then());
}

std::string UnknownText(const v1::ReplayPrunerResponse& replay) {
  if (replay.cut_short() == 0) return "";
  return absl::StrCat(vocabulary::Counted(replay.cut_short(), "trial"),
                      " would have gone on beyond what was measured; the steps saved are fewer by "
                      "what they would have taken");
}

void PrintTable(const v1::ReplayPrunerResponse& replay, Session& session) {
  const auto printable = [](const std::string& text) { return render::Printable(text); };
  const auto color = replay.has_best_stopped_at() ? render::Color::kYellow : render::Color::kGreen;
  session.out() << render::RenderPairs(
      {{"pruner", PrunerText(replay.pruner())},
       {"trials", absl::StrCat(replay.trials(), ", ", replay.stopped(), " ended early")},
       {"steps", StepsText(replay)},
       {"winner", {printable(WinnerText(replay)), color}},
       {"best then", printable(BestThenText(replay))},
       {"not known", printable(UnknownText(replay))}},
      session.colors());
}

int Whatif(const WhatifArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::ReplayPrunerRequest request;
  request.set_study(arguments.study);
  *request.mutable_pruner() = ToPruner(arguments.pruner);
  const auto replay = (*client)->ReplayPruner(request);
  if (!replay.ok()) return session.Fail(replay.status());
  if (!session.is_table()) {
    session.Print(*replay);
  } else if (replay->trials() == 0) {
    session.Complain(absl::StrCat(arguments.study, " has no measurements yet"));
  } else {
    PrintTable(*replay, session);
  }
  return kDone;
}

}  // namespace

void AddWhatif(Command app, CommandLine& line) {
  auto arguments = std::make_shared<WhatifArguments>();
  Command command = line.Add(app, "whatif", "Replay a study's curves under another pruner",
                             [arguments](Session& session) { return Whatif(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  AddPrunerOptions(command, arguments->pruner).Required();
}

}  // namespace caviar::commands
