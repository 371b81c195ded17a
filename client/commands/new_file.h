// A file that is there as a whole or not at all.
#ifndef CAVIAR_CLIENT_COMMANDS_NEW_FILE_H_
#define CAVIAR_CLIENT_COMMANDS_NEW_FILE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::commands {

// What is written stands in a hidden file beside the target until Finish; without it, nothing is
// left behind.
class NewFile {
 public:
  // ALREADY_EXISTS: the target is there, and `overwrite` is false. FAILED_PRECONDITION: it is a
  // folder or a device, or no file can be made beside it. Messages name the path. `mode`: its
  // rights, less those that the umask takes.
  static absl::StatusOr<std::unique_ptr<NewFile>> Create(const std::string& path, bool overwrite,
                                                         mode_t mode = 0666);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // FAILED_PRECONDITION: the disk is full, or another fault of the system.
  absl::Status Write(absl::string_view data);
  // Puts the file into its place, on disk before this returns. ALREADY_EXISTS: somebody else made
  // one since, and `overwrite` is false. Called once, last.
  absl::Status Finish();

 private:
  NewFile(std::string path, bool overwrite);

  const std::string path_;
  const bool overwrite_;
  std::string folder_;
  std::string unfinished_;
  int file_ = -1;
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_NEW_FILE_H_
