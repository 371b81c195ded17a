#include "worker/training/command/gpus.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

namespace caviar::command {
namespace {

// How often one who waits looks whether it is to stop.
constexpr absl::Duration kLook = absl::Milliseconds(50);

}  // namespace

Gpus::Gpus(std::vector<std::string> names) : names_(std::move(names)), taken_(names_.size()) {}

std::string Gpus::Share::Names() const {
  return absl::StrJoin(places_, ",", [this](std::string* out, size_t place) {
    absl::StrAppend(out, gpus_.names_[place]);
  });
}

std::vector<size_t> Gpus::Free() const {
  std::vector<size_t> free;
  for (size_t place = 0; place < taken_.size(); ++place) {
    if (!taken_[place]) free.push_back(place);
  }
  return free;
}

absl::StatusOr<std::unique_ptr<Gpus::Share>> Gpus::Take(int count,
                                                        const std::function<bool()>& stop) {
  const auto wanted = static_cast<size_t>(std::max(count, 0));
  if (wanted > names_.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the program needs ", wanted, " GPUs, and this worker has ", names_.size()));
  }
  std::vector<size_t> places;
  if (wanted > 0) {
    absl::MutexLock lock(&mutex_);
    const int64_t ticket = next_ticket_++;
    queue_.push_back(ticket);
    const auto is_my_turn = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return queue_.front() == ticket && Free().size() >= wanted;
    };
    bool stopped = false;
    while (!stopped && !mutex_.AwaitWithTimeout(absl::Condition(&is_my_turn), kLook)) {
      mutex_.Unlock();
      stopped = stop();
      mutex_.Lock();
    }
    std::erase(queue_, ticket);
    if (stopped) return absl::CancelledError("stopped while it waited for GPUs");
    places = Free();
    places.resize(wanted);
    for (const size_t place : places) taken_[place] = true;
  }
  return std::make_unique<Share>(*this, std::move(places));
}

void Gpus::GiveBack(const std::vector<size_t>& places) {
  absl::MutexLock lock(&mutex_);
  for (const size_t place : places) taken_[place] = false;
}

}  // namespace caviar::command
