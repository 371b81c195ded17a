// Databases as earlier versions of the schema left them, kept for good.
#ifndef CAVIAR_TESTS_STORAGE_OLDER_DATABASE_H_
#define CAVIAR_TESTS_STORAGE_OLDER_DATABASE_H_

#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "storage/sqlite_store.h"

namespace caviar::storage {

// Puts the database of a schema version, 1 to 4, into a folder: a study "tuned" that is ACTIVE, by
// TPE and ASHA, with 11 trials, and a study "queue" that has ENDED, with 3. Coordinators of that
// version wrote it: 2 is what one made of 1, 3 of 2, and 4 of 3. Whether it is there.
inline bool PlaceOlderDatabase(const std::string& folder, int version = 1) {
  const std::string name = OLDER_DATABASES "/schema-" + std::to_string(version);
  const gzFile packed = gzopen((name + ".db.gz").c_str(), "rb");
  if (packed == nullptr) return false;
  std::ofstream file(DatabaseFile(folder), std::ios::binary);
  char buffer[1 << 16];
  int count = 0;
  while ((count = gzread(packed, buffer, sizeof(buffer))) > 0) file.write(buffer, count);
  std::filesystem::copy_file(name + ".highwater", folder + "/highwater");
  return gzclose(packed) == Z_OK && count == 0 && file.good();
}

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_OLDER_DATABASE_H_
