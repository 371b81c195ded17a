// Which workers may run a study's trials, and how many at once. Internal to this room.
#ifndef CAVIAR_SERVER_COORDINATOR_PLACEMENT_H_
#define CAVIAR_SERVER_COORDINATOR_PLACEMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "caviar/v1/study.pb.h"
#include "storage/store.h"

namespace caviar::coordinator {

// What programs take of a worker.
struct Taken {
  double cpus = 0;
  int32_t gpus = 0;
  int64_t memory = 0;  // bytes

  // One more attempt of this study. The built-in trainer takes a slot and nothing else.
  void Add(const v1::Study& study);
};

// Whether the worker has the feature and the labels that the study needs; never for asked trials.
bool CanRun(const storage::WorkerRow& worker, const v1::Study& study);

// Whether a worker that takes only these studies, by name, and only these owners' takes this one's
// trials. Empty: all.
bool IsWanted(const v1::Study& study, const std::vector<std::string>& studies,
              const std::vector<std::string>& owners);

bool RunsPrograms(const storage::WorkerRow& worker);

// Why none of these workers could run a trial of the study, also if it ran nothing else: in
// words for people, which begin with vocabulary::kNoWorker. "": one could, or its trials go to no
// workers.
std::string WhyNoWorker(const std::vector<const storage::WorkerRow*>& workers,
                        const v1::Study& study);

// Whether one more attempt of the study fits beside what is taken. What a worker does not say is
// without limit, but for GPUs.
bool Fits(const storage::WorkerRow& worker, const Taken& taken, const v1::Study& study);

// Whether a worker that leaves after `time_left` may begin a trial that `usually` takes so long (0:
// nobody knows yet). What can go on elsewhere from a checkpoint may begin anywhere. Where nobody
// knows, a program's time_limit is taken, and else a trial is risked: nothing is counted against it
// when it is given back.
bool EndsInTime(const v1::Study& study, absl::Duration usually, absl::Duration time_left);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_PLACEMENT_H_
