// A data directory as a person, or a bad disk, sees it.
#ifndef CAVIAR_TESTS_STORAGE_DATA_DIRECTORY_H_
#define CAVIAR_TESTS_STORAGE_DATA_DIRECTORY_H_

#include <sqlite3.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/sqlite_store.h"
#include "tests/storage/seal.h"

namespace caviar::storage {

// What a person gets who asks the file: values with | between them, a line a row; or the error.
// row_checksum(column, ...) is what a row's last column holds.
inline std::string Ask(const std::string& folder, const std::string& sql) {
  sqlite3* database = nullptr;
  sqlite3_open(DatabaseFile(folder).c_str(), &database);
  AddRowChecksum(database);
  std::string answer;
  char* error = nullptr;
  const auto add = [](void* text, int count, char** values, char**) {
    for (int i = 0; i < count; ++i) {
      absl::StrAppend(static_cast<std::string*>(text), i > 0 ? "|" : "",
                      values[i] != nullptr ? values[i] : "NULL");
    }
    *static_cast<std::string*>(text) += "\n";
    return 0;
  };
  if (sqlite3_exec(database, sql.c_str(), add, &answer, &error) != SQLITE_OK) answer = error;
  sqlite3_free(error);
  sqlite3_close(database);
  return answer;
}

inline std::string ReadFile(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline void WriteFile(const std::string& file, const std::string& data) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << data;
}

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_DATA_DIRECTORY_H_
