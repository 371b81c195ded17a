#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/counted.h"
#include "caviar/v1/linear_constraint_text.h"
#include "caviar/v1/objectives.h"
#include "client/commands/command_line.h"
#include "client/commands/outcome_text.h"
#include "client/commands/program_text.h"
#include "client/commands/study_text.h"
#include "client/commands/test_report.h"
#include "client/commands/trial_text.h"
#include "client/render/number.h"
#include "client/render/table.h"
#include "client/study_file/number_list.h"
#include "client/study_file/study_file.h"

namespace caviar::commands {
namespace {

struct StudyShowArguments {
  std::string study;
  bool as_file = false;
  int revision = 0;
};

std::string GoalText(const v1::Objective& objective) {
  return absl::StrCat(absl::AsciiStrToLower(v1::Objective::Goal_Name(objective.goal())), " ",
                      objective.metric());
}

std::string ObjectiveLine(const v1::Study& study) {
  if (vocabulary::HasSeveralObjectives(study)) {
    const auto goal = [](std::string* out, const v1::Objective& objective) {
      absl::StrAppend(out, GoalText(objective));
    };
    return absl::StrCat(absl::StrJoin(study.objectives(), ", ", goal),
                        ", at the last step of a trial that has them all");
  }
  const v1::Objective& objective = study.objective();
  std::string text = absl::StrCat(GoalText(objective), ", the ",
                                  objective.value() == v1::Objective::LAST ? "last" : "best",
                                  " measurement of a trial");
  if (objective.has_target()) {
    absl::StrAppend(&text, "; target ", render::FormatNumber(objective.target()));
  }
  return text;
}

std::string TrainFile(const v1::Dataset& data) {
  switch (data.format_case()) {
    case v1::Dataset::kIdx:
      return data.idx().train_images();
    case v1::Dataset::kCsv:
      return data.csv().train();
    case v1::Dataset::kNpy:
      return data.npy().train_inputs();
    case v1::Dataset::kNpz:
      return data.npz().file();
    case v1::Dataset::FORMAT_NOT_SET:
      break;
  }
  return "";
}

std::string TrainerLine(const v1::Trainer& trainer) {
  if (trainer.has_external()) return "external: a loop of one's own asks, reports and tells";
  if (trainer.has_command()) {
    const auto& run = trainer.command().run();
    return absl::StrCat("command: ", WordsText({run.begin(), run.end()}));
  }
  if (!trainer.has_batch_norm_network()) return "";
  const v1::BatchNormNetwork& network = trainer.batch_norm_network();
  return absl::StrCat("batch_norm_network on ", TrainFile(network.data()), ", epochs ",
                      network.epochs());
}

std::string SamplerLine(const v1::Study& study) {
  const v1::Sampler& sampler = study.sampler();
  std::string text = absl::AsciiStrToLower(v1::Sampler::Algorithm_Name(sampler.algorithm()));
  if (!study.sampler_reason().empty()) absl::StrAppend(&text, " (", study.sampler_reason(), ")");
  if (sampler.has_seed()) absl::StrAppend(&text, ", seed ", sampler.seed());
  return text;
}

std::string PrunerLine(const v1::Pruner& pruner) {
  if (pruner.algorithm() == v1::Pruner::ALGORITHM_UNSPECIFIED ||
      pruner.algorithm() == v1::Pruner::NONE) {
    return "";
  }
  std::vector<std::string> parts = {
      absl::AsciiStrToLower(v1::Pruner::Algorithm_Name(pruner.algorithm()))};
  const auto add = [&](bool is_set, const char* name, const auto& value) {
    if (is_set) parts.push_back(absl::StrCat(name, " ", value));
  };
  add(pruner.mode() != v1::Pruner::MODE_UNSPECIFIED, "mode",
      absl::AsciiStrToLower(v1::Pruner::Mode_Name(pruner.mode())));
  add(pruner.has_grace(), "grace", pruner.grace());
  add(pruner.has_eta(), "eta", pruner.eta());
  add(pruner.has_warm_up(), "warm_up", pruner.warm_up());
  add(pruner.has_p_value(), "p_value", pruner.p_value());
  add(pruner.has_max_step(), "max_step", pruner.max_step());
  return absl::StrJoin(parts, ", ");
}

std::string LinearConstraintsText(const v1::Study& study) {
  std::vector<std::string> texts;
  for (const v1::LinearConstraint& constraint : study.linear_constraints()) {
    texts.push_back(vocabulary::FormatLinearConstraint(constraint));
  }
  return absl::StrJoin(texts, ", ");
}

std::string LimitsLine(const v1::Limits& limits) {
  std::vector<std::string> parts;
  const auto add = [&](bool is_set, const char* name, const std::string& value) {
    if (is_set) parts.push_back(absl::StrCat(name, " ", value));
  };
  add(limits.has_max_trials(), "max_trials", absl::StrCat(limits.max_trials()));
  add(limits.has_parallel(), "parallel", absl::StrCat(limits.parallel()));
  add(limits.has_max_failed(), "max_failed", absl::StrCat(limits.max_failed()));
  add(limits.has_max_duration(), "max_duration",
      render::DurationText(render::ToDuration(limits.max_duration())));
  add(limits.has_max_steps(), "max_steps", absl::StrCat(limits.max_steps()));
  add(limits.has_no_gain(), "no_gain", vocabulary::Counted(limits.no_gain().trials(), "trial"));
  add(limits.has_max_attempts(), "max_attempts", absl::StrCat(limits.max_attempts()));
  add(limits.has_weight(), "weight", render::FormatNumber(limits.weight()));
  return absl::StrJoin(parts, ", ");
}

// Of a coordinator that knows of none: "".
std::string RevisionLine(const v1::Study& study) {
  if (study.revision() == 0) return "";
  if (!study.has_revision_time()) return absl::StrCat(study.revision());
  return absl::StrCat(study.revision(), ", since ",
                      render::TimeText(render::ToTime(study.revision_time())));
}

std::string BestLine(const v1::Study& study) {
  const bool any = study.trial_counts().completed() > 0;
  if (any && vocabulary::HasSeveralObjectives(study)) {
    return absl::StrCat("a Pareto front: caviar best ", study.name());
  }
  if (any && !study.has_best_trial() && RepeatsOf(study) > 1) {
    return absl::StrCat("none, ", NoBestText(study));
  }
  if (any && !study.has_best_trial() && !study.constraints().empty()) {
    return absl::StrCat("none, no trial keeps the constraints: caviar best ", study.name());
  }
  if (!study.has_best_trial()) return "none yet";
  return absl::StrCat(BestObjectiveText(study, /*is_short=*/false), " (trial ", study.best_trial(),
                      RepeatsOf(study) > 1 ? " and its repeats)" : ")");
}

// Lists of numbers in brackets, as in a study file.
std::string ValueText(const v1::Value& value) {
  const bool several = value.string_value().find(',') != std::string::npos;
  const std::string list = several ? study_file::BracketNumbers(value.string_value()) : "";
  return list.empty() ? render::FormatValue(value) : list;
}

template <typename Values>
std::string Words(const Values& values) {
  return absl::StrJoin(values, ", ", [](std::string* out, const v1::Value& value) {
    absl::StrAppend(out, ValueText(value));
  });
}

std::string RangeText(const v1::Parameter& parameter) {
  if (parameter.has_value()) return ValueText(parameter.value());
  if (parameter.type() == v1::Parameter::BOOL) return "false, true";
  if (parameter.values_size() > 0) return Words(parameter.values());
  std::string text = absl::StrCat(render::FormatNumber(parameter.min()), " .. ",
                                  render::FormatNumber(parameter.max()));
  if (parameter.has_step()) {
    absl::StrAppend(&text, " by ", render::FormatNumber(parameter.step()));
  }
  return text;
}

std::string WhenText(const v1::Parameter& parameter) {
  return absl::StrJoin(
      parameter.when(), " and ", [](std::string* out, const v1::Condition& condition) {
        absl::StrAppend(out, condition.parameter(), " = ", Words(condition.values()));
      });
}

std::string ParametersTable(const v1::Study& study, bool colors) {
  render::Table table({{"parameter"}, {"type"}, {"range"}, {"scale"}, {"when"}});
  for (const v1::Parameter& parameter : study.parameters()) {
    const bool has_scale = parameter.type() == v1::Parameter::DOUBLE ||
                           parameter.type() == v1::Parameter::INT ||
                           parameter.scale() != v1::Parameter::SCALE_UNSPECIFIED;
    const auto scale = parameter.scale() == v1::Parameter::SCALE_UNSPECIFIED ? v1::Parameter::LINEAR
                                                                             : parameter.scale();
    table.AddRow({parameter.name(),
                  parameter.has_value()
                      ? "fixed"
                      : absl::AsciiStrToLower(v1::Parameter::Type_Name(parameter.type())),
                  RangeText(parameter),
                  has_scale ? absl::AsciiStrToLower(v1::Parameter::Scale_Name(scale)) : "",
                  WhenText(parameter)});
  }
  return table.Render(colors);
}

void PrintPage(const v1::Study& study, Session& session) {
  std::string state = v1::Study::State_Name(study.state());
  render::Cell state_cell = Session::StateCell(state);
  if (study.end_reason() != v1::Study::END_REASON_UNSPECIFIED) {
    absl::StrAppend(&state_cell.text, " (", v1::Study::EndReason_Name(study.end_reason()), ")");
  }
  const auto duration = render::DurationText(render::ToDuration(study.active_duration()));
  std::vector<std::pair<std::string, render::Cell>> pairs = {
      {"study", study.name()},
      {"description", study.description()},
      {"state", state_cell},
      {"message", study.message()},
      {vocabulary::HasSeveralObjectives(study) ? "objectives" : "objective", ObjectiveLine(study)},
      {"constraints", ConstraintsText(study)},
      {"between parameters", LinearConstraintsText(study)},
      {"best", {BestLine(study), render::Color::kBold}},
      {"test", TestEvaluationText(study)},
      {"trials", CountsText(study.trial_counts())},
      {"repeats",
       RepeatsOf(study) > 1 ? absl::StrCat(RepeatsOf(study), " trials of each configuration") : ""},
      {"limits", LimitsLine(study.limits())},
      {"trainer", TrainerLine(study.trainer())}};
  if (study.trainer().has_command()) {
    for (auto& pair : ProgramLines(study)) pairs.push_back(std::move(pair));
  }
  pairs.insert(
      pairs.end(),
      {{"sampler", SamplerLine(study)},
       {"warm_start", absl::StrJoin(WarmStartTexts(study), ", ")},
       {"pruner", PrunerLine(study.pruner())},
       {"revision", RevisionLine(study)},
       {"created", absl::StrCat(render::TimeText(render::ToTime(study.create_time())),
                                study.owner().empty() ? "" : absl::StrCat(" by ", study.owner()))},
       {"ended", study.has_end_time() ? render::TimeText(render::ToTime(study.end_time())) : ""},
       {"active for", study.has_active_duration() ? duration : ""}});
  session.out() << render::RenderPairs(pairs, session.colors());
  session.out() << "\n" << ParametersTable(study, session.colors());
  const std::string report =
      TestReport(study.test_evaluation(), session.environment().terminal_width(), session.colors());
  if (!report.empty()) session.out() << "\ntest set, by class\n" << report;
}

int Show(const StudyShowArguments& arguments, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::GetStudyRequest request;
  request.set_study(arguments.study);
  request.set_revision(arguments.revision);
  const auto study = (*client)->GetStudy(request);
  if (!study.ok()) return session.Fail(study.status());
  if (arguments.as_file) {
    session.out() << study_file::WriteStudyFile(*study);
  } else if (session.is_table()) {
    PrintPage(*study, session);
  } else {
    session.Print(*study);
  }
  return kDone;
}

}  // namespace

void AddStudyShow(Command study, CommandLine& line) {
  auto arguments = std::make_shared<StudyShowArguments>();
  Command command =
      line.Add(study, "show", "Show a study: its state, its best trial, its search space",
               [arguments](Session& session) { return Show(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command
      .AddOption("--revision", arguments->revision,
                 "As it was defined at this revision, 1 at its creation; default: the newest")
      .Within(1, kLargestInt);
  command.AddFlag("--as-file", arguments->as_file, "Print the study file that makes such a study");
}

}  // namespace caviar::commands
