#include "tests/bench/load_loops.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <utility>

#include "absl/synchronization/blocking_counter.h"

namespace caviar::bench {
namespace {

using Clock = LoadWorker::Clock;
using Seconds = std::chrono::duration<double>;

double Milliseconds(Clock::duration time) { return Seconds(time).count() * 1e3; }

Clock::duration ToDuration(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
}

// Lets each worker call, one call after the other, while `next` says what.
class ClosedLoop {
 public:
  // nullopt: this worker has called enough. Called on the worker's thread.
  using Next = std::function<std::optional<Call>(size_t worker)>;
  ClosedLoop(Workers& workers, Next next)
      : workers_(workers),
        next_(std::move(next)),
        calls_(workers.size()),
        left_(static_cast<int>(workers.size())) {}

  void Run() {
    for (size_t i = 0; i < workers_.size(); ++i) Step(i);
    left_.Wait();
  }

  // When each call of a worker was answered, and how long it took.
  struct Answer {
    Clock::time_point at;
    Clock::duration took;
  };
  const std::vector<std::vector<Answer>>& calls() const { return calls_; }

 private:
  void Step(size_t i) {
    const std::optional<Call> call = next_(i);
    if (!call) {
      left_.DecrementCount();
      return;
    }
    workers_[i]->Start(*call, [this, i](Clock::duration took) {
      calls_[i].push_back({Clock::now(), took});
      Step(i);
    });
  }

  Workers& workers_;
  const Next next_;
  std::vector<std::vector<Answer>> calls_;
  absl::BlockingCounter left_;
};

// Calls `start` on this thread at random times.
void AtPace(double calls_per_second, double seconds, const std::function<void()>& start) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> gap(calls_per_second);
  Clock::time_point next = Clock::now();
  const Clock::time_point end = next + ToDuration(seconds);
  while ((next += ToDuration(gap(random))) < end) {
    std::this_thread::sleep_until(next);
    start();
  }
}

// Workers of which some are waiting for an answer.
class IdleWorkers {
 public:
  explicit IdleWorkers(Workers& workers) : workers_(workers), slots_(workers.size()) {}

  // The next one in turn that has no call running, which is then `Slot::busy`; nullopt: none.
  std::optional<size_t> Take() {
    for (size_t tried = 0; tried < slots_.size(); ++tried) {
      const size_t i = turn_++ % slots_.size();
      if (!slots_[i].busy.exchange(true)) return i;
    }
    return std::nullopt;
  }
  void Start(size_t i, Call call) {
    workers_[i]->Start(call, [this, i, call](Clock::duration took) {
      slots_[i].answers.emplace_back(call, took);
      slots_[i].busy = false;
    });
  }
  // Waits for all calls.
  std::map<Call, Sample> Join() {
    std::map<Call, Sample> samples;
    for (Slot& slot : slots_) {
      while (slot.busy) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      for (const auto& [call, took] : slot.answers) {
        samples[call].milliseconds.push_back(Milliseconds(took));
      }
    }
    return samples;
  }

 private:
  struct Slot {
    std::atomic<bool> busy = false;
    std::vector<std::pair<Call, Clock::duration>> answers;
  };
  Workers& workers_;
  std::vector<Slot> slots_;
  size_t turn_ = 0;
};

}  // namespace

Workers ConnectWorkers(const std::string& address, int count) {
  Workers workers;
  for (int i = 0; i < count; ++i) {
    workers.push_back(std::make_unique<LoadWorker>(address));
    workers.back()->Connect();
  }
  return workers;
}

void Sample::Add(const Sample& other) {
  milliseconds.insert(milliseconds.end(), other.milliseconds.begin(), other.milliseconds.end());
}

Sample CallForTime(Workers& workers, Call call, double seconds, size_t leases) {
  const Clock::time_point start = Clock::now();
  std::atomic<Clock::time_point> end = start + ToDuration(seconds);
  ClosedLoop loop(workers, [&](size_t i) -> std::optional<Call> {
    const Clock::time_point now = Clock::now();
    if (now >= end.load()) return std::nullopt;
    if (call != Call::kFinish || workers[i]->leases() > leases) return call;
    // From now on not all call.
    end = now;
    return std::nullopt;
  });
  loop.Run();
  Sample sample;
  int64_t in_time = 0;
  for (const auto& answers : loop.calls()) {
    for (const auto& answer : answers) {
      sample.milliseconds.push_back(Milliseconds(answer.took));
      if (answer.at <= end.load()) ++in_time;
    }
  }
  sample.calls_per_second = static_cast<double>(in_time) / Seconds(end.load() - start).count();
  return sample;
}

void BringTo(Workers& workers, size_t leases) {
  ClosedLoop(workers, [&](size_t i) -> std::optional<Call> {
    if (workers[i]->HasUnreported()) return Call::kReport;
    if (workers[i]->leases() < leases) return Call::kAcquire;
    if (workers[i]->leases() > leases) return Call::kFinish;
    return std::nullopt;
  }).Run();
}

std::map<Call, Sample> CallAtPace(Workers& workers, double calls_per_second, double seconds) {
  constexpr Call kTurns[] = {Call::kAcquire, Call::kReport, Call::kReport, Call::kReport,
                             Call::kReport,  Call::kReport, Call::kRenew,  Call::kFinish};
  constexpr size_t kCount = std::size(kTurns);
  std::vector<size_t> turns(workers.size());
  for (size_t i = 0; i < turns.size(); ++i) turns[i] = i % kCount;
  IdleWorkers idle(workers);
  AtPace(calls_per_second, seconds, [&] {
    const std::optional<size_t> i = idle.Take();
    if (!i) return;
    Call call = kTurns[turns[*i]++ % kCount];
    // One with a single lease may have finished it before its turn to acquire.
    if (workers[*i]->leases() == 0) call = Call::kAcquire;
    idle.Start(*i, call);
  });
  return idle.Join();
}

Sample CallEmptyAtPace(Workers& workers, double calls_per_second, double seconds) {
  IdleWorkers idle(workers);
  AtPace(calls_per_second, seconds, [&] {
    if (const std::optional<size_t> i = idle.Take()) idle.Start(*i, Call::kEmpty);
  });
  return idle.Join()[Call::kEmpty];
}

Sample CallAtOnce(Workers& workers, Call call) {
  std::vector<Clock::time_point> answered(workers.size());
  absl::BlockingCounter left(static_cast<int>(workers.size()));
  const Clock::time_point start = Clock::now();
  for (size_t i = 0; i < workers.size(); ++i) {
    workers[i]->Start(call, [&, i](Clock::duration) {
      answered[i] = Clock::now();
      left.DecrementCount();
    });
  }
  left.Wait();
  Sample sample;
  for (const Clock::time_point at : answered)
    sample.milliseconds.push_back(Milliseconds(at - start));
  return sample;
}

}  // namespace caviar::bench
