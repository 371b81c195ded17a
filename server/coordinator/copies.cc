#include "server/coordinator/copies.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "storage/beneath.h"

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(20);
// Less than a service manager gives at the end.
constexpr absl::Duration kPatience = absl::Seconds(5);

// `begin` calls what it is given once, on another thread; its answer.
template <typename T, typename Begin>
absl::StatusOr<T> Await(Begin begin) {
  absl::StatusOr<T> answer;
  absl::Notification done;
  begin([&](absl::StatusOr<T> result) {
    answer = std::move(result);
    done.Notify();
  });
  done.WaitForNotification();
  return answer;
}

std::string CopyFile(const std::string& folder) { return folder + "/caviar.backup"; }

absl::Status Failed(absl::string_view doing, const std::string& file) {
  return absl::UnavailableError(absl::StrCat(doing, " ", file, ": ", std::strerror(errno)));
}

bool WriteAll(int descriptor, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t written = write(descriptor, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

absl::Status CheckCopyFolder(const std::string& folder, const std::string& data_directory,
                             bool begins_anew) {
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("--copy-to ", folder, ": ", std::strerror(errno),
                     "; it must be a folder that is there, and writable"));
  }
  const std::string copy = CopyFile(folder);
  if (!begins_anew || access(copy.c_str(), F_OK) != 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(data_directory, " is empty, and there is a copy of a database, ", copy,
                   ": take it back with caviar-coordinator --restore ", copy, " --data-dir ",
                   data_directory, ", or move it away to begin anew"));
}

Copies::Copies(Backups& backups, Options options)
    : backups_(backups), options_(std::move(options)), thread_([this] { Run(); }) {}

Copies::~Copies() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void Copies::Run() {
  for (bool stopped = false; !stopped;) {
    CopyNew();
    absl::MutexLock lock(&mutex_);
    stopped = mutex_.AwaitWithTimeout(absl::Condition(&stop_), options_.every);
  }
  CopyNew();
}

void Copies::CopyNew() {
  const absl::StatusOr<int64_t> newest = options_.newest_commit();
  if (newest.ok() && *newest == copied_) return;
  options_.on_copy(newest.ok() ? Copy() : newest.status());
}

absl::StatusOr<std::shared_ptr<storage::Backup>> Copies::Take() {
  // The one from before may not be let go yet, and somebody else's is over sometime.
  for (absl::Duration waited; true; waited += kPause) {
    auto backup = Await<std::shared_ptr<storage::Backup>>(
        [this](auto done) { backups_.Take(std::move(done)); });
    if (!absl::IsResourceExhausted(backup.status()) || waited >= kPatience) return backup;
    absl::SleepFor(kPause);
  }
}

absl::Status Copies::Copy() {
  auto backup = Take();
  if (!backup.ok()) return backup.status();
  const int64_t commit = (*backup)->commit();
  const std::string file = CopyFile(options_.folder);
  const std::string part = file + ".part";
  if (absl::Status status = Write(*std::move(backup), part); !status.ok()) {
    unlink(part.c_str());
    return status;
  }
  if (std::rename(part.c_str(), file.c_str()) != 0) return Failed("renaming", part);
  copied_ = commit;
  return absl::OkStatus();
}

absl::Status Copies::Write(std::shared_ptr<storage::Backup> backup, const std::string& file) {
  const storage::Descriptor descriptor(
      open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (descriptor.number() < 0) return Failed("making", file);
  for (;;) {
    const auto piece =
        Await<v1::BackUpResponse>([&](auto done) { backups_.Read(backup, std::move(done)); });
    if (!piece.ok()) return piece.status();
    if (!WriteAll(descriptor.number(), piece->data())) return Failed("writing", file);
    if (piece->has_summary()) break;
  }
  return fsync(descriptor.number()) == 0 ? absl::OkStatus() : Failed("syncing", file);
}

}  // namespace caviar::coordinator
