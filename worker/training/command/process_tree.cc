#include "worker/training/command/process_tree.h"

#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace caviar::command {
namespace {

// From "pid (name) state parent ...", where the name may hold anything; 0: it is gone.
pid_t ParentOf(pid_t process) {
  std::ifstream file(absl::StrCat("/proc/", process, "/stat"));
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos || name_end + 4 > line.size()) return 0;
  return static_cast<pid_t>(std::strtol(line.c_str() + name_end + 4, nullptr, 10));
}

// Every process with its parent.
std::multimap<pid_t, pid_t> ByParent() {
  std::multimap<pid_t, pid_t> by_parent;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
  if (folder == nullptr) return by_parent;
  while (const dirent* entry = readdir(folder.get())) {
    pid_t process = 0;
    if (absl::SimpleAtoi(entry->d_name, &process)) by_parent.emplace(ParentOf(process), process);
  }
  return by_parent;
}

std::vector<pid_t> Children(const std::multimap<pid_t, pid_t>& by_parent, pid_t parent) {
  std::vector<pid_t> children;
  const auto [begin, end] = by_parent.equal_range(parent);
  for (auto at = begin; at != end; ++at) children.push_back(at->second);
  return children;
}

int64_t ResidentBytes(pid_t process) {
  std::ifstream file(absl::StrCat("/proc/", process, "/statm"));
  int64_t pages = 0;
  int64_t resident = 0;
  file >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// A page that n processes share counts 1/n; -1: that may not be looked at.
int64_t ProportionalBytes(pid_t process) {
  std::ifstream file(absl::StrCat("/proc/", process, "/smaps_rollup"));
  std::string word;
  while (file >> word) {
    int64_t kilobytes = 0;
    if (word == "Pss:" && file >> kilobytes) return kilobytes * 1024;
  }
  return -1;
}

}  // namespace

std::vector<pid_t> ChildrenOf(pid_t parent) { return Children(ByParent(), parent); }

std::vector<pid_t> DescendantsOf(pid_t root) {
  const std::multimap<pid_t, pid_t> by_parent = ByParent();
  std::vector<pid_t> found = Children(by_parent, root);
  for (size_t i = 0; i < found.size(); ++i) {
    const std::vector<pid_t> children = Children(by_parent, found[i]);
    found.insert(found.end(), children.begin(), children.end());
  }
  return found;
}

bool TakeMoreMemory(const std::vector<pid_t>& processes, int64_t limit) {
  int64_t bytes = 0;
  for (const pid_t process : processes) bytes += ResidentBytes(process);
  if (bytes <= limit) return false;
  // Only now the exact sum, which takes the kernel a while.
  bytes = 0;
  for (const pid_t process : processes) {
    const int64_t proportional = ProportionalBytes(process);
    bytes += proportional >= 0 ? proportional : ResidentBytes(process);
  }
  return bytes > limit;
}

}  // namespace caviar::command
