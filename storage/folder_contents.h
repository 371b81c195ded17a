// What is in folders that are held open: listed and removed without following links, so that
// nothing that is put there meanwhile leads elsewhere. Internal to this room.
#ifndef CAVIAR_STORAGE_FOLDER_CONTENTS_H_
#define CAVIAR_STORAGE_FOLDER_CONTENTS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/beneath.h"

namespace caviar::storage {

// The names in a folder.
absl::StatusOr<std::vector<std::string>> List(Descriptor folder);

// The folder `name` in there; not open where it is none.
Descriptor OpenBelow(const Descriptor& folder, const std::string& name);

// Empties the folder, which is called `path`, but for what `keep` names; links themselves and not
// what they lead to.
absl::Status RemoveBelow(const Descriptor& folder, const std::string& path,
                         const std::set<std::string>& keep);

// Removes the file or folder `name` with all in it. Repeating is no error.
absl::Status RemoveEntry(const Descriptor& folder, const std::string& name);

// Removes an empty folder; one that is not stays.
absl::Status RemoveIfEmpty(const Descriptor& parent, const std::string& name);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_FOLDER_CONTENTS_H_
