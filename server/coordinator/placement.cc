#include "server/coordinator/placement.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/vocabulary.h"
#include "server/coordinator/messages.h"

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
                        : study.trainer().has_command() && RunsPrograms(worker);
  return able && std::all_of(study.workers().begin(), study.workers().end(), [&](const auto& need) {
           const auto label = worker.labels.find(need.first);
           return label != worker.labels.end() && label->second == need.second;
         });
}

bool IsWanted(const v1::Study& study, const std::vector<std::string>& studies,
              const std::vector<std::string>& owners) {
  const auto is_among = [](const std::string& name, const std::vector<std::string>& names) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  return is_among(study.name(), studies) && is_among(study.owner(), owners);
}

bool RunsPrograms(const storage::WorkerRow& worker) { return HasFeature(worker, "command"); }

std::string WhyNoWorker(const std::vector<const storage::WorkerRow*>& workers,
                        const v1::Study& study) {
  if (study.trainer().has_external()) return "";
  if (workers.empty()) return absl::StrCat(vocabulary::kNoWorker, ": there is none");
  v1::Study anywhere = study;
  anywhere.clear_workers();
  const v1::Resources& taken = study.trainer().command().resources();
  bool able = false, labelled = false;
  v1::Resources most;
  for (const storage::WorkerRow* worker : workers) {
    if (!CanRun(*worker, anywhere)) continue;
    able = true;
    if (!CanRun(*worker, study)) continue;
    labelled = true;
    if (Fits(*worker, {}, study)) return "";
    const v1::Resources& offered = worker->resources;
    most.set_cpus(std::max(most.cpus(), offered.has_cpus() ? offered.cpus() : taken.cpus()));
    most.set_gpus(std::max(most.gpus(), offered.gpus()));
    most.mutable_memory()->set_bytes(
        std::max(most.memory().bytes(), (offered.has_memory() ? offered : taken).memory().bytes()));
  }
  if (!able) {
    return absl::StrCat(vocabulary::kNoWorker,
                        study.trainer().has_command()
                            ? ": none runs programs; start one with --allow-commands"
                            : ": none trains networks");
  }
  if (!labelled) {
    return absl::StrCat(vocabulary::kNoWorker, ": none has all of its labels (workers), ",
                        absl::StrJoin(std::map<std::string, std::string>(study.workers().begin(),
                                                                         study.workers().end()),
                                      " ", absl::PairFormatter("=")));
  }
  return absl::StrCat(
      vocabulary::kNoWorker, ": a trial takes ", taken.cpus(), " cpus, ", taken.gpus(),
      " gpus and ", taken.memory().bytes() >> 20,
      " MiB of memory, and no worker offers all of that; the most that any offers is ", most.cpus(),
      ", ", most.gpus(), " and ", most.memory().bytes() >> 20);
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

bool EndsInTime(const v1::Study& study, absl::Duration usually, absl::Duration time_left) {
  if (!study.trainer().has_command()) return true;
  const v1::Command& command = study.trainer().command();
  if (command.resumable()) return true;
  if (usually == absl::ZeroDuration() && command.has_time_limit()) {
    usually = FromMessage(command.time_limit());
  }
  return usually <= time_left;
}

}  // namespace caviar::coordinator
