// A copy that must not be lost, when another one takes its place.
#ifndef CAVIAR_SERVER_COORDINATOR_KEPT_COPY_H_
#define CAVIAR_SERVER_COORDINATOR_KEPT_COPY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caviar::coordinator {

// Gives `file` the name <file>.<label>, or <file>.<label>-2 and so on where that is another file's,
// on disk before this returns; nothing is overwritten. Its old name is left to it where the file
// system has second names (hard links), so that there always is a file by it. The new name.
absl::StatusOr<std::string> KeepCopy(const std::string& file, const std::string& label);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_KEPT_COPY_H_
