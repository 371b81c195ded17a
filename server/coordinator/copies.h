// A copy of all that is stored, made again and again on a disk that outlives this machine:
// --copy-to.
#ifndef CAVIAR_SERVER_COORDINATOR_COPIES_H_
#define CAVIAR_SERVER_COORDINATOR_COPIES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/coordinator/backups.h"
#include "server/coordinator/copy_notes.h"

namespace caviar::coordinator {

// <folder>/caviar.backup, which `caviar-coordinator --restore` takes back. It is replaced as a
// whole once a new one is complete, checked and on the disk, so that there always is one. What was
// acknowledged since the last copy is not in it.
//
// Only a copy of this store that holds no more than the new one is replaced (copy_notes.h says
// whose it is). Any other is kept under another name, <folder>/caviar.backup.epoch-N-commit-M or
// .from-TIME, before the first copy; after that nothing else is expected there, and none is made.
class Copies {
 public:
  struct Options {
    std::string folder;
    absl::Duration every = absl::Minutes(1);
    // How long somebody else's backup is waited for, less at the end; then none is made this time.
    absl::Duration patience = absl::Minutes(10);
    // The last commit that is stored: nothing is copied where it is in the copy already.
    std::function<absl::StatusOr<int64_t>()> newest_commit;
    // Told of a copy that was kept, in a sentence that names it and says why; from the thread of
    // the copies.
    std::function<void(const std::string&)> on_kept = [](const std::string&) {};
    // Told of each copy that was made or could not be; from the thread of the copies.
    std::function<void(const absl::Status&)> on_copy = [](const absl::Status&) {};
  };
  // Copies at once, on a thread of its own, then every `every`.
  Copies(Backups& backups, Options options);
  // Makes a last copy.
  ~Copies();
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

 private:
  void Run();
  // Where there is something new.
  void CopyNew();
  absl::Status Copy();
  absl::StatusOr<std::shared_ptr<storage::Backup>> Take();
  bool IsEnding();
  absl::Status Write(std::shared_ptr<storage::Backup> backup, const std::string& file);
  // `part`, a complete copy, becomes the one that is there.
  absl::Status PutInPlace(const std::string& part, int64_t epoch);
  // The copy that is there, under another name.
  absl::Status Keep(const std::string& label, const std::string& why);

  Backups& backups_;
  const Options options_;
  // The thread's.
  int64_t copied_ = -1;  // the last commit that a copy holds; -1: this process has made none
  CopyNotes notes_;      // as in the file, once this process has made a copy
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// FAILED_PRECONDITION: copies cannot be written there; or there is one, and no database yet: a
// coordinator that begins anew where a disk was lost would replace the copy by an empty one.
absl::Status CheckCopyFolder(const std::string& folder, const std::string& data_directory,
                             bool begins_anew);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_COPIES_H_
