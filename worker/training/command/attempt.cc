#include "worker/training/command/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "caviar/v1/objectives.h"
#include "client/archive/archive.h"
#include "worker/training/command/attempt_seed.h"
#include "worker/training/command/checkpoint_watcher.h"
#include "worker/training/command/curve.h"
#include "worker/training/command/descriptor.h"
#include "worker/training/command/parameters.h"
#include "worker/training/command/program_end.h"
#include "worker/training/command/program_path.h"
#include "worker/training/command/report_socket.h"
#include "worker/training/command/substitution.h"
#include "worker/training/command/system_error.h"
#include "worker/training/not_begun.h"

namespace caviar::command {
namespace {

namespace fs = std::filesystem;

using training::Outcome;

constexpr absl::Duration kDefaultGrace = absl::Seconds(30);
// Of uploaded code; its archive has at most 50 MiB.
constexpr int64_t kMaxCodeBytes = int64_t{4} << 30;

Outcome Ended(Outcome::Kind kind, absl::string_view message = "") {
  Outcome outcome;
  outcome.kind = kind;
  outcome.message = std::string(message);
  return outcome;
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes;
  std::array<char, 65536> buffer;
  ssize_t count = file.is_open() ? 1 : -1;
  while (count > 0 || (count < 0 && errno == EINTR)) {
    count = read(file.number(), buffer.data(), buffer.size());
    if (count > 0) bytes.append(buffer.data(), static_cast<size_t>(count));
  }
  if (count < 0) return OwnError(errno, "it cannot be read");
  return bytes;
}

absl::Status WriteParameters(const AttemptFolder& folder, const std::string& json) {
  std::ofstream file(folder.parameters_file(), std::ios::binary);
  file << json << "\n" << std::flush;
  if (file) return absl::OkStatus();
  return OwnError(errno, absl::StrCat("no file can be written in ", folder.parent()));
}

// Where it cannot start its thread, why.
absl::Status Watch(std::optional<CheckpointWatcher>& watcher,
                   const CheckpointWatcher::Context& context, int64_t last) {
  try {
    watcher.emplace(context, last);
    return absl::OkStatus();
  } catch (const std::system_error& error) {
    return OwnError(error.code().value(), "the checkpoints cannot be watched");
  }
}

}  // namespace

Attempt::Attempt(const Context& context)
    : context_(context), command_(context.work.study.trainer().command()), log_(context.observer) {}

training::Outcome Attempt::Run() {
  if (context_.work.checkpoint == nullptr) return RunFrom({});
  const auto restored =
      RestoreCheckpoint(*context_.work.checkpoint, context_.work.study, context_.folder.latest());
  if (restored.ok()) return RunFrom(*restored);
  const absl::Status& error = restored.status();
  if (absl::IsInvalidArgument(error)) {
    return Ended(Outcome::Kind::kUnusableCheckpoint, error.message());
  }
  return Ended(Outcome::Kind::kWorkerTrouble,
               absl::StrCat("it cannot get at its checkpoint: ", error.message()));
}

absl::StatusOr<std::string> Attempt::PrepareCode() const {
  if (!command_.code().path().empty()) {
    std::error_code error;
    if (fs::is_directory(command_.code().path(), error)) return command_.code().path();
    if (IsOfMachine(error.value())) return OwnError(error.value(), command_.code().path());
    return absl::NotFoundError(absl::StrCat("trainer.command.code.path: there is no folder ",
                                            command_.code().path(), " on this worker"));
  }
  if (!context_.work.code_archive.empty()) {
    const auto archive = ReadFile(context_.work.code_archive);
    const absl::Status status =
        archive.ok() ? archive::Unpack(*archive, context_.folder.code(), kMaxCodeBytes)
                     : archive.status();
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat("the uploaded code: ", status.message()));
    }
  }
  return context_.folder.code();
}

training::Outcome Attempt::NotBegun(const absl::Status& error) const {
  std::error_code ignored;
  if (!command_.code().path().empty() || fs::is_directory(context_.folder.code(), ignored)) {
    return training::NotBegun(error);
  }
  return Ended(Outcome::Kind::kWorkerTrouble,
               absl::StrCat("something removed its folder from ", context_.folder.parent(),
                            ", where only this worker may"));
}

