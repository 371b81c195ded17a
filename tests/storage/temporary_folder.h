// A folder of a test's own.
#ifndef CAVIAR_TESTS_STORAGE_TEMPORARY_FOLDER_H_
#define CAVIAR_TESTS_STORAGE_TEMPORARY_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>

namespace caviar::storage {

// Made empty, removed with all in it when it goes away.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "caviar-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_TEMPORARY_FOLDER_H_
