// A sampling profiler for one thread: where it is, two thousand times a second. For machines
// without perf; what the addresses mean is read from the debug information afterwards (addr2line).
#ifndef CAVIAR_TESTS_BENCH_CALL_STACKS_H_
#define CAVIAR_TESTS_BENCH_CALL_STACKS_H_

#include <signal.h>
#include <time.h>
#include <unwind.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace caviar::bench {

// One at a time in a process; samples the thread that made it, while it is on.
class CallStacks {
 public:
  CallStacks();
  ~CallStacks();
  CallStacks(const CallStacks&) = delete;
  CallStacks& operator=(const CallStacks&) = delete;

  void TurnOn();
  void TurnOff();

  // How often each stack was seen: "file+0xaddress" of each frame, innermost first, with spaces
  // between. Code that no file holds is "jit".
  std::map<std::string, int64_t> Counted() const;

 private:
  static constexpr int kFrames = 24;
  static constexpr size_t kMaxStacks = 100000;
  struct Stack {
    uintptr_t frames[kFrames];
    int size;
  };
  // What is known while a stack is looked at.
  struct Walk {
    const CallStacks& self;
    Stack& stack;
    uintptr_t here;       // where the signal found the thread
    bool inside = false;  // past the handler's own frames
  };

  static void Take(int signal, siginfo_t* info, void* context);
  static _Unwind_Reason_Code Visit(_Unwind_Context* context, void* walk);

  timer_t timer_;
  // Where the files' machine code lies: first and past-the-end addresses.
  std::vector<std::pair<uintptr_t, uintptr_t>> code_;
  std::vector<Stack> stacks_;
  size_t taken_ = 0;
  volatile sig_atomic_t on_ = 0;
};

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_CALL_STACKS_H_
