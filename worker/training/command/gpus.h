// The worker's GPUs, each of which one attempt has at a time.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_GPUS_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_GPUS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace caviar::command {

// Thread safe.
class Gpus {
 public:
  // `names` as CUDA_VISIBLE_DEVICES has them.
  explicit Gpus(std::vector<std::string> names);

  // Gives them back when it goes away, before the Gpus do.
  class Share {
   public:
    Share(Gpus& gpus, std::vector<size_t> places) : gpus_(gpus), places_(std::move(places)) {}
    ~Share() { gpus_.GiveBack(places_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    // "0,2"
    std::string Names() const;

   private:
    Gpus& gpus_;
    const std::vector<size_t> places_;
  };

  // Blocks until so many are free; who came first gets them first, so that one who needs many is
  // not passed by for ever. CANCELLED: `stop` became true. FAILED_PRECONDITION: there are not so
  // many.
  absl::StatusOr<std::unique_ptr<Share>> Take(int count, const std::function<bool()>& stop);
  bool empty() const { return names_.empty(); }

 private:
  void GiveBack(const std::vector<size_t>& places);
  std::vector<size_t> Free() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::vector<std::string> names_;
  absl::Mutex mutex_;
  std::vector<bool> taken_ ABSL_GUARDED_BY(mutex_);
  std::deque<int64_t> queue_ ABSL_GUARDED_BY(mutex_);
  int64_t next_ticket_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_GPUS_H_
