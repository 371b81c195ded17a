#include "worker/training/command/budget.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

namespace caviar::command {
namespace {

// How often one who waits looks whether it is to stop.
constexpr absl::Duration kLook = absl::Milliseconds(50);
// As the coordinator's, so that three times 0.1 are 0.3 here too.
constexpr double kCpuTolerance = 1e-6;

}  // namespace

void Budget::Amounts::Add(const Amounts& more) {
  cpus += more.cpus;
  memory += more.memory;
  gpus += more.gpus;
}

void Budget::Amounts::Subtract(const Amounts& less) {
  cpus -= less.cpus;
  memory -= less.memory;
  gpus -= less.gpus;
}

std::string Budget::Share::GpuNames() const {
  return absl::StrJoin(gpus_, ",", [this](std::string* out, size_t gpu) {
    absl::StrAppend(out, budget_.offer_.gpus[gpu]);
  });
}

Budget::Budget(Offer offer) : offer_(std::move(offer)), taken_gpus_(offer_.gpus.size()) {}

Budget::Amounts Budget::ToAmounts(const v1::Resources& needs) const {
  Amounts amounts;
  if (offer_.cpus) amounts.cpus = std::min(needs.cpus(), *offer_.cpus);
  if (offer_.memory) amounts.memory = std::min(needs.memory().bytes(), *offer_.memory);
  amounts.gpus = static_cast<size_t>(std::max(needs.gpus(), 0));
  return amounts;
}

bool Budget::IsFree(Queue::const_iterator wanted) const {
  Amounts all = taken_;
  for (auto at = queue_.begin(); at != wanted; ++at) all.Add(*at);
  all.Add(*wanted);
  return (wanted->cpus == 0 || all.cpus <= *offer_.cpus + kCpuTolerance) &&
         (wanted->memory == 0 || all.memory <= *offer_.memory) &&
         (wanted->gpus == 0 || all.gpus <= offer_.gpus.size());
}

std::vector<size_t> Budget::TakeGpus(size_t count) {
  std::vector<size_t> gpus;
  for (size_t gpu = 0; gpus.size() < count; ++gpu) {
    if (taken_gpus_[gpu]) continue;
    taken_gpus_[gpu] = true;
    gpus.push_back(gpu);
  }
  return gpus;
}

absl::StatusOr<std::unique_ptr<Budget::Share>> Budget::Take(const v1::Resources& needs,
                                                            const std::function<bool()>& stop) {
  const Amounts amounts = ToAmounts(needs);
  if (amounts.gpus > offer_.gpus.size()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the program needs ", amounts.gpus, " GPUs, and this worker has ", offer_.gpus.size()));
  }
  absl::MutexLock lock(&mutex_);
  const auto mine = queue_.insert(queue_.end(), amounts);
  const auto is_free = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return IsFree(mine); };
  bool stopped = false;
  while (!stopped && !mutex_.AwaitWithTimeout(absl::Condition(&is_free), kLook)) {
    mutex_.Unlock();
    stopped = stop();
    mutex_.Lock();
  }
  queue_.erase(mine);
  if (stopped) return absl::CancelledError("stopped while it waited for resources");
  taken_.Add(amounts);
  return std::make_unique<Share>(*this, amounts, TakeGpus(amounts.gpus));
}

void Budget::GiveBack(const Amounts& amounts, const std::vector<size_t>& gpus) {
  absl::MutexLock lock(&mutex_);
  taken_.Subtract(amounts);
  for (const size_t gpu : gpus) taken_gpus_[gpu] = false;
}

}  // namespace caviar::command
