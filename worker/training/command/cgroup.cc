#include "worker/training/command/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "worker/training/command/descriptor.h"

namespace caviar::command {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// In one write, as these files want it.
bool Write(const std::string& path, absl::string_view text) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.is_open() &&
         write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool HasWord(const std::string& text, absl::string_view word) {
  for (const absl::string_view found : absl::StrSplit(text, absl::ByAnyChar(" \n"))) {
    if (found == word) return true;
  }
  return false;
}

// Where cgroup v2 is mounted; "": nowhere.
std::string MountPoint() {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    if (fields.size() > 5 && fields[3] == "/" && line.find(" - cgroup2 ") != std::string::npos) {
      return fields[4];
    }
  }
  return "";
}

// The folder of this process's own group; "": none.
std::string OwnFolder() {
  const std::string mount = MountPoint();
  if (mount.empty()) return "";
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    absl::string_view path = line;
    if (absl::ConsumePrefix(&path, "0::")) {
      absl::ConsumeSuffix(&path, "/");
      return absl::StrCat(mount, path);
    }
  }
  return "";
}

bool EnableMemory(const std::string& folder) {
  const std::string control = folder + "/cgroup.subtree_control";
  if (HasWord(ReadAll(control), "memory")) return true;
  return HasWord(ReadAll(folder + "/cgroup.controllers"), "memory") && Write(control, "+memory");
}

// A group that limits what is below it must have no processes of its own.
bool MoveOneLevelDown(const std::string& folder) {
  if (absl::StripSuffix(ReadAll(folder + "/cgroup.procs"), "\n") != absl::StrCat(getpid())) {
    return false;
  }
  const std::string own = folder + "/caviar-worker";
  mkdir(own.c_str(), 0755);
  return Write(own + "/cgroup.procs", "0");
}

// What workers that were killed left: "caviar-PROCESS-NUMBER". One that is in use stays, because it
// cannot be removed.
void RemoveLeftGroups(const std::string& parent) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(parent, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    int worker = 0;
    int number = 0;
    if (std::sscanf(name.c_str(), "caviar-%d-%d", &worker, &number) == 2 && kill(worker, 0) != 0 &&
        errno == ESRCH) {
      RemoveGroup(at->path().string());
    }
  }
}

}  // namespace

Cgroups::Cgroups(bool use) : parent_(use ? OwnFolder() : "") {
  if (parent_.empty() || access(parent_.c_str(), W_OK) != 0) {
    parent_.clear();
    return;
  }
  RemoveLeftGroups(parent_);
  memory_ = EnableMemory(parent_) || (HasWord(ReadAll(parent_ + "/cgroup.controllers"), "memory") &&
                                      MoveOneLevelDown(parent_) && EnableMemory(parent_));
}

Cgroups::Group Cgroups::Make(int64_t max_memory) {
  if (parent_.empty()) return {};
  Group group;
  group.folder = absl::StrCat(parent_, "/caviar-", getpid(), "-", ++made_);
  if (mkdir(group.folder.c_str(), 0755) != 0) return {};
  // Before 5.14 a kernel cannot kill a group.
  if (access((group.folder + "/cgroup.kill").c_str(), W_OK) != 0) {
    RemoveGroup(group.folder);
    return {};
  }
  if (memory_ && max_memory > 0) {
    group.limits_memory = Write(group.folder + "/memory.max", absl::StrCat(max_memory));
    Write(group.folder + "/memory.swap.max", "0");
    Write(group.folder + "/memory.oom.group", "1");
  }
  return group;
}

void KillAllIn(const std::string& folder) {
  if (!folder.empty()) Write(folder + "/cgroup.kill", "1");
}

bool HadOutOfMemory(const std::string& folder) {
  if (folder.empty()) return false;
  std::ifstream events(folder + "/memory.events");
  std::string name;
  int64_t count = 0;
  while (events >> name >> count) {
    if (name == "oom_kill" && count > 0) return true;
  }
  return false;
}

void RemoveGroup(const std::string& folder) {
  if (!folder.empty()) rmdir(folder.c_str());
}

}  // namespace caviar::command
