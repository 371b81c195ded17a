// What becomes of a batch whose commit failed, and of those that come until the store commits
// again.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/coordinator/core.h"
#include "server/coordinator/disk_full.h"

namespace caviar::coordinator {
namespace {

// What is lasting is of leases, nearly all of it, which expire by themselves.
constexpr size_t kMostLasting = 10'000;
// How much longer than reading the store again took, after a failed commit, nothing is written of
// the core's own accord.
constexpr int kRestsALoad = 10;
constexpr absl::Duration kLongestHold = absl::Seconds(30);
// How often an idle core looks whether the store commits again.
constexpr absl::Duration kProbesApart = absl::Seconds(10);

}  // namespace

absl::Status Core::Refusal(const absl::Status& failure) {
  if (absl::IsResourceExhausted(failure)) return RetryWhenThereIsRoom(failure);
  if (absl::IsInvalidArgument(failure)) {
    return absl::InternalError(
        absl::StrCat("the store refused a row: ", std::string(failure.message())));
  }
  return absl::UnavailableError(
      absl::StrCat("the coordinator could not store this, nothing was changed; try again (",
                   std::string(failure.message()), ")"));
}

void Core::Die(const absl::Status& damage) {
  dead_ = true;
  deps_.on_fatal(damage);
}

void Core::Recover(std::vector<Command>& commands, const absl::Status& failure) {
  parked_.insert(parked_.begin(), std::make_move_iterator(served_.begin()),
                 std::make_move_iterator(served_.end()));
  served_.clear();
  if (deps_.measures != nullptr) deps_.measures->OnFailedCommit();
  if (absl::IsDataLoss(failure)) return Die(failure);
  const absl::Duration began = deps_.clock.Steady();
  const absl::Status loaded = Load();
  load_took_ = deps_.clock.Steady() - began;
  // What cannot be read now is read before the next decision.
  unread_ = absl::IsUnavailable(loaded) || absl::IsResourceExhausted(loaded);
  if (!loaded.ok() && !unread_) return Die(loaded);
  if (absl::IsInvalidArgument(failure)) {
    store_health_.Works();
  } else {
    store_health_.Failed(failure, deps_.clock.Steady());
  }
  Hold();
  if (unread_) {
    next_wake_ = hold_until_;
  } else if (absl::IsInvalidArgument(failure) && !replaying_) {
    return Replay(std::move(commands));
  }
  Refuse(commands, failure);
}

// The counters alone, the smallest commit that there is.
absl::Status Core::ProbeStore() {
  absl::Status status = deps_.store.Apply({state_.counters}, state_.commit + 1);
  if (status.ok()) {
    ++state_.commit;
    stored_counters_ = state_.counters;
  }
  return status;
}

void Core::RefuseWhileDoubted(std::vector<Command>& commands, absl::Duration now) {
  const auto storing =
      std::stable_partition(commands.begin(), commands.end(),
                            [](const Command& command) { return command.needs != Needs::kStore; });
  // Where reading again is quick the core's own work is its own probe, where there is some.
  const bool tries_itself =
      now >= hold_until_ && (load_took_ > SweepInterval() || now >= next_probe_);
  if (storing == commands.end() && !tries_itself) return;
  next_probe_ = now + kProbesApart;
  const absl::Status failure = ProbeStore();
  if (failure.ok()) return store_health_.Works();
  store_health_.Failed(failure, now);
  if (deps_.measures != nullptr) deps_.measures->OnFailedCommit();
  if (absl::IsDataLoss(failure)) return Die(failure);
  if (now >= hold_until_) Hold();
  std::vector<Command> refused(std::make_move_iterator(storing),
                               std::make_move_iterator(commands.end()));
  commands.erase(storing, commands.end());
  Refuse(refused, failure);
}

void Core::Refuse(std::vector<Command>& commands, const absl::Status& failure) {
  for (Command& command : commands) {
    const bool tries_again = command.lasting && !absl::IsInvalidArgument(failure);
    if (tries_again && lasting_.size() < kMostLasting) {
      lasting_.push_back(std::move(command));
    } else {
      command.answer(Refusal(failure));
      ++refused_;
    }
  }
}

// A row was refused: each command alone, without work of the core's own, shows whose it was.
void Core::Replay(std::vector<Command> commands) {
  const int64_t refused = refused_;
  replaying_ = true;
  for (Command& command : commands) {
    std::vector<Command> one;
    one.push_back(std::move(command));
    Hold();
    Run(std::move(one));
    if (dead_) return;
  }
  replaying_ = false;
  Hold();
  if (refused_ > refused) next_sweep_ = hold_until_ = deps_.clock.Steady();
}

void Core::Hold() {
  // Of a large store not all the time goes into reading it again.
  const absl::Duration rest = std::min(kRestsALoad * load_took_, kLongestHold);
  next_sweep_ = hold_until_ = deps_.clock.Steady() + std::max(rest, SweepInterval());
}

}  // namespace caviar::coordinator
