#include "worker/training/command/checkpoint_watcher.h"

#include <pthread.h>

#include <exception>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "worker/training/command/checkpoint_format.h"

namespace caviar::command {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kFolderLook = absl::Seconds(1);

}  // namespace

CheckpointWatcher::CheckpointWatcher(Context context, int64_t last)
    : context_(std::move(context)), last_(last), thread_([this] { Run(); }) {}

void CheckpointWatcher::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

std::string CheckpointWatcher::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void CheckpointWatcher::Run() {
  pthread_setname_np(pthread_self(), "checkpoints");
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(this, &CheckpointWatcher::ShouldLook), kFolderLook);
      if (ending_) return;
      woken_ = false;
    }
    Look();
  }
}

void CheckpointWatcher::Finish(bool hand_in) {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
  if (!hand_in) return;
  Look();
  const std::optional<int64_t> newest = Newest(std::numeric_limits<int64_t>::max());
  const int64_t measured = context_.curve.last_step();
  if (newest && *newest > measured) {
    context_.log.Remark(absl::StrCat("the checkpoint ", StepName(*newest),
                                     " was not stored: it is beyond the last step that "
                                     "was measured, ",
                                     measured, "; name checkpoints after measured steps"));
  }
}

std::optional<int64_t> CheckpointWatcher::Newest(int64_t limit) const {
  std::optional<int64_t> newest;
  std::error_code error;
  for (fs::directory_iterator at(context_.folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const std::optional<int64_t> step = ParseStepName(name);
    if (!step && IsWrongStepName(name)) {
      Refuse(name, "numbers in names have no zeros in front and at most 15 digits");
    }
    if (!step || *step > limit || (newest && *step < *newest)) continue;
    std::error_code gone;
    const fs::file_type type = at->symlink_status(gone).type();
    if (type == fs::file_type::regular || type == fs::file_type::directory) {
      newest = step;
    } else if (type != fs::file_type::not_found && type != fs::file_type::none) {
      Refuse(name, type == fs::file_type::symlink ? "it is a symbolic link"
                                                  : "it is neither a file nor a folder");
    }
  }
  return newest;
}

void CheckpointWatcher::Refuse(const std::string& name, const char* why) const {
  context_.log.RemarkOnce("checkpoint " + name,
                          absl::StrCat("the checkpoint ", name, " was not stored: ", why));
}

void CheckpointWatcher::Look() {
  const std::optional<int64_t> newest = Newest(context_.curve.last_step());
  if (newest && *newest > last_ && !failed_) HandIn(*newest);
}

void CheckpointWatcher::HandIn(int64_t step) {
  absl::StatusOr<std::string> bytes = absl::UnknownError("");
  try {
    bytes = context_.keeper.Keep(absl::StrCat(context_.folder, "/", StepName(step)), step);
  } catch (const std::exception& error) {  // memory ran out
    bytes = absl::UnavailableError(error.what());
  }
  if (bytes.ok()) {
    last_ = step;
    context_.observer.OnCheckpoint(step, *std::move(bytes));
    context_.keeper.RemoveOthers(context_.observer.CheckpointsInUse());
  } else if (absl::IsResourceExhausted(bytes.status())) {
    absl::MutexLock lock(&mutex_);
    failure_ = std::string(bytes.status().message());
    failed_ = true;
  } else {
    // The program may have removed it, or the disk may have room again for the next one.
    context_.log.RemarkOnce("checkpoint",
                            absl::StrCat("the checkpoint ", StepName(step),
                                         " was not stored: ", bytes.status().message()));
  }
}

}  // namespace caviar::command
