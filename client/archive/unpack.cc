// Unpacks without libarchive's own writer, which works with paths: here every folder is opened
// beneath the one before and never through a link, so that nothing in an archive leads elsewhere.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/archive/archive.h"
#include "client/archive/gunzip.h"
#include "client/archive/tree.h"

namespace caviar::archive {
namespace {

constexpr int64_t kEntryBytes = 512;  // a tar header
constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// An open file, closed when it goes away.
class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() {
    if (number_ >= 0) close(number_);
  }
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }

 private:
  int number_;
};

absl::Status Damaged(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the archive is damaged: ", what));
}

absl::Status DiskError(int error, const std::string& name) {
  return absl::UnavailableError(absl::StrCat(absl::CHexEscape(name), ": ", strerror(error)));
}

// An errno of something that the archive asked for: what is in the way came from it, too, and so
// did a name that cannot be one.
absl::Status Failed(int error, const std::string& name) {
  switch (error) {
    case EEXIST:
    case ELOOP:
    case ENOTDIR:
      return absl::InvalidArgumentError(
          absl::StrCat(absl::CHexEscape(name), " would land on, or behind, what is no folder"));
    case EILSEQ:
    case EINVAL:
    case ENAMETOOLONG:
      return Damaged(absl::StrCat(absl::CHexEscape(name), ": ", strerror(error)));
    default:
      return DiskError(error, name);
  }
}

class Unpacker {
 public:
  Unpacker(absl::string_view packed, int root, int64_t max_bytes)
      : gunzip_(packed), root_(root), max_bytes_(max_bytes), reader_(archive_read_new()) {}

  absl::Status Run() {
    archive_read_support_format_tar(reader_.get());
    if (archive_read_open(reader_.get(), this, nullptr, Read, nullptr) != ARCHIVE_OK) {
      return ReaderError();
    }
    ::archive_entry* entry = nullptr;
    int result = ARCHIVE_OK;
    while ((result = archive_read_next_header(reader_.get(), &entry)) == ARCHIVE_OK) {
      if (absl::Status status = Take(entry); !status.ok()) return status;
    }
    if (result != ARCHIVE_EOF) return ReaderError();
    if (absl::Status status = ReadToTheEnd(); !status.ok()) return status;
    return SetFolderModes();
  }

 private:
  struct FreeReader {
    void operator()(::archive* reader) const { archive_read_free(reader); }
  };
  struct FolderMode {
    std::vector<std::string> segments;
    mode_t mode;
  };

  static la_ssize_t Read(::archive* reader, void* self, const void** bytes) {
    auto& unpacker = *static_cast<Unpacker*>(self);
    const auto next = unpacker.gunzip_.Next();
    if (!next.ok()) {
      unpacker.damage_ = next.status();
      archive_set_error(reader, EINVAL, "damaged");
      return -1;
    }
    *bytes = next->data();
    return static_cast<la_ssize_t>(next->size());
  }

  absl::Status ReaderError() const {
    if (!damage_.ok()) return damage_;
    const char* text = archive_error_string(reader_.get());
    return Damaged(text == nullptr ? "it is no tar archive" : text);
  }

  // So that the checksum at its end was looked at.
  absl::Status ReadToTheEnd() {
    for (;;) {
      const auto next = gunzip_.Next();
      if (!next.ok() || next->empty()) return next.status();
      if (absl::Status status = Count(static_cast<int64_t>(next->size())); !status.ok()) {
        return status;
      }
    }
  }

  absl::Status Count(int64_t bytes) {
    bytes_ += bytes;
    if (max_bytes_ == 0 || bytes_ <= max_bytes_) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the archive unpacks to more than ", max_bytes_, " bytes"));
  }

  // The folder that segments[count] lies in, open; what is missing is made.
  absl::StatusOr<File> OpenFolder(const std::vector<std::string>& segments, size_t count) {
    File folder(openat(root_, ".", kOpenFolder));
    if (folder.number() < 0) return DiskError(errno, ".");
    for (size_t i = 0; i < count; ++i) {
      const char* segment = segments[i].c_str();
      if (mkdirat(folder.number(), segment, 0700) != 0 && errno != EEXIST) {
        return Failed(errno, segments[i]);
      }
      File next(openat(folder.number(), segment, kOpenFolder));
      if (next.number() < 0) return Failed(errno, segments[i]);
      folder = std::move(next);
    }
    return folder;
  }

