#include "tests/server/coordinator/simulation/process.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace caviar::coordinator::simulation {
namespace {

// Each run of the process draws other numbers.
class RunRandomness : public Randomness {
 public:
  explicit RunRandomness(int64_t run) : drawn_(static_cast<uint64_t>(run) << 32) {}
  uint64_t Draw() override { return ++drawn_ * 0x9E3779B97F4A7C15ull; }

 private:
  uint64_t drawn_;
};

}  // namespace

absl::Status Process::Start() {
  store_.Reopen();
  uploads = 0;
  Options options;
  options.lease_ttl = history_.ttl;
  options.version = "test";
  randomness_ = std::make_unique<RunRandomness>(++starts_);
  core_ = std::make_unique<Core>(
      Core::Dependencies{store_, clock_, *randomness_, leases_, sightings_, *this,
                         [this](Command command) { queue_.push_back(std::move(command)); },
                         [](const std::string&) {},
                         [this](int64_t study) {
                           std::erase_if(files, [&](const std::string& file) {
                             return file.starts_with(absl::StrCat("artifacts/", study, "/"));
                           });
                         },
                         [this](const std::string& file) { files.erase(file); },
                         [this](int64_t study, int32_t number, const std::set<std::string>& kept) {
                           const std::string folder =
                               absl::StrCat("artifacts/", study, "/", number, "/");
                           std::erase_if(files, [&](const std::string& file) {
                             return file.starts_with(folder) && !kept.contains(file);
                           });
                         },
                         [this](absl::Status status) { fatal_ = std::move(status); }},
      options);
  if (const absl::Status loaded = core_->Load(); !loaded.ok()) {
    core_.reset();
    return loaded;
  }
  // What an earlier process left behind.
  const std::set<std::string> named = core_->Files();
  std::erase_if(files, [&](const std::string& file) { return !named.contains(file); });
  if (starts_ > 1) history_.pauses.push_back({down_since_, time_.now()});
  next_wake_ = time_.now();
  return absl::OkStatus();
}

void Process::Kill() {
  queue_.clear();
  core_.reset();
  down_since_ = stalled_until_ > absl::ZeroDuration() ? stalled_since_ : time_.now();
  stalled_until_ = absl::ZeroDuration();
}

void Process::Stall(double seconds) {
  stalled_since_ = time_.now();
  stalled_until_ = time_.now() + absl::Seconds(seconds);
}

void Process::Post(Command command) {
  queue_.push_back(std::move(command));
  next_wake_ = std::min(next_wake_, time_.now() + absl::Milliseconds(1));
}

void Process::Settle() {
  if (!up() || time_.now() < stalled_until_) return;
  if (stalled_until_ > absl::ZeroDuration()) {
    history_.pauses.push_back({stalled_since_, time_.now()});
    stalled_until_ = absl::ZeroDuration();
  }
  try {
    do {
      RunOnce();
    } while (!queue_.empty() && !fatal_);
  } catch (const Killed&) {
    fatal_ = absl::AbortedError("killed");
  }
  if (!fatal_) return;
  fatal_.reset();
  Kill();
  if (on_died) on_died();
}

void Process::RunOnce() {
  std::vector<Command> commands;
  commands.swap(queue_);
  core_->Run(std::move(commands));
  // It sleeps so long, whatever becomes of the clock that it reads.
  next_wake_ = time_.now() + std::max(core_->NextWake() - clock_.Steady(), absl::Milliseconds(1));
}

void Process::Compute(SuggestionTask task, Deliver deliver) {
  if (!slow_sampler || time_.Chance(0.5)) return deliver(Suggest(task));
  time_.Later(time_.Uniform(4), [this, task, deliver, start = starts_] {
    if (!up() || start != starts_) return;
    deliver(Suggest(task));
    next_wake_ = std::min(next_wake_, time_.now() + absl::Milliseconds(1));
  });
}

}  // namespace caviar::coordinator::simulation
