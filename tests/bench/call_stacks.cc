#include "tests/bench/call_stacks.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace caviar::bench {
namespace {

CallStacks* current = nullptr;

uintptr_t ProgramCounter([[maybe_unused]] const void* context) {
#ifdef __x86_64__
  const auto* machine = static_cast<const ucontext_t*>(context);
  return static_cast<uintptr_t>(machine->uc_mcontext.gregs[REG_RIP]);
#else
  return 0;
#endif
}

std::string Name(uintptr_t address, bool innermost) {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(address), &info) == 0 || info.dli_fname == nullptr) {
    return "jit";
  }
  // A caller's address is that of the instruction after its call.
  const uintptr_t offset =
      address - reinterpret_cast<uintptr_t>(info.dli_fbase) - (innermost ? 0 : 1);
  return absl::StrCat(info.dli_fname, "+0x", absl::Hex(offset));
}

}  // namespace

CallStacks::CallStacks() : stacks_(kMaxStacks) {
  dl_iterate_phdr(
      [](dl_phdr_info* file, size_t /*size*/, void* code) {
        for (int i = 0; i < file->dlpi_phnum; ++i) {
          const auto& segment = file->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
          const uintptr_t start = file->dlpi_addr + segment.p_vaddr;
          static_cast<decltype(code_)*>(code)->emplace_back(start, start + segment.p_memsz);
        }
        return 0;
      },
      &code_);
  current = this;

  struct sigaction action = {};
  action.sa_sigaction = Take;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGPROF, &action, nullptr);
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGPROF;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
    std::perror("timer_create");
    std::exit(1);
  }
}

CallStacks::~CallStacks() {
  timer_delete(timer_);
  signal(SIGPROF, SIG_IGN);
  current = nullptr;
}

void CallStacks::TurnOn() {
  on_ = 1;
  // Not a divisor of anything that a training does regularly.
  constexpr itimerspec kEvery = {.it_interval = {0, 497'000}, .it_value = {0, 497'000}};
  timer_settime(timer_, 0, &kEvery, nullptr);
}

void CallStacks::TurnOff() {
  on_ = 0;
  constexpr itimerspec kNever = {};
  timer_settime(timer_, 0, &kNever, nullptr);
}

void CallStacks::Take(int /*signal*/, siginfo_t* /*info*/, void* context) {
  if (current == nullptr || current->on_ == 0 || current->taken_ == kMaxStacks) return;
  Walk walk = {*current, current->stacks_[current->taken_++], ProgramCounter(context)};
  walk.stack.frames[0] = walk.here;
  walk.stack.size = 1;
  _Unwind_Backtrace(Visit, &walk);
}

// Called for each frame, the handler's first, before its caller is looked for.
_Unwind_Reason_Code CallStacks::Visit(_Unwind_Context* context, void* walk_pointer) {
  Walk& walk = *static_cast<Walk*>(walk_pointer);
  const uintptr_t address = _Unwind_GetIP(context);
  if (!walk.inside) {
    walk.inside = address == walk.here;
  } else {
    walk.stack.frames[walk.stack.size++] = address;
  }
  // g++ describes some frames that it aligned for vectors wrongly: what stands above them is no
  // code, and the unwinder would fall over it.
  const bool is_code = std::any_of(
      walk.self.code_.begin(), walk.self.code_.end(),
      [&](const auto& range) { return address >= range.first && address < range.second; });
  return is_code && walk.stack.size < kFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

std::map<std::string, int64_t> CallStacks::Counted() const {
  std::map<std::string, int64_t> counted;
  for (size_t i = 0; i < taken_; ++i) {
    std::string names;
    for (int k = 0; k < stacks_[i].size; ++k) {
      absl::StrAppend(&names, k > 0 ? " " : "", Name(stacks_[i].frames[k], k == 0));
    }
    ++counted[names];
  }
  return counted;
}

}  // namespace caviar::bench
