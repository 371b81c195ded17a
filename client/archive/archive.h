// Folders as one piece of bytes: gzipped tar archives, for code that is uploaded and for
// checkpoints.
//
// This room knows files. It must never know what is in them, or who sends them where.
// All functions are thread safe.
#ifndef CAVIAR_CLIENT_ARCHIVE_ARCHIVE_H_
#define CAVIAR_CLIENT_ARCHIVE_ARCHIVE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::archive {

struct PackOptions {
  // RESOURCE_EXHAUSTED past this, naming the largest entries. 0: no limit.
  int64_t max_bytes = 0;
  // Name of a file in the folder with patterns, in the form of .gitignore, of what is left out;
  // the folder may be without it. As in git, .git itself is left out then. Empty: nothing is.
  std::string ignore_file = "";
  // More such patterns, in front of the file's, which may take them back ("!name").
  std::string ignore = "";
};

// What is in the folder (or the one file that `path` is, under its name), with permissions, without
// owners and times: the same content gives the same bytes. Symbolic links stay links; one that
// leaves the folder, a device or a socket is an error: FAILED_PRECONDITION. NOT_FOUND: there is no
// such path, or what is in it went away meanwhile.
absl::StatusOr<std::string> Pack(const std::string& path, const PackOptions& options);

// The SHA-256 of what Pack would take in, as 64 lower-case hex digits, without making an archive:
// equal for equal content. `max_bytes` is of the files' own sizes.
absl::StatusOr<std::string> Fingerprint(const std::string& path, const PackOptions& options);

// Unpacks into `folder`, which exists and is empty. INVALID_ARGUMENT is the archive's fault: an
// entry would land outside, by its name or through a link, it is damaged in another way, or comes
// to more than `max_bytes` in all, an entry counting as at least 512; 0: no limit. UNAVAILABLE is
// what the disk says: no room, or not there. What was unpacked before an error stays.
absl::Status Unpack(absl::string_view archive, const std::string& folder, int64_t max_bytes);

}  // namespace caviar::archive

#endif  // CAVIAR_CLIENT_ARCHIVE_ARCHIVE_H_
