#include "worker/programs.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "worker/agent/resources.h"

namespace caviar::worker {
namespace {

constexpr double kGiB = 1 << 30;

std::string Describe(const v1::Resources& offered, const std::vector<std::string>& gpus) {
  return absl::StrFormat("%g processors, %s of memory, %s", offered.cpus(),
                         offered.has_memory()
                             ? absl::StrFormat("%.1f GiB", offered.memory().bytes() / kGiB)
                             : "any amount",
                         gpus.empty() ? "no GPU" : absl::StrCat("GPU ", absl::StrJoin(gpus, ",")));
}

}  // namespace

absl::StatusOr<Programs> SetUpPrograms(const Flags& flags) {
  const agent::MachineResources found = agent::Detect(agent::Machine::This());
  absl::StatusOr<std::vector<std::string>> gpus = agent::ChooseGpus(found.gpus, flags.gpus);
  if (!gpus.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--gpus: ", gpus.status().message()));
  }
  auto directory = agent::WorkDirectory::Make(flags.work_directory);
  if (!directory.ok()) return directory.status();

  Programs programs;
  programs.directory = *std::move(directory);
  programs.offered.set_cpus(flags.cpus.value_or(found.cpus));
  programs.offered.set_gpus(static_cast<int32_t>(gpus->size()));
  const int64_t memory_bytes = flags.memory_bytes.value_or(found.memory_bytes);
  if (memory_bytes > 0) programs.offered.mutable_memory()->set_bytes(memory_bytes);
  spdlog::info("runs programs, below {}, and offers them {}", programs.directory->path(),
               Describe(programs.offered, *gpus));
  command::CommandTrainerOptions options = {.work_directory = programs.directory->path()};
  options.offer = {*std::move(gpus), programs.offered.cpus()};
  if (memory_bytes > 0) options.offer.memory = memory_bytes;
  programs.trainer = std::make_unique<command::CommandTrainer>(std::move(options));
  return programs;
}

}  // namespace caviar::worker
