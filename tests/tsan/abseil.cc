// What Abseil synchronizes with, made of the standard library's mutexes and atomics, for programs
// that run under ThreadSanitizer: it sees nothing of what happens within the distribution's
// Abseil, and would take all that an absl::Mutex guards for unguarded. These definitions come
// before the shared library's own. Condition variables and readers that share are not here:
// nothing uses them.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "absl/status/status.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace absl {
ABSL_NAMESPACE_BEGIN
namespace {

struct Lockable {
  std::mutex mutex;
  // It was unlocked: who waits looks at its condition again.
  std::condition_variable unlocked;
};

// What stands in a mutex's only word, which is 0 before its first use.
Lockable& In(std::atomic<intptr_t>& word) {
  intptr_t there = word.load(std::memory_order_acquire);
  if (there == 0) {
    auto* made = new Lockable;
    if (word.compare_exchange_strong(there, reinterpret_cast<intptr_t>(made))) return *made;
    delete made;
  }
  return *reinterpret_cast<Lockable*>(there);
}

// The mutex is held, and is again when this returns. Whether the condition holds then.
bool WaitFor(Lockable& held, const Condition& condition, Duration longest) {
  std::unique_lock<std::mutex> lock(held.mutex, std::adopt_lock);
  const auto holds = [&condition] { return condition.Eval(); };
  bool result = true;
  if (longest == InfiniteDuration()) {
    held.unlocked.wait(lock, holds);
  } else {
    result = held.unlocked.wait_for(lock, ToChronoNanoseconds(longest), holds);
  }
  lock.release();
  return result;
}

}  // namespace

Mutex::~Mutex() { delete reinterpret_cast<Lockable*>(mu_.load(std::memory_order_acquire)); }
void Mutex::Lock() { In(mu_).mutex.lock(); }
bool Mutex::TryLock() { return In(mu_).mutex.try_lock(); }
void Mutex::Unlock() {
  Lockable& held = In(mu_);
  // Before it is let go: afterwards another may destroy it.
  held.unlocked.notify_all();
  held.mutex.unlock();
}
void Mutex::ReaderLock() { Lock(); }
void Mutex::ReaderUnlock() { Unlock(); }
void Mutex::AssertHeld() const {}
void Mutex::AssertReaderHeld() const {}
void Mutex::Await(const Condition& condition) { AwaitWithTimeout(condition, InfiniteDuration()); }
bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  // What was changed since it was locked may be what others wait for.
  In(mu_).unlocked.notify_all();
  return WaitFor(In(mu_), condition, timeout);
}
bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  return AwaitWithTimeout(condition, deadline - Now());
}
void Mutex::LockWhen(const Condition& condition) {
  Lock();
  Await(condition);
}
bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  Lock();
  return AwaitWithTimeout(condition, timeout);
}
bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  return LockWhenWithTimeout(condition, deadline - Now());
}

// As in Abseil; here they are compiled for ThreadSanitizer.
Notification::~Notification() { MutexLock lock(&mutex_); }
void Notification::Notify() {
  MutexLock lock(&mutex_);
  notified_yet_.store(true, std::memory_order_release);
}
void Notification::WaitForNotification() const {
  WaitForNotificationWithTimeout(InfiniteDuration());
}
bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  const bool notified =
      mutex_.LockWhenWithTimeout(Condition(&HasBeenNotifiedInternal, &notified_yet_), timeout);
  mutex_.Unlock();
  return notified;
}
bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  return WaitForNotificationWithTimeout(deadline - Now());
}

BlockingCounter::BlockingCounter(int count) : count_(count), num_waiting_(0), done_(count == 0) {}
bool BlockingCounter::DecrementCount() {
  MutexLock lock(&lock_);
  done_ = --count_ == 0;
  return done_;
}
void BlockingCounter::Wait() {
  lock_.LockWhen(Condition(&done_));
  lock_.Unlock();
}

// The last to let go of what copies of a status share removes it, after all that the others read.
void Status::UnrefNonInlined(uintptr_t rep) {
  status_internal::StatusRep* shared = RepToPointer(rep);
  if (shared->ref.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared;
}

ABSL_NAMESPACE_END
}  // namespace absl