  absl::Status Take(::archive_entry* entry) {
    const char* text = archive_entry_pathname(entry);
    if (text == nullptr) return Damaged("an entry without a name");
    const std::string name = text;
    std::vector<std::string> segments = absl::StrSplit(name, '/', absl::SkipEmpty());
    std::erase(segments, ".");
    const bool leaves = name[0] == '/' || std::count(segments.begin(), segments.end(), "..") > 0;
    if (leaves) {
      return absl::InvalidArgumentError(
          absl::StrCat(absl::CHexEscape(name), " would land outside of the folder"));
    }
    if (absl::Status status = Count(kEntryBytes); !status.ok()) return status;
    const mode_t type = archive_entry_filetype(entry);
    const mode_t mode = archive_entry_perm(entry) & 0777;
    if (archive_entry_hardlink(entry) != nullptr) return Damaged("it has a hard link");
    if (type == AE_IFDIR) return TakeFolder(segments, mode);
    if (segments.empty()) return Damaged("an entry without a name");
    auto folder = OpenFolder(segments, segments.size() - 1);
    if (!folder.ok()) return folder.status();
    if (type == AE_IFREG) return TakeFile(folder->number(), segments.back(), mode);
    if (type == AE_IFLNK) return TakeLink(folder->number(), segments, entry);
    return Damaged(absl::StrCat(absl::CHexEscape(name), " is no file, folder or link"));
  }

  absl::Status TakeFolder(const std::vector<std::string>& segments, mode_t mode) {
    const auto folder = OpenFolder(segments, segments.size());
    if (!folder.ok()) return folder.status();
    // Set at the end: it may forbid to put anything in there.
    if (!segments.empty()) folder_modes_.push_back({segments, mode});
    return absl::OkStatus();
  }

  absl::Status TakeFile(int folder, const std::string& name, mode_t mode) {
    const File file(
        openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.number() < 0) return Failed(errno, name);
    const void* bytes = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    int result = ARCHIVE_OK;
    while ((result = archive_read_data_block(reader_.get(), &bytes, &size, &offset)) ==
           ARCHIVE_OK) {
      if (absl::Status status = Count(static_cast<int64_t>(size)); !status.ok()) return status;
      if (absl::Status status = WriteAt(file.number(), name, bytes, size, offset); !status.ok()) {
        return status;
      }
    }
    if (result != ARCHIVE_EOF) return ReaderError();
    return fchmod(file.number(), mode) == 0 ? absl::OkStatus() : DiskError(errno, name);
  }

  static absl::Status WriteAt(int file, const std::string& name, const void* bytes, size_t size,
                              la_int64_t offset) {
    while (size > 0) {
      const ssize_t count = pwrite(file, bytes, size, offset);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return DiskError(errno, name);
      bytes = static_cast<const char*>(bytes) + count;
      size -= static_cast<size_t>(count);
      offset += count;
    }
    return absl::OkStatus();
  }

  static absl::Status TakeLink(int folder, const std::vector<std::string>& segments,
                               ::archive_entry* entry) {
    const char* link = archive_entry_symlink(entry);
    if (link == nullptr || !LinkStaysInside(absl::StrJoin(segments, "/"), link)) {
      return absl::InvalidArgumentError(absl::StrCat("the link ", absl::CHexEscape(segments.back()),
                                                     " leads outside of the folder"));
    }
    return symlinkat(link, folder, segments.back().c_str()) == 0 ? absl::OkStatus()
                                                                 : Failed(errno, segments.back());
  }

  absl::Status SetFolderModes() {
    for (auto folder = folder_modes_.rbegin(); folder != folder_modes_.rend(); ++folder) {
      const auto open = OpenFolder(folder->segments, folder->segments.size());
      if (!open.ok()) return open.status();
      if (fchmod(open->number(), folder->mode) != 0) {
        return DiskError(errno, folder->segments.back());
      }
    }
    return absl::OkStatus();
  }

  Gunzip gunzip_;
  const int root_;
  const int64_t max_bytes_;
  int64_t bytes_ = 0;
  absl::Status damage_;  // what Read met
  std::vector<FolderMode> folder_modes_;
  std::unique_ptr<::archive, FreeReader> reader_;
};

}  // namespace

absl::Status Unpack(absl::string_view archive, const std::string& folder, int64_t max_bytes) {
  const File root(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.number() < 0) return DiskError(errno, folder);
  return Unpacker(archive, root.number(), max_bytes).Run();
}

}  // namespace caviar::archive
