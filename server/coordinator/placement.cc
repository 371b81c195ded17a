#include "server/coordinator/placement.h"

#include <algorithm>
#include <string>

namespace caviar::coordinator {
namespace {

// Fractions add up with errors: ten times 0.1 is one processor.
constexpr double kCpuTolerance = 1e-6;

bool HasFeature(const storage::WorkerRow& worker, const char* feature) {
  return std::find(worker.features.begin(), worker.features.end(), feature) !=
         worker.features.end();
}

}  // namespace

void Taken::Add(const v1::Study& study) {
  if (!study.trainer().has_command()) return;
  const v1::Resources& resources = study.trainer().command().resources();
  cpus += resources.cpus();
  gpus += resources.gpus();
  memory += resources.memory().bytes();
}

bool CanRun(const storage::WorkerRow& worker, const v1::Study& study) {
  const bool able = study.trainer().has_batch_norm_network()
                        ? HasFeature(worker, "batch_norm_network")
                        : study.trainer().has_command() && HasFeature(worker, "command");
  return able && std::all_of(study.workers().begin(), study.workers().end(), [&](const auto& need) {
           const auto label = worker.labels.find(need.first);
           return label != worker.labels.end() && label->second == need.second;
         });
}

bool Fits(const storage::WorkerRow& worker, const Taken& taken, const v1::Study& study) {
  if (!study.trainer().has_command()) return true;
  Taken then = taken;
  then.Add(study);
  const v1::Resources& offered = worker.resources;
  return (!offered.has_cpus() || then.cpus <= offered.cpus() + kCpuTolerance) &&
         then.gpus <= std::max(offered.gpus(), taken.gpus) &&
         (!offered.has_memory() || then.memory <= offered.memory().bytes());
}

}  // namespace caviar::coordinator
