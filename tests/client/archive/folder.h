// A folder of a test's own.
#ifndef CAVIAR_TESTS_CLIENT_ARCHIVE_FOLDER_H_
#define CAVIAR_TESTS_CLIENT_ARCHIVE_FOLDER_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace caviar::archive {

// Made empty, removed with all in it when it goes away.
class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "/archive-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_.string(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  // Makes folders on the way.
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  // "(none)": there is no such file.
  std::string Read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return file ? std::string(std::istreambuf_iterator<char>(file), {}) : "(none)";
  }
  bool Has(const std::string& name) const {
    std::error_code error;
    return std::filesystem::symlink_status(path_ / name, error).type() !=
           std::filesystem::file_type::not_found;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace caviar::archive

#endif  // CAVIAR_TESTS_CLIENT_ARCHIVE_FOLDER_H_
