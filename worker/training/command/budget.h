// What a worker's programs may have at a time: processors, memory and GPUs.
//
// The coordinator counts the trials that run. A program goes on for a while after its trial was
// cancelled, pruned or deleted: only the worker knows what it still has.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_BUDGET_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_BUDGET_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/command.pb.h"

namespace caviar::command {

// Thread safe.
class Budget {
 public:
  struct Offer {
    // As CUDA_VISIBLE_DEVICES has them. Each is given to one attempt at a time.
    std::vector<std::string> gpus = {};
    // Processors, and bytes of memory. nullopt: nobody waits for them.
    std::optional<double> cpus = std::nullopt;
    std::optional<int64_t> memory = std::nullopt;
  };
  explicit Budget(Offer offer);

  // Of what is limited.
  struct Amounts {
    double cpus = 0;
    int64_t memory = 0;
    size_t gpus = 0;
    void Add(const Amounts& more);
    void Subtract(const Amounts& less);
  };

  // Gives it back when it goes away, before the Budget does.
  class Share {
   public:
    Share(Budget& budget, const Amounts& amounts, std::vector<size_t> gpus)
        : budget_(budget), amounts_(amounts), gpus_(std::move(gpus)) {}
    ~Share() { budget_.GiveBack(amounts_, gpus_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    // "0,2"
    std::string GpuNames() const;

   private:
    Budget& budget_;
    const Amounts amounts_;
    const std::vector<size_t> gpus_;
  };

  // Blocks until what is needed is free. Who comes later goes first only where that leaves those
  // before it what they wait for, so that one who needs much is not passed by for ever. Who needs
  // more processors or memory than there are waits for all of them. CANCELLED: `stop` became true.
  // FAILED_PRECONDITION: there are not so many GPUs.
  absl::StatusOr<std::unique_ptr<Share>> Take(const v1::Resources& needs,
                                              const std::function<bool()>& stop);
  bool has_gpus() const { return !offer_.gpus.empty(); }

 private:
  using Queue = std::list<Amounts>;

  Amounts ToAmounts(const v1::Resources& needs) const;
  bool IsFree(Queue::const_iterator wanted) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<size_t> TakeGpus(size_t count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBack(const Amounts& amounts, const std::vector<size_t>& gpus);

  const Offer offer_;
  absl::Mutex mutex_;
  Amounts taken_ ABSL_GUARDED_BY(mutex_);
  std::vector<bool> taken_gpus_ ABSL_GUARDED_BY(mutex_);
  Queue queue_ ABSL_GUARDED_BY(mutex_);  // what those who wait need, as they came
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_BUDGET_H_
