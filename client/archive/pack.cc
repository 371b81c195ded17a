#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/sha256.h"
#include "client/archive/archive.h"
#include "client/archive/tree.h"

namespace caviar::archive {
namespace {

// Checkpoints are mostly floats: a higher level takes thrice the time for a few percent.
constexpr const char* kCompressionLevel = "1";
constexpr size_t kLargestNamed = 3;

struct FreeWriter {
  void operator()(::archive* writer) const { archive_write_free(writer); }
};
using Writer = std::unique_ptr<::archive, FreeWriter>;

struct FreeEntry {
  void operator()(::archive_entry* entry) const { archive_entry_free(entry); }
};

// Takes the archive's next bytes; false: it wants no more.
using Sink = std::function<bool(absl::string_view)>;

la_ssize_t WriteToSink(::archive* /*writer*/, void* sink, const void* bytes, size_t size) {
  const bool taken = (*static_cast<Sink*>(sink))({static_cast<const char*>(bytes), size});
  return taken ? static_cast<la_ssize_t>(size) : -1;
}

absl::Status WriterError(::archive* writer) {
  const char* text = archive_error_string(writer);
  return absl::InternalError(absl::StrCat("packing failed: ", text == nullptr ? "" : text));
}

absl::Status WriteContent(const TreeEntry& entry, ::archive* writer) {
  const int file = open(entry.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return absl::ErrnoToStatus(errno, entry.path);
  const std::unique_ptr<const int, void (*)(const int*)> closer(&file,
                                                                [](const int* fd) { close(*fd); });
  std::vector<char> buffer(size_t{256} << 10);
  int64_t left = entry.size;
  while (left > 0) {
    const size_t wanted = std::min(buffer.size(), static_cast<size_t>(left));
    const ssize_t count = read(file, buffer.data(), wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, entry.path);
    if (count == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(entry.path, " became shorter while it was packed"));
    }
    if (archive_write_data(writer, buffer.data(), static_cast<size_t>(count)) != count) {
      return WriterError(writer);
    }
    left -= count;
  }
  return absl::OkStatus();
}

absl::Status WriteEntry(const TreeEntry& entry, ::archive* writer) {
  const std::unique_ptr<::archive_entry, FreeEntry> header(archive_entry_new());
  archive_entry_set_pathname(header.get(), entry.name.c_str());
  archive_entry_set_mode(header.get(), entry.mode & (S_IFMT | 0777));
  archive_entry_set_size(header.get(), entry.size);
  archive_entry_set_mtime(header.get(), 0, 0);
  if (S_ISLNK(entry.mode)) archive_entry_set_symlink(header.get(), entry.link.c_str());
  if (archive_write_header(writer, header.get()) < ARCHIVE_WARN) return WriterError(writer);
  return S_ISREG(entry.mode) ? WriteContent(entry, writer) : absl::OkStatus();
}

// Writes a tar archive of the tree into `sink`.
absl::Status Write(const std::vector<TreeEntry>& tree, bool compressed, Sink sink) {
  const Writer writer(archive_write_new());
  // GNU's form takes names as the bytes that they are, of any length.
  bool ready = archive_write_set_format_gnutar(writer.get()) == ARCHIVE_OK;
  if (compressed) {
    ready =
        ready && archive_write_add_filter_gzip(writer.get()) == ARCHIVE_OK &&
        archive_write_set_filter_option(writer.get(), "gzip", "compression-level",
                                        kCompressionLevel) == ARCHIVE_OK &&
        // Without the time of day.
        archive_write_set_filter_option(writer.get(), "gzip", "timestamp", nullptr) == ARCHIVE_OK;
  }
  archive_write_set_bytes_in_last_block(writer.get(), 1);  // no padding
  if (!ready ||
      archive_write_open(writer.get(), &sink, nullptr, WriteToSink, nullptr) != ARCHIVE_OK) {
    return WriterError(writer.get());
  }
  for (const TreeEntry& entry : tree) {
    if (absl::Status status = WriteEntry(entry, writer.get()); !status.ok()) return status;
  }
  return archive_write_close(writer.get()) == ARCHIVE_OK ? absl::OkStatus()
                                                         : WriterError(writer.get());
}

absl::Status TooLarge(const std::string& path, std::vector<TreeEntry> tree, int64_t max_bytes) {
  std::stable_sort(tree.begin(), tree.end(),
                   [](const TreeEntry& a, const TreeEntry& b) { return a.size > b.size; });
  if (tree.size() > kLargestNamed) tree.resize(kLargestNamed);
  return absl::ResourceExhaustedError(
      absl::StrCat(path, " takes more than ", max_bytes, " bytes; the largest in it: ",
                   absl::StrJoin(tree, ", ", [](std::string* out, const TreeEntry& entry) {
                     absl::StrAppend(out, entry.name, " (", entry.size, " bytes)");
                   })));
}

}  // namespace

absl::StatusOr<std::string> Pack(const std::string& path, const PackOptions& options) {
  auto tree = ListTree(path, options.ignore_file, options.ignore);
  if (!tree.ok()) return tree.status();
  std::string packed;
  bool too_large = false;
  const absl::Status status = Write(*tree, /*compressed=*/true, [&](absl::string_view bytes) {
    // For good: the writer tries once more when it is closed.
    too_large = too_large || (options.max_bytes > 0 && packed.size() + bytes.size() >
                                                           static_cast<size_t>(options.max_bytes));
    if (!too_large) packed.append(bytes.data(), bytes.size());
    return !too_large;
  });
  if (too_large) return TooLarge(path, *std::move(tree), options.max_bytes);
  if (!status.ok()) return status;
  return packed;
}

absl::StatusOr<std::string> Fingerprint(const std::string& path, const PackOptions& options) {
  auto tree = ListTree(path, options.ignore_file, options.ignore);
  if (!tree.ok()) return tree.status();
  int64_t bytes = 0;
  for (const TreeEntry& entry : *tree) bytes += entry.size;
  if (options.max_bytes > 0 && bytes > options.max_bytes) {
    return TooLarge(path, *std::move(tree), options.max_bytes);
  }
  vocabulary::Sha256Sum sum;
  const absl::Status status = Write(*tree, /*compressed=*/false, [&sum](absl::string_view piece) {
    sum.Add(piece);
    return true;
  });
  if (!status.ok()) return status;
  return sum.Finish();
}

}  // namespace caviar::archive
