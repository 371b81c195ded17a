#include "server/coordinator/copies.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "caviar/v1/error_detail.h"
#include "server/coordinator/kept_copy.h"
#include "storage/backup_format.h"
#include "storage/beneath.h"
#include "storage/durable_folder.h"

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(20);
// Less than a service manager gives at the end.
constexpr absl::Duration kLastPatience = absl::Seconds(5);

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

// The copy that is there.
struct FoundCopy {
  bool exists = false;
  absl::Time modified;
  std::optional<CopyNote> note;  // the one that fits it
};

absl::StatusOr<FoundCopy> FindCopy(const std::string& file, const CopyNotes& notes) {
  struct stat status = {};
  if (lstat(file.c_str(), &status) != 0) {
    if (errno == ENOENT) return FoundCopy();
    return Failed("looking for", file);
  }
  FoundCopy found{.exists = true, .modified = absl::FromTimeT(status.st_mtime), .note = {}};
  const absl::StatusOr<storage::BackupSeal> seal = storage::ReadBackupSeal(file);
  // Of what is no backup it is known that it fits no note.
  if (!seal.ok() && !absl::IsDataLoss(seal.status())) return seal.status();
  for (const CopyNote& note : notes) {
    if (seal.ok() && note.seal == *seal) found.note = note;
  }
  return found;
}

// "": `ours` may take its place, as it holds all that is in it.
std::string WhyToKeep(const FoundCopy& found, const CopyNote& ours) {
  if (!found.exists) return "";
  if (!found.note.has_value()) return "nothing says which store it is of";
  if (found.note->epoch == ours.epoch && found.note->seal.commit <= ours.seal.commit) return "";
  return absl::StrCat("it is of epoch ", found.note->epoch, " up to commit ",
                      found.note->seal.commit, ", this store is of epoch ", ours.epoch,
                      " at commit ", ours.seal.commit);
}

std::string Label(const FoundCopy& found) {
  if (found.note.has_value()) {
    return absl::StrCat("epoch-", found.note->epoch, "-commit-", found.note->seal.commit);
  }
  return absl::FormatTime("from-%Y%m%dT%H%M%SZ", found.modified, absl::UTCTimeZone());
}

// A coordinator that was taken for dead, and goes on, must not undo its successor's.
absl::Status ReplacedMeanwhile(const std::string& file, const std::string& why) {
  return absl::FailedPreconditionError(
      absl::StrCat(file, " was replaced meanwhile, by another coordinator or by hand (", why,
                   "): give each coordinator a folder of its own, or move that file away"));
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
  for (absl::Duration left = options_.patience; true; left -= kPause) {
    auto backup = Await<std::shared_ptr<storage::Backup>>(
        [this](auto done) { backups_.Take(std::move(done)); });
    if (!error::HasReason(backup.status(), error::kBackupRunning)) return backup;
    if (IsEnding()) left = std::min(left, kLastPatience);
    if (left <= absl::ZeroDuration()) return backup;
    absl::SleepFor(kPause);
  }
}

bool Copies::IsEnding() {
  absl::MutexLock lock(&mutex_);
  return stop_;
}

absl::Status Copies::Copy() {
  auto backup = Take();
  if (!backup.ok()) return backup.status();
  const int64_t commit = (*backup)->commit();
  const int64_t epoch = (*backup)->epoch();
  const std::string part = CopyFile(options_.folder) + ".part";
  absl::Status status = Write(*std::move(backup), part);
  if (status.ok()) status = PutInPlace(part, epoch);
  if (status.ok()) {
    copied_ = commit;
  } else {
    unlink(part.c_str());
  }
  return status;
}

absl::Status Copies::PutInPlace(const std::string& part, int64_t epoch) {
  const std::string file = CopyFile(options_.folder);
  const absl::StatusOr<storage::BackupSeal> seal = storage::ReadBackupSeal(part);
  if (!seal.ok()) return seal.status();
  absl::StatusOr<CopyNotes> notes = copied_ >= 0 ? notes_ : ReadCopyNotes(file);
  if (!notes.ok()) return notes.status();
  const absl::StatusOr<FoundCopy> found = FindCopy(file, *notes);
  if (!found.ok()) return found.status();
  const CopyNote note{epoch, *seal};
  const std::string why = WhyToKeep(*found, note);
  if (!why.empty() && copied_ >= 0) return ReplacedMeanwhile(file, why);
  // Both of them before the one takes the other's place, so that whichever is there after a crash
  // is known.
  notes_ = {note};
  if (found->note.has_value()) notes_.push_back(*found->note);
  absl::Status status = WriteCopyNotes(file, notes_);
  if (status.ok() && !why.empty()) status = Keep(Label(*found), why);
  if (!status.ok()) return status;
  if (std::rename(part.c_str(), file.c_str()) != 0) return Failed("renaming", part);
  return storage::SyncFolder(options_.folder);
}

absl::Status Copies::Keep(const std::string& label, const std::string& why) {
  const std::string file = CopyFile(options_.folder);
  const absl::StatusOr<std::string> name = KeepCopy(file, label);
  if (!name.ok()) return name.status();
  options_.on_kept(absl::StrCat(*name, " is what was found as ", file, " and was not replaced: ",
                                why, "; remove it when nobody needs it"));
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
