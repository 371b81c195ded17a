#include "tests/storage/fault_vfs.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace caviar::storage {
namespace {

int ErrnoOf(Fault fault) {
  switch (fault) {
    case Fault::kDiskFull:
    case Fault::kShm:
      return ENOSPC;
    case Fault::kOverQuota:
      return EDQUOT;
    default:
      return EIO;
  }
}

}  // namespace

// An open file, in memory that SQLite allocated. Its methods answer SQLite result codes.
struct FaultFile {
  sqlite3_file base;
  FaultVfs* vfs;
  std::string name;
  std::shared_ptr<MemoryFile> file;
  bool sync_names;  // made as a log: its first sync syncs the folder too

  static FaultFile& Of(sqlite3_file* file) { return *reinterpret_cast<FaultFile*>(file); }
  static FaultVfs& Of(sqlite3_vfs* vfs) { return *static_cast<FaultVfs*>(vfs->pAppData); }
  static std::string NameOf(const char* path) {
    return std::string(path).substr(absl::string_view(path).rfind('/') + 1);
  }

  static int Open(sqlite3_vfs* base, const char* path, sqlite3_file* at, int flags, int* out);
  static int Delete(sqlite3_vfs* base, const char* path, int sync_names);
  static int Access(sqlite3_vfs* base, const char* path, int flags, int* result);
  static int FullPath(sqlite3_vfs* base, const char* path, int size, char* out);

  static int Close(sqlite3_file* at);
  static int Read(sqlite3_file* at, void* data, int size, sqlite3_int64 offset);
  static int Write(sqlite3_file* at, const void* data, int size, sqlite3_int64 offset);
  static int Truncate(sqlite3_file* at, sqlite3_int64 size);
  static int Sync(sqlite3_file* at, int flags);
  static int ShmMap(sqlite3_file* at, int page, int size, int extend, void volatile** memory);
  static int ShmUnmap(sqlite3_file* at, int remove);
};

int FaultFile::Open(sqlite3_vfs* base, const char* path, sqlite3_file* at, int flags, int* out) {
  at->pMethods = nullptr;  // SQLite closes nothing then
  static const sqlite3_io_methods methods = {
      .iVersion = 2,
      .xClose = &Close,
      .xRead = &Read,
      .xWrite = &Write,
      .xTruncate = &Truncate,
      .xSync = &Sync,
      .xFileSize =
          [](sqlite3_file* f, sqlite3_int64* size) {
            *size = static_cast<sqlite3_int64>(Of(f).file->data().size());
            return SQLITE_OK;
          },
      .xLock = [](sqlite3_file*, int) { return SQLITE_OK; },
      .xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; },
      .xCheckReservedLock =
          [](sqlite3_file*, int* result) {
            *result = 0;
            return SQLITE_OK;
          },
      .xFileControl =
          [](sqlite3_file* f, int what, void* answer) {
            if (what != SQLITE_FCNTL_LAST_ERRNO) return SQLITE_NOTFOUND;
            *static_cast<int*>(answer) = Of(f).vfs->error_;
            return SQLITE_OK;
          },
      // As SQLite's own VFS has them on Linux.
      .xSectorSize = [](sqlite3_file*) { return 4096; },
      .xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; },
      .xShmMap = &ShmMap,
      .xShmLock = [](sqlite3_file*, int, int, int) { return SQLITE_OK; },
      .xShmBarrier = [](sqlite3_file*) {},
      .xShmUnmap = &ShmUnmap,
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
  FaultVfs& vfs = Of(base);
  const std::string name = path != nullptr ? NameOf(path) : "";
  std::shared_ptr<MemoryFile> file = path != nullptr ? vfs.disk_.Find(name) : nullptr;
  if (vfs.Meets(Fault::kOpen)) return SQLITE_CANTOPEN;
  bool made = false;
  if (path == nullptr) {
    file = std::make_shared<MemoryFile>();
  } else if (file == nullptr) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    if (vfs.Meets(Fault::kDiskFull) || vfs.Meets(Fault::kOverQuota)) return SQLITE_CANTOPEN;
    vfs.BeforeChange();
    file = vfs.disk_.Make(name);
    made = true;
  }
  constexpr int kLogs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  new (at) FaultFile{{&methods}, &vfs, name, std::move(file), made && (flags & kLogs) != 0};
  if (out != nullptr) *out = flags;
  return SQLITE_OK;
}

int FaultFile::Delete(sqlite3_vfs* base, const char* path, int sync_names) {
  FaultVfs& vfs = Of(base);
  if (vfs.disk_.Find(NameOf(path)) == nullptr) return SQLITE_IOERR_DELETE_NOENT;
  if (vfs.Meets(Fault::kDelete)) return SQLITE_IOERR_DELETE;
  vfs.BeforeChange();
  vfs.disk_.Erase(NameOf(path));
  if (sync_names != 0) vfs.disk_.SyncNames();
  return SQLITE_OK;
}

int FaultFile::Access(sqlite3_vfs* base, const char* path, int flags, int* result) {
  const std::shared_ptr<MemoryFile> file = Of(base).disk_.Find(NameOf(path));
  *result = file != nullptr && (flags != SQLITE_ACCESS_EXISTS || !file->data().empty());
  return SQLITE_OK;
}

int FaultFile::FullPath(sqlite3_vfs*, const char* path, int size, char* out) {
  return std::snprintf(out, static_cast<size_t>(size), "%s", path) < size ? SQLITE_OK
                                                                          : SQLITE_CANTOPEN;
}

