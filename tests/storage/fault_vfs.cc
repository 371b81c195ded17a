#include "tests/storage/fault_vfs.h"

#include <sqlite3.h>

#include <new>
#include <optional>

namespace caviar::storage {
namespace {

struct Fault {
  FaultOn on;
  int left;
  int code;
  std::optional<bool> log;
};

std::optional<Fault> fault;

// SQLite allocates it with room for the real file behind it.
struct FaultFile {
  sqlite3_file base;
  bool is_log;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

FaultFile* Of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Of(file)->real(); }

// SQLITE_OK: no fault now.
int Meet(FaultOn on, sqlite3_file* file) {
  if (!fault.has_value() || fault->left == 0) return SQLITE_OK;
  if (fault->on != FaultOn::kAny && fault->on != on) return SQLITE_OK;
  if (fault->log.has_value() && *fault->log != Of(file)->is_log) return SQLITE_OK;
  return --fault->left == 0 ? fault->code : SQLITE_OK;
}

int Close(sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); }
int Read(sqlite3_file* f, void* data, int size, sqlite3_int64 at) {
  const int code = Meet(FaultOn::kRead, f);
  return code != SQLITE_OK ? code : Real(f)->pMethods->xRead(Real(f), data, size, at);
}
int Write(sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
  const int code = Meet(FaultOn::kWrite, f);
  if (code == SQLITE_OK) return Real(f)->pMethods->xWrite(Real(f), data, size, at);
  Real(f)->pMethods->xWrite(Real(f), data, size / 2, at);  // a torn write
  return code;
}
int Truncate(sqlite3_file* f, sqlite3_int64 size) {
  const int code = Meet(FaultOn::kTruncate, f);
  return code != SQLITE_OK ? code : Real(f)->pMethods->xTruncate(Real(f), size);
}
int Sync(sqlite3_file* f, int flags) {
  const int code = Meet(FaultOn::kSync, f);
  return code != SQLITE_OK ? code : Real(f)->pMethods->xSync(Real(f), flags);
}
int FileSize(sqlite3_file* f, sqlite3_int64* size) {
  return Real(f)->pMethods->xFileSize(Real(f), size);
}
int Lock(sqlite3_file* f, int level) { return Real(f)->pMethods->xLock(Real(f), level); }
int Unlock(sqlite3_file* f, int level) { return Real(f)->pMethods->xUnlock(Real(f), level); }
int CheckReservedLock(sqlite3_file* f, int* result) {
  return Real(f)->pMethods->xCheckReservedLock(Real(f), result);
}
int FileControl(sqlite3_file* f, int op, void* argument) {
  return Real(f)->pMethods->xFileControl(Real(f), op, argument);
}
int SectorSize(sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); }
int DeviceCharacteristics(sqlite3_file* f) {
  return Real(f)->pMethods->xDeviceCharacteristics(Real(f));
}
int ShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** at) {
  return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, at);
}
int ShmLock(sqlite3_file* f, int offset, int count, int flags) {
  return Real(f)->pMethods->xShmLock(Real(f), offset, count, flags);
}
void ShmBarrier(sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); }
int ShmUnmap(sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); }

const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     DeviceCharacteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  auto* real_vfs = static_cast<sqlite3_vfs*>(vfs->pAppData);
  FaultFile* made = new (file) FaultFile;
  made->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  const int code = real_vfs->xOpen(real_vfs, name, made->real(), flags, flags_out);
  made->base.pMethods = code == SQLITE_OK ? &kMethods : nullptr;
  return code;
}

}  // namespace

void FaultVfs::Register() {
  if (sqlite3_vfs_find(kName) != nullptr) return;
  static sqlite3_vfs vfs;
  sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
  vfs = *real;
  vfs.pNext = nullptr;
  vfs.szOsFile = static_cast<int>(sizeof(FaultFile)) + real->szOsFile;
  vfs.zName = kName;
  vfs.pAppData = real;
  vfs.xOpen = &Open;
  sqlite3_vfs_register(&vfs, 0);
}

void FaultVfs::FailOnce(FaultOn on, int number, int code) { fault = {on, number, code, {}}; }

void FaultVfs::FailOnce(FaultOn on, int number, int code, bool log) {
  fault = {on, number, code, log};
}

bool FaultVfs::Clear() {
  const bool met = fault.has_value() && fault->left == 0;
  fault.reset();
  return met;
}

}  // namespace caviar::storage
