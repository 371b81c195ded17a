// Code that somebody uploaded, on a worker.
#include <zlib.h>

#include <filesystem>
#include <string>

#include "client/archive/archive.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/targets.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxBytes = 1 << 20;

// Nothing that is fuzzed would get past the checksum of a compressed one.
std::string Compressed(absl::string_view tar) {
  constexpr int kGzip = 15 + 16;
  z_stream stream = {};
  Demand(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK,
         "zlib starts");
  std::string packed(deflateBound(&stream, tar.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(tar.data()));
  stream.avail_in = static_cast<uInt>(tar.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  Demand(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib ends");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// A link may be left behind by an error, but none that leads outside.
void LookAtLinks(const fs::path& folder) {
  const fs::path root = fs::canonical(folder);
  for (const auto& entry :
       fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied)) {
    if (!entry.is_symlink()) continue;
    std::error_code goes_in_circles;
    const fs::path to = fs::weakly_canonical(
        entry.path().parent_path() / fs::read_symlink(entry.path()), goes_in_circles);
    if (goes_in_circles) continue;
    Demand(to == root || to.string().starts_with(root.string() + "/"),
           "no link out of the folder: " + entry.path().string());
  }
}

void MakeRemovable(const fs::path& folder) {
  fs::permissions(folder, fs::perms::owner_all, fs::perm_options::add);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !entry.is_symlink()) MakeRemovable(entry.path());
  }
}

}  // namespace

void Archive(absl::string_view bytes) {
  static const auto* folder = new storage::TemporaryFolder;
  const fs::path target = folder->path() + "/target";
  fs::create_directory(target);
  const absl::Status unpacked = archive::Unpack(Compressed(bytes), target.string(), kMaxBytes);
  Demand(unpacked.ok() || !unpacked.message().empty(), "a refusal with words");
  LookAtLinks(target);
  for (const auto& entry : fs::directory_iterator(folder->path())) {
    Demand(entry.path() == target, "nothing beside the folder: " + entry.path().string());
  }
  MakeRemovable(target);
  fs::remove_all(target);
}

}  // namespace caviar::fuzz
