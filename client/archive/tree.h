// What is in a folder, in an order that does not depend on the disk. Internal to this room.
#ifndef CAVIAR_CLIENT_ARCHIVE_TREE_H_
#define CAVIAR_CLIENT_ARCHIVE_TREE_H_

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::archive {

// One file, folder or symbolic link.
struct TreeEntry {
  std::string name;  // relative to the folder: "src/train.py"
  std::string path;  // where it is now
  mode_t mode = 0;   // its type and permissions
  int64_t size = 0;  // of files
  std::string link;  // what a symbolic link says
};

// All that is below the folder, sorted by name, folders before what is in them; or the one file
// that `path` is. `ignore_file`, `ignore`, errors: as archive::Pack.
absl::StatusOr<std::vector<TreeEntry>> ListTree(const std::string& path,
                                                const std::string& ignore_file,
                                                const std::string& ignore);

// Whether a link named `name` with this text stays in the folder that both are relative to. Links
// on the way count as folders.
bool LinkStaysInside(absl::string_view name, absl::string_view link);

}  // namespace caviar::archive

#endif  // CAVIAR_CLIENT_ARCHIVE_TREE_H_
