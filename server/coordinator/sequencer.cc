#include "server/coordinator/sequencer.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace caviar::coordinator {
namespace {

// A batch of so many takes some 15 MB and a tenth of a second; an outcome waits for one at most.
constexpr int64_t kValuesABatch = 20'000;

}  // namespace

void Sequencer::Start(Core& core) {
  thread_ = std::thread([this, &core] { Run(core); });
  pthread_setname_np(thread_.native_handle(), "sequencer");
}

void Sequencer::Post(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      queued_values_ += command.values;
      queue_.push_back(std::move(command));
      changed_.notify_one();
      return;
    }
  }
  command.answer(absl::CancelledError("the coordinator is shutting down"));
}

void Sequencer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Sequencer::Run(Core& core) {
  // All answers wait for this thread. Where that is not allowed, it stays as it is.
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) - 5);
  while (true) {
    std::vector<Command> commands;
    {
      std::unique_lock lock(mutex_);
      const absl::Duration wait = std::max(absl::ZeroDuration(), core.NextWake() - clock_.Steady());
      changed_.wait_for(lock, absl::ToChronoNanoseconds(wait),
                        [this] { return stopping_ || !queue_.empty(); });
      if (stopping_ && queue_.empty()) {
        stopped_ = true;
        return;
      }
      commands = TakeBatch();
    }
    core.Run(std::move(commands));
  }
}

std::vector<Command> Sequencer::TakeBatch() {
  std::vector<Command> batch;
  if (queued_values_ <= kValuesABatch) {
    queued_values_ = 0;
    batch.swap(queue_);
    return batch;
  }
  std::vector<Command> rest;
  int64_t values = 0;
  for (Command& command : queue_) {
    // At least one brings values, however many.
    const bool waits = command.values > 0 && values > 0 && values + command.values > kValuesABatch;
    if (waits) {
      values = kValuesABatch;  // those behind it wait, too
    } else {
      values += command.values;
      queued_values_ -= command.values;
    }
    (waits ? rest : batch).push_back(std::move(command));
  }
  queue_ = std::move(rest);
  return batch;
}

}  // namespace caviar::coordinator
