// A backup that somebody hands to --restore.
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "storage/backup_format.h"
#include "storage/restore.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/targets.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::fuzz {
namespace {

namespace fs = std::filesystem;

uint32_t Crc32(absl::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// Puts checksums right as far as the bytes can be followed: nothing that is fuzzed would get past
// them.
class Repair {
 public:
  explicit Repair(absl::string_view bytes) : bytes_(bytes) {}

  std::string Run() {
    at_ = storage::kBackupMagic.size();
    while (at_ < bytes_.size() && bytes_[at_] == 'F') {
      ++at_;
      const uint64_t name_size = Number(sizeof(uint32_t));
      if (!Skip(name_size)) return bytes_;
      const uint64_t size = Number(sizeof(uint64_t));
      const size_t content = at_;
      if (!Skip(size)) return bytes_;
      Put(Crc32(absl::string_view(bytes_).substr(content, size)));
    }
    if (Skip(1 + sizeof(uint32_t) + sizeof(uint64_t))) {
      Put(Crc32(absl::string_view(bytes_).substr(0, at_)));
    }
    return bytes_;
  }

 private:
  bool Skip(uint64_t size) {
    if (size > bytes_.size() || at_ > bytes_.size() - size) return false;
    at_ += size;
    return true;
  }
  uint64_t Number(size_t size) {
    uint64_t number = 0;
    const size_t begin = at_;
    if (Skip(size)) std::memcpy(&number, bytes_.data() + begin, size);
    return number;
  }
  void Put(uint32_t sum) {
    const size_t begin = at_;
    if (Skip(sizeof(sum))) std::memcpy(bytes_.data() + begin, &sum, sizeof(sum));
  }

  std::string bytes_;
  size_t at_ = 0;
};

}  // namespace

void Backup(absl::string_view bytes) {
  static const auto* folder = new storage::TemporaryFolder;
  const fs::path file = folder->path() + "/backup";
  const fs::path target = folder->path() + "/target";
  std::ofstream(file, std::ios::binary | std::ios::trunc) << Repair(bytes).Run();
  const auto contents = storage::Restore(file.string(), target.string());
  if (!contents.ok()) {
    Demand((absl::IsDataLoss(contents.status()) || absl::IsFailedPrecondition(contents.status())) &&
               !contents.status().message().empty(),
           "a refusal with words, not " + contents.status().ToString());
    Demand(!fs::exists(target / "caviar.db"), "no store of a refused backup");
  }
  for (const auto& entry : fs::directory_iterator(folder->path())) {
    Demand(entry.path() == file || entry.path() == target, "nothing beside the data directory");
  }
  fs::remove_all(target);
}

}  // namespace caviar::fuzz
