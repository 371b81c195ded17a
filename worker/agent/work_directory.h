// A folder of this worker's own.
#ifndef CAVIAR_WORKER_AGENT_WORK_DIRECTORY_H_
#define CAVIAR_WORKER_AGENT_WORK_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caviar::agent {

// PARENT/caviar-UID/XXXXXX, for this user alone. Several workers on a machine have one each, and
// hold a lock (flock) on it while they live; so one that a worker left behind when it was killed is
// known, and the next to be made removes it. What lies in its folder `kept` stays, for people: of
// all workers that are gone together the newest kMostKept.
class WorkDirectory {
 public:
  // So that there is room for the name of a socket below it.
  static constexpr size_t kMaxPathBytes = 80;
  static constexpr size_t kMostKept = 100;

  // Removes what others left behind and makes a new one. `parent` is on a local disk, and made
  // where it is not there. Errors say what to do.
  static absl::StatusOr<std::unique_ptr<WorkDirectory>> Make(const std::string& parent);
  // Removes it.
  ~WorkDirectory();
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  // Absolute.
  const std::string& path() const { return path_; }

 private:
  WorkDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  const int lock_;
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_WORK_DIRECTORY_H_
