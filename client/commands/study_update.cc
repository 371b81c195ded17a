#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/commands/code_upload.h"
#include "client/commands/command_line.h"
#include "client/commands/pruner_arguments.h"
#include "client/commands/study_definition.h"
#include "client/render/table.h"
#include "client/study_file/scalar.h"

namespace caviar::commands {
namespace {

constexpr char kNone[] = "none";

struct UpdateArguments {
  std::string study;
  std::string file;
  bool dry_run = false;
  // Each is a value, or "none"; empty: it stays.
  std::string max_trials, parallel, max_failed, max_duration, max_attempts, max_steps, no_gain;
  std::string weight, target;
  std::string sampler;
  PrunerArguments pruner;
};

// One option that takes a value or "none", and the field that it sets.
struct LimitOption {
  const char* name;
  std::string UpdateArguments::*value;
  const char* about;
  // INVALID_ARGUMENT says what is wrong with the value; empty: the field is cleared.
  std::function<absl::Status(const std::string& value, v1::Study& study)> set;
  // What the coordinator makes of a field that is cleared.
  const char* none = "no limit";
};

absl::Status Wrong(const std::string& value, absl::string_view right) {
  return absl::InvalidArgumentError(absl::StrCat("is \"", value, "\"; write ", right, ", or none"));
}

// A whole number into a field of the study.
template <typename Number, typename Set, typename Clear>
auto Whole(Set set, Clear clear) {
  return [set, clear](const std::string& value, v1::Study& study) -> absl::Status {
    Number number = 0;
    if (value.empty()) {
      clear(study);
    } else if (absl::SimpleAtoi(value, &number)) {
      set(study, number);
    } else {
      return Wrong(value, "a whole number");
    }
    return absl::OkStatus();
  };
}

template <typename Number>
auto Limit(void (v1::Limits::*set)(Number), void (v1::Limits::*clear)()) {
  return Whole<Number>(
      [set](v1::Study& study, Number number) { (study.mutable_limits()->*set)(number); },
      [clear](v1::Study& study) { (study.mutable_limits()->*clear)(); });
}

absl::Status SetMaxDuration(const std::string& value, v1::Study& study) {
  if (value.empty()) {
    study.mutable_limits()->clear_max_duration();
    return absl::OkStatus();
  }
  const auto duration = study_file::ParseDuration(value);
  if (!duration.ok()) return duration.status();
  absl::Duration rest = *duration;
  google::protobuf::Duration& message = *study.mutable_limits()->mutable_max_duration();
  message.set_seconds(absl::IDivDuration(rest, absl::Seconds(1), &rest));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return absl::OkStatus();
}

// A number into a field of a message of the study.
template <typename Set, typename Clear>
auto Number(Set set, Clear clear) {
  return [set, clear](const std::string& value, v1::Study& study) -> absl::Status {
    double number = 0;
    if (value.empty()) {
      clear(study);
    } else if (absl::SimpleAtod(value, &number) && std::isfinite(number)) {
      set(study, number);
    } else {
      return Wrong(value, "a number");
    }
    return absl::OkStatus();
  };
}

const std::vector<LimitOption>& LimitOptions() {
  using v1::Limits;
  using v1::Study;
  static const auto& options = *new std::vector<LimitOption>{
      {"--max-trials", &UpdateArguments::max_trials, "Configurations to try",
       Limit<int32_t>(&Limits::set_max_trials, &Limits::clear_max_trials)},
      {"--parallel", &UpdateArguments::parallel, "Trials that may run at the same time",
       Limit<int32_t>(&Limits::set_parallel, &Limits::clear_parallel)},
      {"--max-failed", &UpdateArguments::max_failed,
       "The study ends when so many trials have failed",
       Limit<int32_t>(&Limits::set_max_failed, &Limits::clear_max_failed)},
      {"--max-duration", &UpdateArguments::max_duration,
       "The study ends when it has been active for so long, such as 8h", SetMaxDuration},
      {"--max-attempts", &UpdateArguments::max_attempts,
       "Lost leases after which a trial has failed",
       Limit<int32_t>(&Limits::set_max_attempts, &Limits::clear_max_attempts), "the default, 3"},
      {"--max-steps", &UpdateArguments::max_steps,
       "The study ends when its trials have trained so many steps in all",
       Limit<int64_t>(&Limits::set_max_steps, &Limits::clear_max_steps)},
      {"--no-gain", &UpdateArguments::no_gain, "The study ends when so many trials brought no gain",
       Whole<int32_t>(
           [](Study& study, int32_t number) {
             study.mutable_limits()->mutable_no_gain()->set_trials(number);
           },
           [](Study& study) { study.mutable_limits()->clear_no_gain(); })},
      {"--weight", &UpdateArguments::weight, "Its share of the workers",
       Number([](Study& study, double number) { study.mutable_limits()->set_weight(number); },
              [](Study& study) { study.mutable_limits()->clear_weight(); }),
       "the default, 1"},
      {"--target", &UpdateArguments::target,
       "The study ends when the objective is at least this good",
       Number([](Study& study, double number) { study.mutable_objective()->set_target(number); },
              [](Study& study) { study.mutable_objective()->clear_target(); })},
  };
  return options;
}

bool AsksForAnything(const UpdateArguments& arguments) {
  bool any =
      !arguments.file.empty() || !arguments.sampler.empty() || !arguments.pruner.algorithm.empty();
  for (const LimitOption& option : LimitOptions()) {
    any = any || !(arguments.*option.value).empty();
  }
  return any;
}

absl::Status ApplyOptions(const UpdateArguments& arguments, v1::Study& study) {
  for (const LimitOption& option : LimitOptions()) {
    const std::string& value = arguments.*option.value;
    if (value.empty()) continue;
    const absl::Status set = option.set(value == kNone ? "" : value, study);
    if (!set.ok()) return absl::InvalidArgumentError(absl::StrCat(option.name, " ", set.message()));
  }
  if (!arguments.sampler.empty()) {
    v1::Sampler::Algorithm algorithm = v1::Sampler::AUTO;
    v1::Sampler::Algorithm_Parse(absl::AsciiStrToUpper(arguments.sampler), &algorithm);
    study.mutable_sampler()->set_algorithm(algorithm);
  }
  if (!arguments.pruner.algorithm.empty()) *study.mutable_pruner() = ToPruner(arguments.pruner);
  return absl::OkStatus();
}

void PrintChanges(const v1::UpdateStudyResponse& update, Session& session) {
  render::Table table({{"field"}, {"before"}, {"after"}});
  for (const v1::FieldChange& change : update.changes()) {
    table.AddRow({change.field(), change.before(), change.after()});
  }
  session.out() << table.Render(session.colors());
}

void PrintOutcome(const v1::UpdateStudyResponse& update, bool had_ended, bool dry_run,
                  Session& session) {
  const v1::Study& study = update.study();
  if (update.changes().empty()) {
    session.out() << study.name() << " is so already, at revision " << study.revision()
                  << "; nothing was changed\n";
    return;
  }
  PrintChanges(update, session);
  if (dry_run) {
    session.out() << "\nnothing was changed; it would make revision " << study.revision() + 1
                  << (had_ended ? ", and the study would go on" : "");
    if (!update.ends().empty()) {
      session.out() << ", and the study would end at once, with what runs cancelled ("
                    << update.ends() << ")";
    }
    session.out() << "\n";
    return;
  }
  session.out() << "\n"
                << study.name() << " is at revision " << study.revision() << " now"
                << (had_ended ? ", and goes on" : "");
  if (!update.ends().empty()) session.out() << ", and ends (" << update.ends() << ")";
  session.out() << "\n";
}

int Update(const UpdateArguments& arguments, Session& session) {
  if (!AsksForAnything(arguments)) {
    return session.FailUsage(
        "what is to change? Name a study file, or options such as --max-trials 200");
  }
  std::optional<study_file::StudyFile> file;
  if (!arguments.file.empty()) {
    auto read = ReadStudyFile(arguments.file, session);
    if (!read.ok()) return session.Fail(read.status());
    file = *std::move(read);
  }
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::GetStudyRequest get;
  get.set_study(arguments.study);
  const auto study = (*client)->GetStudy(get);
  if (!study.ok()) return session.Fail(study.status());

  v1::UpdateStudyRequest request;
  request.set_study(arguments.study);
  request.set_revision(study->revision());
  request.set_validate_only(arguments.dry_run);
  *request.mutable_definition() = file ? file->study : *study;
  if (file) {
    // The folder may be gone: it is not sent.
    if (PackCode(*file).ok()) WarnOfOtherCode(*study, file->study, session);
    KeepCode(*study, *request.mutable_definition());
  }
  if (const absl::Status applied = ApplyOptions(arguments, *request.mutable_definition());
      !applied.ok()) {
    return session.Fail(applied);
  }
  const auto update = (*client)->UpdateStudy(std::move(request));
  if (!update.ok()) {
    return file ? FailStudyFile(*file, update.status(), session) : session.Fail(update.status());
  }
  if (session.is_table()) {
    PrintOutcome(*update, study->state() == v1::Study::ENDED, arguments.dry_run, session);
  } else {
    session.Print(*update);
  }
  return kDone;
}

}  // namespace

void AddStudyUpdate(Command study, CommandLine& line) {
  auto arguments = std::make_shared<UpdateArguments>();
  Command command =
      line.Add(study, "update",
               "Change a study's limits, pruner, sampler or needs; one that has ended goes on",
               [arguments](Session& session) { return Update(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("FILE", arguments->file,
                    "A study file with what it is to be, whatever name it has; - reads standard "
                    "input. Options count more than it");
  command.AddFlag("--dry-run", arguments->dry_run, "Only show the difference");
  for (const LimitOption& option : LimitOptions()) {
    command.AddOption(option.name, *arguments.*option.value,
                      absl::StrCat(option.about, "; none: ", option.none));
  }
  command
      .AddOption("--sampler", arguments->sampler,
                 "random, sobol, coarse_to_fine, tpe, gp, cma_es or auto")
      .OneOf({"random", "sobol", "grid", "coarse_to_fine", "tpe", "gp", "cma_es", "auto"});
  AddPrunerOptions(command, arguments->pruner);
}

}  // namespace caviar::commands
