// A SQLite VFS over the real one whose operations fail on demand.
#ifndef CAVIAR_TESTS_STORAGE_FAULT_VFS_H_
#define CAVIAR_TESTS_STORAGE_FAULT_VFS_H_

namespace caviar::storage {

enum class FaultOn { kAny, kRead, kWrite, kSync, kTruncate };

// One for the process; used by one thread.
class FaultVfs {
 public:
  static constexpr char kName[] = "caviar-fault";

  // Makes the VFS known to SQLite; repeating is no error.
  static void Register();
  // From now on the `number`th (1: the next) operation of this kind answers `code`, an extended
  // SQLite result code, once. `log` true: only of the write-ahead log; false: only of other files.
  static void FailOnce(FaultOn on, int number, int code);
  static void FailOnce(FaultOn on, int number, int code, bool log);
  // Forgets the fault. True: it was met.
  static bool Clear();
};

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_FAULT_VFS_H_
