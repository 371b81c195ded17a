#include "storage/high_water.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/artifact_store.h"
#include "storage/beneath.h"
#include "storage/durable_folder.h"

namespace caviar::storage {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);
constexpr size_t kMaxNoteBytes = 200;
constexpr absl::string_view kWhatToDo =
    "bring back what is missing (the folder as a whole, with caviar.db-wal and highwater), or "
    "restore a backup into another data directory; or start once with --accept-data-loss, which "
    "goes on from what is there and makes all leases from before stale";

std::string NoteFile(const std::string& data_directory) { return data_directory + "/highwater"; }

std::string ToText(WaterMark mark) {
  const std::string text = absl::StrCat("caviar-highwater 1 ", mark.epoch, " ", mark.commit);
  return absl::StrCat(text, " ", absl::Hex(Crc32(text), absl::kZeroPad8), "\n");
}

// False: it is no such text.
bool FromText(const std::string& text, WaterMark& mark) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  return words.size() == 5 && absl::SimpleAtoi(words[2], &mark.epoch) &&
         absl::SimpleAtoi(words[3], &mark.commit) && ToText(mark) == text;
}

absl::StatusOr<std::string> ReadNote(const std::string& file) {
  const Descriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor.number() < 0) return FileError(errno, absl::StrCat("opening ", file));
  std::string text(kMaxNoteBytes, '\0');
  const ssize_t size = read(descriptor.number(), text.data(), text.size());
  if (size < 0) return FileError(errno, absl::StrCat("reading ", file));
  text.resize(static_cast<size_t>(size));
  return text;
}

}  // namespace

absl::Status CheckHighWater(const std::string& data_directory, WaterMark stored) {
  const std::string file = NoteFile(data_directory);
  const std::string database = data_directory + "/caviar.db";
  const absl::StatusOr<std::string> text = ReadNote(file);
  if (absl::IsNotFound(text.status())) {
    if (stored.commit == 0) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat(file, " is missing, so that nobody knows whether ", database, ", at commit ",
                     stored.commit, ", is the newest; it may have been copied alone: ", kWhatToDo));
  }
  if (!text.ok()) return text.status();
  WaterMark noted;
  if (!FromText(*text, noted)) {
    return absl::DataLossError(absl::StrCat(file, " is damaged, so that nobody knows whether ",
                                            database, ", at commit ", stored.commit,
                                            ", is the newest: ", kWhatToDo));
  }
  if (noted.epoch != stored.epoch) {
    return absl::DataLossError(absl::StrCat(database, " (epoch ", stored.epoch,
                                            ") is not the one that ", file, " (epoch ", noted.epoch,
                                            ") belongs to: ", kWhatToDo));
  }
  if (noted.commit <= stored.commit) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(database, " was rolled back: it is at commit ", stored.commit, ", but commit ",
                   noted.commit, " was acknowledged (", file, "): ", noted.commit - stored.commit,
                   " commits are gone, with a damaged or missing log caviar.db-wal, or because an "
                   "older copy was "
                   "put in its place: ",
                   kWhatToDo));
}

absl::Status WriteHighWater(const std::string& data_directory, WaterMark mark) {
  const std::string file = NoteFile(data_directory);
  const std::string unfinished = file + ".part";
  const std::string text = ToText(mark);
  const Descriptor descriptor(open(unfinished.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                                   S_IRUSR | S_IWUSR));
  if (descriptor.number() < 0) return FileError(errno, absl::StrCat("opening ", unfinished));
  const ssize_t written = write(descriptor.number(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) {
    return FileError(written < 0 ? errno : ENOSPC, absl::StrCat("writing ", unfinished));
  }
  if (fdatasync(descriptor.number()) != 0 || rename(unfinished.c_str(), file.c_str()) != 0) {
    return FileError(errno, absl::StrCat("writing ", file));
  }
  // Which of the two notes has the name is in the folder.
  return SyncFolder(data_directory);
}

absl::StatusOr<std::unique_ptr<HighWater>> HighWater::Start(std::string data_directory,
                                                            WaterMark mark) {
  const absl::Status status = WriteHighWater(data_directory, mark);
  // A full disk does not keep the coordinator from starting: the thread writes it once there is
  // room.
  if (!status.ok() && !absl::IsResourceExhausted(status)) return status;
  return absl::WrapUnique(new HighWater(std::move(data_directory), mark, status.ok()));
}

HighWater::HighWater(std::string data_directory, WaterMark mark, bool written)
    : data_directory_(std::move(data_directory)),
      written_{mark.epoch, written ? mark.commit : -1},
      commit_(mark.commit),
      thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), "highwater");
}

HighWater::~HighWater() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
  Write();
}

void HighWater::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), kInterval)) return;
    }
    Write();
  }
}

void HighWater::Write() {
  const WaterMark mark{written_.epoch, commit_.load(std::memory_order_relaxed)};
  if (mark.commit == written_.commit) return;
  if (WriteHighWater(data_directory_, mark).ok()) written_ = mark;
}

}  // namespace caviar::storage