int FaultFile::Close(sqlite3_file* at) {
  Of(at).~FaultFile();
  return SQLITE_OK;
}

int FaultFile::Read(sqlite3_file* at, void* data, int size, sqlite3_int64 offset) {
  FaultFile& f = Of(at);
  if (f.vfs->Meets(Fault::kRead)) return SQLITE_IOERR_READ;
  const std::string& all = f.file->data();
  size_t left = std::max<int64_t>(0, static_cast<int64_t>(all.size()) - offset);
  left = std::min(left, static_cast<size_t>(size));
  if (left > 0 && f.vfs->Meets(Fault::kShortRead)) left = 0;
  if (left > 0) std::memcpy(data, all.data() + offset, left);
  if (left == static_cast<size_t>(size)) return SQLITE_OK;
  std::memset(static_cast<char*>(data) + left, 0, static_cast<size_t>(size) - left);
  return SQLITE_IOERR_SHORT_READ;
}

int FaultFile::Write(sqlite3_file* at, const void* data, int size, sqlite3_int64 offset) {
  FaultFile& f = Of(at);
  const absl::string_view all(static_cast<const char*>(data), static_cast<size_t>(size));
  f.vfs->BeforeChange();
  if (f.vfs->Meets(Fault::kWrite)) return SQLITE_IOERR_WRITE;
  const bool full = f.vfs->Meets(Fault::kDiskFull);
  if (full || f.vfs->Meets(Fault::kOverQuota) || f.vfs->Meets(Fault::kShortWrite)) {
    f.file->Write(offset, all.substr(0, all.size() / 2));
    return full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
  f.file->Write(offset, all);
  return SQLITE_OK;
}

int FaultFile::Truncate(sqlite3_file* at, sqlite3_int64 size) {
  FaultFile& f = Of(at);
  f.vfs->BeforeChange();
  if (f.vfs->Meets(Fault::kTruncate)) return SQLITE_IOERR_TRUNCATE;
  f.file->Truncate(size);
  return SQLITE_OK;
}

int FaultFile::Sync(sqlite3_file* at, int) {
  FaultFile& f = Of(at);
  f.vfs->BeforeChange();
  if (f.vfs->Meets(Fault::kSync)) {
    f.file->FailSync();
    return SQLITE_IOERR_FSYNC;
  }
  f.file->Sync();
  if (std::exchange(f.sync_names, false)) f.vfs->disk_.SyncNames();
  return SQLITE_OK;
}

int FaultFile::ShmMap(sqlite3_file* at, int page, int size, int extend, void volatile** memory) {
  FaultFile& f = Of(at);
  FaultVfs::Shm& pages = f.vfs->shm_[f.name];
  *memory = nullptr;
  while (static_cast<int>(pages.size()) <= page) {
    if (extend == 0) return SQLITE_OK;
    if (f.vfs->Meets(Fault::kShm)) return SQLITE_IOERR_SHMSIZE;
    pages.push_back(std::make_unique<char[]>(static_cast<size_t>(size)));
  }
  *memory = pages[static_cast<size_t>(page)].get();
  return SQLITE_OK;
}

int FaultFile::ShmUnmap(sqlite3_file* at, int) {
  Of(at).vfs->shm_.erase(Of(at).name);
  return SQLITE_OK;
}

const std::map<Fault, std::string>& AllFaults() {
  static const auto& faults = *new std::map<Fault, std::string>{{Fault::kOpen, "open"},
                                                                {Fault::kRead, "read"},
                                                                {Fault::kShortRead, "short read"},
                                                                {Fault::kWrite, "write"},
                                                                {Fault::kShortWrite, "short write"},
                                                                {Fault::kDiskFull, "disk full"},
                                                                {Fault::kOverQuota, "over quota"},
                                                                {Fault::kTruncate, "truncate"},
                                                                {Fault::kSync, "sync"},
                                                                {Fault::kDelete, "delete"},
                                                                {Fault::kShm, "wal-index"}};
  return faults;
}

FaultVfs::FaultVfs(const MemoryDisk& disk)
    : name_([] {
        static int made = 0;
        return absl::StrCat("caviar-fault-", ++made);
      }()),
      disk_(disk),
      vfs_(*sqlite3_vfs_find(nullptr)) {
  vfs_.iVersion = 2;
  vfs_.pNext = nullptr;
  vfs_.szOsFile = sizeof(FaultFile);
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = &FaultFile::Open;
  vfs_.xDelete = &FaultFile::Delete;
  vfs_.xAccess = &FaultFile::Access;
  vfs_.xFullPathname = &FaultFile::FullPath;
  vfs_.xGetLastError = [](sqlite3_vfs* base, int, char*) { return FaultFile::Of(base).error_; };
  sqlite3_vfs_register(&vfs_, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

void FaultVfs::Fail(Fault fault, int number, bool for_ever) { armed_ = {fault, number, for_ever}; }

bool FaultVfs::Heal() {
  const bool met = armed_.has_value() && armed_->left == 0;
  armed_.reset();
  return met;
}

bool FaultVfs::Meets(Fault fault) {
  if (!armed_.has_value() || armed_->fault != fault) return false;
  if (armed_->left == 0 ? !armed_->for_ever : --armed_->left > 0) return false;
  error_ = ErrnoOf(fault);
  return true;
}

}  // namespace caviar::storage
