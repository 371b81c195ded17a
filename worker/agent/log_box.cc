#include "worker/agent/log_box.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/api/worker_client.h"

namespace caviar::agent {
namespace {

// A coordinator that loses its log more often has no use for it.
constexpr int kMaxLosses = 10;

}  // namespace

void LogBox::Add(absl::string_view text) {
  const std::lock_guard lock(mutex_);
  if (given_up_) return;
  text = text.substr(0, kMaxBytes - added_);
  added_ += static_cast<int64_t>(text.size());
  waiting_.append(text.data(), text.size());
  changed_.notify_all();
}

void LogBox::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  progress_ = Clock::now();
  changed_.notify_all();
}

std::optional<LogBox::Piece> LogBox::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || given_up_ || !waiting_.empty(); });
  changed_.wait_until(lock, next_, [this] {
    return closed_ || given_up_ || static_cast<int64_t>(waiting_.size()) >= client::kLogPieceBytes;
  });
  if (waiting_.empty()) return std::nullopt;
  next_ = Clock::now() + absl::ToChronoNanoseconds(options_.gathering);
  return Piece{offset_, waiting_.substr(0, client::kLogPieceBytes)};
}

void LogBox::Answered(const Piece& piece, int64_t size) {
  const std::lock_guard lock(mutex_);
  const int64_t taken =
      std::clamp<int64_t>(size - piece.offset, 0, static_cast<int64_t>(piece.data.size()));
  waiting_.erase(0, std::min(waiting_.size(), static_cast<size_t>(taken)));
  offset_ = size;
  progress_ = Clock::now();
  if (size == piece.offset || size < 0) {
    GiveUpLocked();  // it takes no more
  } else if (size < piece.offset) {
    if (++losses_ > kMaxLosses) GiveUpLocked();
    if (given_up_) return;
    waiting_.insert(
        0, absl::StrCat("\n(the coordinator lost ", piece.offset - size, " bytes of this log)\n"));
  }
}

void LogBox::GiveUp() {
  const std::lock_guard lock(mutex_);
  GiveUpLocked();
}

void LogBox::GiveUpLocked() {
  given_up_ = true;
  waiting_.clear();
  waiting_.shrink_to_fit();
  changed_.notify_all();
}

bool LogBox::OutOfPatience() const {
  const std::lock_guard lock(mutex_);
  return closed_ && Clock::now() - progress_ >= absl::ToChronoNanoseconds(options_.patience);
}

}  // namespace caviar::agent
