// On what kind of file system a data directory is.
//
// A write-ahead log needs memory that all who open the database share, and locks that hold; a
// network's file system has neither for sure, and what SQLite does there without them is damage the
// database.
#ifndef CAVIAR_STORAGE_FILE_SYSTEM_H_
#define CAVIAR_STORAGE_FILE_SYSTEM_H_

#include <sys/vfs.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace caviar::storage {

// What people call the network's file system with this number (statfs(2), f_type): NFS, Lustre ...;
// "": it is a local one, or none that is known. FUSE counts as one: nobody knows what is behind it.
std::string NetworkFileSystem(int64_t type);

// As SqliteOptions::vfs and the readers' and backups': the name of SQLite's form in which one
// process keeps the file for itself, and its connections share memory of that process and no file.
inline constexpr char kOneProcessVfs[] = "unix-excl";

// statfs(2).
using StatFileSystem = std::function<int(const char* path, struct statfs* found)>;

// FAILED_PRECONDITION: the data directory, or where it would be made, is on a network's file
// system; the message says what to do.
absl::Status CheckFileSystem(const std::string& data_directory,
                             const StatFileSystem& stat = &statfs);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_FILE_SYSTEM_H_
