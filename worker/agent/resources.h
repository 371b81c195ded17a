// What the machine lets a worker's programs have.
#ifndef CAVIAR_WORKER_AGENT_RESOURCES_H_
#define CAVIAR_WORKER_AGENT_RESOURCES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::agent {

// Where it is read from.
struct Machine {
  std::string proc = "/proc";
  std::string cgroups = "/sys/fs/cgroup";
  std::string devices = "/dev";
  // Processors that this process may run on.
  int affinity = 1;
  // CUDA_VISIBLE_DEVICES, which Slurm and others set; nullopt: it is not set.
  std::optional<std::string> cuda_visible_devices;

  // The one that this process runs on.
  static Machine This();
};

struct MachineResources {
  // Those that it may run on, or what the limits of its control groups are worth, if that is less.
  double cpus = 1;
  // The machine's, or the limit of its control groups, if that is less. 0: not known.
  int64_t memory_bytes = 0;
  // What CUDA_VISIBLE_DEVICES calls them: "0", "GPU-8932f937-...". All of the machine where that is
  // not set.
  std::vector<std::string> gpus;
};

// Control groups of both versions count, and those above the process's own.
MachineResources Detect(const Machine& machine);

// `wanted` is "all", or a number: the first so many of `gpus`. INVALID_ARGUMENT: there are fewer.
absl::StatusOr<std::vector<std::string>> ChooseGpus(const std::vector<std::string>& gpus,
                                                    absl::string_view wanted);

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_RESOURCES_H_
