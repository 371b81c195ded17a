#include "storage/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace caviar::storage {
namespace {

constexpr size_t kMaxSegments = 8;
constexpr size_t kMaxSegmentBytes = 128;  // of a segment

bool IsSegment(absl::string_view segment) {
  return !segment.empty() && segment.size() <= kMaxSegmentBytes && segment[0] != '.' &&
         std::all_of(segment.begin(), segment.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

absl::StatusOr<std::vector<std::string>> SplitPath(absl::string_view path) {
  std::vector<std::string> segments = absl::StrSplit(path, '/');
  if (segments.size() >= 2 && segments.size() <= kMaxSegments &&
      std::all_of(segments.begin(), segments.end(), IsSegment)) {
    return segments;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("file name '", absl::CHexEscape(path.substr(0, 200)), "': must be 2 to ",
                   kMaxSegments, " segments of 1 to ", kMaxSegmentBytes,
                   " letters, digits, '.', '_' and '-', not starting with '.'"));
}

absl::StatusOr<Descriptor> OpenFolder(const std::string& root,
                                      const std::vector<std::string>& segments, size_t count,
                                      bool create) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Descriptor folder(open(root.c_str(), kFlags));
  std::string path = root;
  for (size_t i = 0; folder.number() >= 0 && i < count; ++i) {
    absl::StrAppend(&path, "/", segments[i]);
    if (create && mkdirat(folder.number(), segments[i].c_str(), S_IRWXU) != 0 && errno != EEXIST) {
      return FileError(errno, absl::StrCat("making ", path));
    }
    folder = Descriptor(openat(folder.number(), segments[i].c_str(), kFlags | O_NOFOLLOW));
  }
  if (folder.number() < 0) return FileError(errno, absl::StrCat("opening ", path));
  return folder;
}

absl::Status FileError(int error, absl::string_view doing) {
  const std::string message = absl::StrCat(doing, ": ", std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    case ENOENT:
      return absl::NotFoundError(message);
    case ELOOP:
    case ENOTDIR:
    case EISDIR:
      return absl::FailedPreconditionError(
          absl::StrCat(message, " (links are not followed; remove what stands there)"));
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace caviar::storage