absl::StatusOr<ProgramSpec> Attempt::MakeSpec(const std::string& latest_checkpoint) {
  const v1::Study& study = context_.work.study;
  const v1::Trial& trial = context_.work.trial;
  const AttemptFolder& folder = context_.folder;
  const std::vector<Parameter> parameters = ActiveParameters(study, trial);
  const std::string json = ToJson(parameters);
  if (absl::Status status = WriteParameters(folder, json); !status.ok()) return status;
  const std::string seed = absl::StrCat(AttemptSeed(study.sampler().seed(), trial.number()));
  const std::string number = absl::StrCat(trial.number());
  const std::string attempt = absl::StrCat(context_.work.attempt);
  const Substitution substitution(study, parameters,
                                  {{"study", study.name()},
                                   {"trial", number},
                                   {"attempt", attempt},
                                   {"seed", seed},
                                   {"output_dir", folder.output()},
                                   {"checkpoint_dir", folder.checkpoints()},
                                   {"latest_checkpoint", latest_checkpoint},
                                   {"parameters_file", folder.parameters_file()}});
  Environment given = {{"CAVIAR_STUDY", study.name()},
                       {"CAVIAR_TRIAL", number},
                       {"CAVIAR_ATTEMPT", attempt},
                       {"CAVIAR_SEED", seed},
                       {"CAVIAR_PARAMETERS", json},
                       {"CAVIAR_PARAMETERS_FILE", folder.parameters_file()},
                       {"CAVIAR_OUTPUT_DIR", folder.output()},
                       {"CAVIAR_CHECKPOINT_DIR", folder.checkpoints()},
                       {"CAVIAR_LATEST_CHECKPOINT", latest_checkpoint},
                       {"CAVIAR_REPORT_ADDRESS", absl::StrCat("unix:", folder.socket())}};
  if (context_.gpus) given["CUDA_VISIBLE_DEVICES"] = *context_.gpus;
  const auto environment =
      MakeEnvironment(context_.worker_environment, command_, substitution, given);
  if (!environment.ok()) return environment.status();
  auto arguments = substitution.Run(command_);
  if (!arguments.ok()) return arguments.status();
  auto code = PrepareCode();
  if (!code.ok()) return code.status();
  auto file = FindProgram(arguments->front(), environment->at("PATH"), *code);
  if (!file.ok()) return file.status();
  ProgramSpec spec;
  spec.file = *std::move(file);
  spec.arguments = *std::move(arguments);
  spec.folder = *std::move(code);
  for (const auto& [name, value] : *environment) {
    spec.environment.push_back(absl::StrCat(name, "=", value));
  }
  return spec;
}

training::Outcome Attempt::RunFrom(const RestoredCheckpoint& checkpoint) {
  const v1::Study& study = context_.work.study;
  const auto metric_lines = MetricLines::Make(study);
  if (!metric_lines.ok()) return training::NotBegun(metric_lines.status());
  auto spec = MakeSpec(checkpoint.path);
  if (!spec.ok()) return NotBegun(spec.status());
  Curve curve(checkpoint.step, KeepsBest(study) ? &vocabulary::FirstObjective(study) : nullptr,
              context_.observer, log_);
  const auto reports = ReportSocket::Open(
      context_.folder.socket(), {metric_lines->declared(), curve, context_.observer, log_});
  if (!reports.ok()) return training::NotBegun(reports.status());
  CheckpointKeeper keeper(context_.work, curve);
  std::optional<CheckpointWatcher> watcher;
  if (command_.resumable()) {
    const absl::Status watched =
        Watch(watcher, {context_.folder.checkpoints(), keeper, curve, context_.observer, log_},
              checkpoint.path.empty() ? -1 : checkpoint.step);
    if (!watched.ok()) return training::NotBegun(watched);
  }
  const int64_t max_memory = command_.resources().memory().bytes();
  const Cgroups::Group group = context_.cgroups.Make(max_memory);
  spec->cgroup = group.folder;
  spec->max_memory = group.limits_memory ? 0 : max_memory;
  if (context_.on_start) context_.on_start(*spec);
  const auto process =
      Process::Start(*spec, absl::StrCat(study.name(), "/", context_.work.trial.number()));
  if (!process.ok()) {
    RemoveGroup(group.folder);
    return NotBegun(process.status());
  }
  ProgramRun run(
      {**process, *metric_lines, curve, log_, **reports, watcher ? &*watcher : nullptr,
       context_.observer,
       command_.has_time_limit() ? ToDuration(command_.time_limit()) : absl::InfiniteDuration(),
       command_.has_stop_grace() ? ToDuration(command_.stop_grace()) : kDefaultGrace});
  const ProgramRun::Result result = run.Run();
  return Judge(result, curve.last_step(), watcher ? &*watcher : nullptr);
}

training::Outcome Attempt::Judge(const ProgramRun::Result& result, int64_t last_step,
                                 CheckpointWatcher* checkpoints) {
  Outcome outcome;
  switch (result.reason) {
    case ProgramRun::Reason::kStop:
      outcome = Ended(Outcome::Kind::kStopped);
      break;
    case ProgramRun::Reason::kTimeLimit:
      outcome = Ended(Outcome::Kind::kFailed,
                      absl::StrCat("ran longer than time_limit ",
                                   absl::FormatDuration(ToDuration(command_.time_limit()))));
      break;
    case ProgramRun::Reason::kCheckpoint:
      outcome = Ended(Outcome::Kind::kFailed, checkpoints->failure());
      break;
    case ProgramRun::Reason::kItself:
      outcome =
          ToOutcome(result.end, log_.last_line(), last_step, command_.resources().memory().bytes());
      break;
  }
  // From what the program left the next attempt goes on.
  const bool goes_on =
      outcome.kind == Outcome::Kind::kRunAgain ||
      (outcome.kind == Outcome::Kind::kStopped && context_.observer.CheckpointRequested());
  if (checkpoints != nullptr) checkpoints->Finish(goes_on);
  return outcome;
}

}  // namespace caviar::command
