// Files of the operating system that fail on demand: what FaultVfs is to SQLite's files.
#ifndef CAVIAR_TESTS_STORAGE_FAILING_FILES_H_
#define CAVIAR_TESTS_STORAGE_FAILING_FILES_H_

#include <string>

namespace caviar::storage {

enum class FileFault {
  kSync,   // fsync and fdatasync say EIO
  kRead,   // pread does
  kWrite,  // pwrite says EDQUOT
  kList,   // readdir says EIO
};

// While it lives, all such calls of this process fail on files, and folders, whose path ends with
// `ending`. One at a time.
class FailingFiles {
 public:
  FailingFiles(FileFault fault, const std::string& ending);
  ~FailingFiles();
  FailingFiles(const FailingFiles&) = delete;
  FailingFiles& operator=(const FailingFiles&) = delete;

  // How many calls failed.
  int met() const;
  // Until one did.
  void AwaitOne() const;
};

// While it lives, the `step`-th of this process's calls that make a folder, rename, remove or sync,
// counted from 1, fails with EIO. `last`: so do all after it, which leaves what a process leaves
// that is killed there. Syncs that do not fail do nothing: a process's end takes nothing that they
// keep. One at a time.
class CutFiles {
 public:
  CutFiles(int step, bool last);
  ~CutFiles();
  CutFiles(const CutFiles&) = delete;
  CutFiles& operator=(const CutFiles&) = delete;

  // Whether there were as many.
  bool met() const;
};

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_FAILING_FILES_H_
