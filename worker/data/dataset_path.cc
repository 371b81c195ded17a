// Which file a path of a study is, and whether it may be read.
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/input_file.h"
#include "worker/data/regular_file.h"

namespace caviar::data {
namespace {

using vocabulary::Quoted;

// The path without links and dots.
absl::StatusOr<std::string> RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (real == nullptr) return SystemError(path, errno);
  return std::string(real.get());
}

bool IsBelow(const std::string& path, const std::string& directory) {
  return directory == "/" || absl::StartsWith(path, directory + "/");
}

// `path` with its dots resolved by text alone; absolute.
std::string Normal(const std::filesystem::path& path) {
  std::string normal = path.lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

}  // namespace

absl::StatusOr<std::string> ResolvePath(const std::string& dataset_dir, const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the path of a data file is missing");
  if (path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), ": a path has no NUL byte"));
  }
  if (dataset_dir.empty()) return RealPath(path);

  std::error_code error;
  const std::filesystem::path directory = std::filesystem::absolute(dataset_dir, error);
  const absl::StatusOr<std::string> real_directory =
      error ? SystemError(dataset_dir, error.value()) : RealPath(directory.string());
  if (!real_directory.ok()) {
    return absl::Status(real_directory.status().code(),
                        absl::StrCat("the dataset directory ", real_directory.status().message()));
  }
  const absl::Status outside = absl::PermissionDeniedError(
      absl::StrCat(Quoted(path), " is outside of the dataset directory ", Quoted(dataset_dir),
                   ": the worker's --dataset-dir allows only what is in it"));
  // First by text, so that nothing is learned about files outside; then where links really lead.
  const std::string joined = Normal(directory / path);
  if (!IsBelow(joined, Normal(directory)) && !IsBelow(joined, *real_directory)) return outside;
  auto real = RealPath((directory / path).string());
  if (real.ok() && !IsBelow(*real, *real_directory)) return outside;
  return real;
}

absl::StatusOr<std::string> FileIdentity(const std::string& resolved_path) {
  struct stat status;
  if (::stat(resolved_path.c_str(), &status) != 0) return SystemError(resolved_path, errno);
  return absl::StrCat(resolved_path, "|", status.st_dev, "|", status.st_ino, "|", status.st_size,
                      "|", status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec, "|",
                      status.st_ctim.tv_sec, ".", status.st_ctim.tv_nsec);
}

}  // namespace caviar::data
