#include "worker/agent/code_cache.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace caviar::agent {
namespace {

constexpr auto kLook = std::chrono::milliseconds(50);

absl::Status CannotWrite(const std::string& path, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat(path, " cannot be written: ", error.message(),
                                             "; make room, or start the worker with another "
                                             "--work-dir"));
}

// It becomes a file's name.
bool IsHash(const std::string& sha256) {
  return sha256.size() == 64 && sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Writes `path` under another name first: a file with its own name is whole.
absl::Status WriteWhole(const std::string& path, const std::string& bytes) {
  const std::string unfinished = absl::StrCat(path, ".part");
  errno = 0;
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  std::error_code error;
  if (out) {
    std::filesystem::rename(unfinished, path, error);
  } else {
    error = std::error_code(errno != 0 ? errno : EIO, std::generic_category());
  }
  if (!error) return absl::OkStatus();
  std::error_code ignored;
  std::filesystem::remove(unfinished, ignored);
  return CannotWrite(std::filesystem::path(path).parent_path(), error);
}

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

CodeFile::~CodeFile() {
  std::error_code ignored;  // the whole folder goes when the worker ends
  std::filesystem::remove(path_, ignored);
}

CodeCache::CodeCache(std::string folder, int64_t max_bytes)
    : folder_(std::move(folder)), max_bytes_(max_bytes) {}

absl::StatusOr<CodeCache::File> CodeCache::Get(const std::string& sha256, const Fetch& fetch,
                                               const std::function<bool()>& give_up) {
  if (!IsHash(sha256)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", sha256, "\" is no SHA-256 hash"));
  }
  absl::StatusOr<File> file = FindOrClaim(sha256, give_up);
  while (file.ok() && *file != nullptr) {
    if (IsThere((*file)->path())) return file;
    Forget(*file);
    file = FindOrClaim(sha256, give_up);
  }
  if (!file.ok()) return file;
  int64_t size = 0;
  file = FetchAndWrite(sha256, fetch, size);
  Fetched(sha256, size, file.ok() ? *file : nullptr);
  return file;
}

absl::StatusOr<CodeCache::File> CodeCache::FindOrClaim(const std::string& sha256,
                                                       const std::function<bool()>& give_up) {
  std::unique_lock lock(mutex_);
  const auto free = [&] { return being_fetched_.count(sha256) == 0; };
  while (!changed_.wait_for(lock, kLook, free)) {
    lock.unlock();
    if (give_up()) return absl::CancelledError("given up");
    lock.lock();
  }
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->sha256 != sha256) continue;
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->file;
  }
  being_fetched_.insert(sha256);
  return File();
}

absl::StatusOr<CodeCache::File> CodeCache::FetchAndWrite(const std::string& sha256,
                                                         const Fetch& fetch, int64_t& size) {
  const absl::StatusOr<std::string> bytes = fetch();
  if (!bytes.ok()) return bytes.status();
  size = static_cast<int64_t>(bytes->size());
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return CannotWrite(folder_, error);
  // A name of its own each time: one that is still held may be about to go.
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    path = absl::StrCat(folder_, "/", sha256, "-", ++files_);
  }
  const absl::Status written = WriteWhole(path, *bytes);
  if (!written.ok()) return written;
  return std::make_shared<const CodeFile>(path);
}

void CodeCache::Forget(const File& file) {
  std::list<Entry> forgotten;  // goes after the lock
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->file != file) continue;
    bytes_ -= entry->size;
    forgotten.splice(forgotten.end(), entries_, entry);
    return;
  }
}

void CodeCache::Fetched(const std::string& sha256, int64_t size, const File& file) {
  std::list<Entry> evicted;  // goes, and its files, after the lock
  const std::lock_guard lock(mutex_);
  being_fetched_.erase(sha256);
  changed_.notify_all();
  if (file == nullptr) return;
  bytes_ += size;
  entries_.push_front({sha256, size, file});
  while (bytes_ > max_bytes_ && entries_.size() > 1) {
    bytes_ -= entries_.back().size;
    evicted.splice(evicted.end(), entries_, std::prev(entries_.end()));
  }
}

}  // namespace caviar::agent
