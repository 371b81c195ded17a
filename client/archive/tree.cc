#include "client/archive/tree.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "client/archive/ignore_rules.h"

namespace caviar::archive {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<std::string> ReadLink(const std::string& path) {
  std::array<char, 4096> text;
  const ssize_t size = readlink(path.c_str(), text.data(), text.size());
  if (size < 0) return absl::ErrnoToStatus(errno, path);
  return std::string(text.data(), static_cast<size_t>(size));
}

absl::StatusOr<TreeEntry> Look(const std::string& path, const std::string& name) {
  TreeEntry entry;
  entry.name = name;
  entry.path = path;
  struct stat about;
  if (lstat(path.c_str(), &about) != 0) return absl::ErrnoToStatus(errno, path);
  entry.mode = about.st_mode;
  if (S_ISREG(about.st_mode)) {
    entry.size = about.st_size;
  } else if (S_ISLNK(about.st_mode)) {
    auto link = ReadLink(path);
    if (!link.ok()) return link.status();
    entry.link = *std::move(link);
  } else if (!S_ISDIR(about.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is no file, folder or link: only those can be packed"));
  }
  return entry;
}

class Walk {
 public:
  Walk(const std::string& root, const std::string& ignore_file, const std::string& ignore)
      : leaves_git_out_(!ignore_file.empty()) {
    std::string rules = ignore + "\n";
    if (!ignore_file.empty()) {
      std::ifstream file(absl::StrCat(root, "/", ignore_file), std::ios::binary);
      rules.append(std::istreambuf_iterator<char>(file), {});
    }
    rules_ = IgnoreRules(rules);
  }

  // Adds what is in `folder`, whose name in the archive is `prefix` ("" or "src/").
  absl::Status Add(const std::string& folder, const std::string& prefix) {
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error) return absl::ErrnoToStatus(error.value(), folder);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      if (absl::Status status = AddEntry(absl::StrCat(folder, "/", name), prefix + name);
          !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  std::vector<TreeEntry> Take() { return std::move(entries_); }

 private:
  absl::Status AddEntry(const std::string& path, const std::string& name) {
    std::error_code error;
    const bool is_folder = fs::symlink_status(path, error).type() == fs::file_type::directory;
    if ((leaves_git_out_ && name == ".git") || rules_.Ignores(name, is_folder)) {
      return absl::OkStatus();
    }
    auto entry = Look(path, name);
    if (!entry.ok()) return entry.status();
    if (S_ISLNK(entry->mode) && !LinkStaysInside(name, entry->link)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the link ", path, " leads to ", entry->link, ", outside of the folder"));
    }
    entries_.push_back(*std::move(entry));
    return is_folder ? Add(path, name + "/") : absl::OkStatus();
  }

  const bool leaves_git_out_;
  IgnoreRules rules_;
  std::vector<TreeEntry> entries_;
};

}  // namespace

bool LinkStaysInside(absl::string_view name, absl::string_view link) {
  if (link.empty() || link[0] == '/') return false;
  int64_t depth = std::count(name.begin(), name.end(), '/');
  for (const absl::string_view segment : absl::StrSplit(link, '/')) {
    if (segment.empty() || segment == ".") continue;
    depth += segment == ".." ? -1 : 1;
    if (depth < 0) return false;
  }
  return true;
}

absl::StatusOr<std::vector<TreeEntry>> ListTree(const std::string& path,
                                                const std::string& ignore_file,
                                                const std::string& ignore) {
  auto top = Look(path, fs::path(path).filename().string());
  if (!top.ok()) return top.status();
  if (S_ISREG(top->mode)) return std::vector<TreeEntry>{*std::move(top)};
  if (std::error_code error; !fs::is_directory(path, error)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is no folder and no file"));
  }
  Walk walk(path, ignore_file, ignore);
  if (absl::Status status = walk.Add(path, ""); !status.ok()) return status;
  return walk.Take();
}

}  // namespace caviar::archive
