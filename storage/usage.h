// What takes room: counted in the database, and weighed on the disk.
#ifndef CAVIAR_STORAGE_USAGE_H_
#define CAVIAR_STORAGE_USAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/connection.h"
#include "storage/store.h"

namespace caviar::storage {

// Of each study that is not deleted, by id. Reads all rows' keys.
absl::StatusOr<std::vector<StudyUsage>> ReadUsage(Connection& connection);

// What lies in this folder and below whose names end so; "" ends all. Links are not followed. What
// goes away meanwhile does not count.
FileUsage WeighFiles(const std::string& folder, const std::string& ending);

// 0: there is no such file.
int64_t FileSize(const std::string& file);

// Room that is left where this folder is, for us; 0: not known.
int64_t FreeDisk(const std::string& folder);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_USAGE_H_
