// The one thread that owns all state: it takes all commands that wait, lets the core decide and
// commit them, and starts again.
#ifndef CAVIAR_SERVER_COORDINATOR_SEQUENCER_H_
#define CAVIAR_SERVER_COORDINATOR_SEQUENCER_H_

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "server/coordinator/clock.h"
#include "server/coordinator/core.h"

namespace caviar::coordinator {

// Thread safe.
class Sequencer {
 public:
  explicit Sequencer(Clock& clock) : clock_(clock) {}
  ~Sequencer() { Stop(); }
  // `core` is used by the sequencer's thread alone from now on, until Stop returns.
  void Start(Core& core);
  // Puts a command in the queue. After Stop it is answered CANCELLED at once.
  void Post(Command command);
  // Runs what is queued, then joins the thread. Repeating is no error.
  void Stop();

 private:
  void Run(Core& core);
  // What the next batch takes of the queue: all of it, but for measurements past what a batch
  // bears. They stay in their order, and others go ahead of them.
  std::vector<Command> TakeBatch();
  Clock& clock_;
  // The standard library's: Abseil's waits end by the wall clock, and one that is set back would
  // put off all expiries.
  std::mutex mutex_;  // guards all below but the thread
  std::condition_variable changed_;
  bool stopping_ = false;
  bool stopped_ = false;
  std::vector<Command> queue_;
  int64_t queued_values_ = 0;
  std::thread thread_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_SEQUENCER_H_
