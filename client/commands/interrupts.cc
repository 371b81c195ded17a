#include "client/commands/interrupts.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <thread>
#include <utility>

namespace caviar::commands {
namespace {

// Signals are blocked and read from a descriptor: a handler could call next to nothing.
class Catcher {
 public:
  explicit Catcher(std::function<void()> on_interrupt) : on_interrupt_(std::move(on_interrupt)) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    // Shells start background jobs with SIGINT ignored; that is to stay so.
    struct sigaction interrupt = {};
    sigaction(SIGINT, nullptr, &interrupt);
    if (interrupt.sa_handler != SIG_IGN) sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
    signals_ = signalfd(-1, &signals, SFD_CLOEXEC);
    stop_ = eventfd(0, EFD_CLOEXEC);
    if (signals_ < 0 || stop_ < 0) {
      // Out of descriptors: then a signal ends the process as it always does.
      pthread_sigmask(SIG_SETMASK, &before_, nullptr);
      return;
    }
    thread_ = std::thread([this] { Watch(); });
    pthread_setname_np(thread_.native_handle(), "interrupts");
  }

  ~Catcher() {
    if (thread_.joinable()) {
      const uint64_t one = 1;
      // A counter at 0 takes it.
      [[maybe_unused]] const ssize_t written = write(stop_, &one, sizeof(one));
      thread_.join();
      pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    if (signals_ >= 0) close(signals_);
    if (stop_ >= 0) close(stop_);
  }

  Catcher(const Catcher&) = delete;
  Catcher& operator=(const Catcher&) = delete;

 private:
  void Watch() {
    bool called = false;
    while (true) {
      pollfd descriptors[] = {{signals_, POLLIN, 0}, {stop_, POLLIN, 0}};
      if (poll(descriptors, 2, -1) < 0) continue;
      if ((descriptors[1].revents & POLLIN) != 0) return;
      signalfd_siginfo info;
      if (read(signals_, &info, sizeof(info)) != sizeof(info)) continue;
      if (called) _exit(130);
      called = true;
      on_interrupt_();
    }
  }

  const std::function<void()> on_interrupt_;
  sigset_t before_;
  int signals_ = -1;
  int stop_ = -1;
  std::thread thread_;
};

}  // namespace

std::shared_ptr<void> CatchInterrupts(std::function<void()> on_interrupt) {
  return std::make_shared<Catcher>(std::move(on_interrupt));
}

}  // namespace caviar::commands
