// Opening files beneath a folder and nowhere else.
#ifndef CAVIAR_STORAGE_BENEATH_H_
#define CAVIAR_STORAGE_BENEATH_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::storage {

// An open file descriptor, closed when it goes away.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;

  int number() const { return number_; }
  // Gives it away.
  int Release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// The segments of a relative path, each [A-Za-z0-9._-]+ of at most 128 bytes and not starting with
// a dot, at least 2 and at most 8 of them. INVALID_ARGUMENT: anything else.
absl::StatusOr<std::vector<std::string>> SplitPath(absl::string_view path);

// Opens the folder `root`/`segments[0]`/.../`segments[count - 1]`, one segment at a time and never
// through a symbolic link, so that nothing that is put there meanwhile leads elsewhere. `create`:
// makes what is missing, for its owner only. NOT_FOUND: it is not there.
absl::StatusOr<Descriptor> OpenFolder(const std::string& root,
                                      const std::vector<std::string>& segments, size_t count,
                                      bool create);

// What an errno means: ENOSPC and EDQUOT RESOURCE_EXHAUSTED, ENOENT NOT_FOUND, a link or a file in
// the way FAILED_PRECONDITION, all else UNAVAILABLE.
absl::Status FileError(int error, absl::string_view doing);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_BENEATH_H_
