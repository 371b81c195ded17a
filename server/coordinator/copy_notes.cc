#include "server/coordinator/copy_notes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/artifact_store.h"
#include "storage/beneath.h"
#include "storage/durable_folder.h"

namespace caviar::coordinator {
namespace {

constexpr size_t kMaxNoteBytes = 1000;
constexpr size_t kWordsBefore = 2;
constexpr size_t kWordsOfNote = 4;

std::string NotesFile(const std::string& copy) { return copy + ".store"; }

std::string ToText(const CopyNotes& notes) {
  std::string text = "caviar-copies 1";
  for (const CopyNote& note : notes) {
    absl::StrAppend(&text, " ", note.epoch, " ", note.seal.commit, " ", note.seal.bytes, " ",
                    absl::Hex(note.seal.database_crc32, absl::kZeroPad8));
  }
  return absl::StrCat(text, " ", absl::Hex(storage::Crc32(text), absl::kZeroPad8), "\n");
}

CopyNotes FromText(const std::string& text) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  CopyNotes notes;
  for (size_t i = kWordsBefore; i + kWordsOfNote < words.size(); i += kWordsOfNote) {
    CopyNote note;
    if (!absl::SimpleAtoi(words[i], &note.epoch) ||
        !absl::SimpleAtoi(words[i + 1], &note.seal.commit) ||
        !absl::SimpleAtoi(words[i + 2], &note.seal.bytes) ||
        !absl::SimpleHexAtoi(words[i + 3], &note.seal.database_crc32)) {
      return {};
    }
    notes.push_back(note);
  }
  return ToText(notes) == text ? notes : CopyNotes();
}

absl::Status WriteSynced(const std::string& file, const std::string& text) {
  const storage::Descriptor descriptor(
      open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (descriptor.number() < 0) return storage::FileError(errno, absl::StrCat("making ", file));
  const ssize_t written = write(descriptor.number(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) {
    return storage::FileError(written < 0 ? errno : ENOSPC, absl::StrCat("writing ", file));
  }
  if (fsync(descriptor.number()) == 0) return absl::OkStatus();
  return storage::FileError(errno, absl::StrCat("syncing ", file));
}

}  // namespace

absl::StatusOr<CopyNotes> ReadCopyNotes(const std::string& copy) {
  const std::string file = NotesFile(copy);
  const storage::Descriptor descriptor(
      open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor.number() < 0 && errno == ENOENT) return CopyNotes();
  if (descriptor.number() < 0) return storage::FileError(errno, absl::StrCat("opening ", file));
  std::string text(kMaxNoteBytes, '\0');
  const ssize_t size = read(descriptor.number(), text.data(), text.size());
  if (size < 0) return storage::FileError(errno, absl::StrCat("reading ", file));
  text.resize(static_cast<size_t>(size));
  return FromText(text);
}

absl::Status WriteCopyNotes(const std::string& copy, const CopyNotes& notes) {
  const std::string file = NotesFile(copy), part = file + ".part";
  if (absl::Status status = WriteSynced(part, ToText(notes)); !status.ok()) return status;
  if (std::rename(part.c_str(), file.c_str()) != 0) {
    return storage::FileError(errno, absl::StrCat("renaming ", part));
  }
  return storage::SyncFolder(std::filesystem::path(copy).parent_path().string());
}

}  // namespace caviar::coordinator
