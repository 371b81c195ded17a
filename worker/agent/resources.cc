#include "worker/agent/resources.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <system_error>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace caviar::agent {
namespace {

// The words of a file; none where it is not there.
std::vector<std::string> WordsOf(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// nullopt: it is no number, such as "max".
std::optional<int64_t> Number(const std::vector<std::string>& words, size_t i = 0) {
  int64_t number = 0;
  if (i >= words.size() || !absl::SimpleAtoi(words[i], &number)) return std::nullopt;
  return number;
}

// Calls `visit` with the folder of each control group of `controller` that binds this process, from
// its own up. Of version 2, all controllers are in one hierarchy, "0::PATH"; of version 1, each is
// in "N:CONTROLLER,...:PATH".
void VisitGroups(const Machine& machine, absl::string_view controller,
                 const std::function<void(const std::string& folder)>& visit) {
  for (const std::string& line : LinesOf(absl::StrCat(machine.proc, "/self/cgroup"))) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    const bool unified = parts[1].empty();
    if (!unified && std::count(controllers.begin(), controllers.end(), controller) == 0) continue;
    const std::string root =
        unified ? machine.cgroups : absl::StrCat(machine.cgroups, "/", controller);
    for (std::filesystem::path path = parts[2];; path = path.parent_path()) {
      visit(absl::StrCat(root, path.string()));
      if (!path.has_relative_path()) break;
    }
  }
}

double Cpus(const Machine& machine) {
  double cpus = machine.affinity;
  const auto limit = [&](std::optional<int64_t> quota, std::optional<int64_t> period) {
    if (!quota || !period || *quota <= 0 || *period <= 0) return;  // version 1 says -1: none
    cpus = std::min(cpus, static_cast<double>(*quota) / static_cast<double>(*period));
  };
  VisitGroups(machine, "cpu", [&](const std::string& folder) {
    const std::vector<std::string> max = WordsOf(absl::StrCat(folder, "/cpu.max"));
    limit(Number(max, 0), Number(max, 1));
    limit(Number(WordsOf(absl::StrCat(folder, "/cpu.cfs_quota_us"))),
          Number(WordsOf(absl::StrCat(folder, "/cpu.cfs_period_us"))));
  });
  return cpus;
}

int64_t MemoryBytes(const Machine& machine) {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  int64_t bytes = kNone;
  for (const std::string& line : LinesOf(absl::StrCat(machine.proc, "/meminfo"))) {
    int64_t kib = 0;
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "MemTotal:") && absl::ConsumeSuffix(&rest, "kB") &&
        absl::SimpleAtoi(rest, &kib)) {
      bytes = kib * 1024;
    }
  }
  VisitGroups(machine, "memory", [&](const std::string& folder) {
    for (const char* file : {"/memory.max", "/memory.limit_in_bytes"}) {
      if (const auto limit = Number(WordsOf(absl::StrCat(folder, file)))) {
        bytes = std::min(bytes, *limit);
      }
    }
  });
  return bytes == kNone ? 0 : bytes;
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// As CUDA reads the variable: what comes after a name that is none does not count.
std::vector<std::string> VisibleGpus(const std::string& list) {
  std::vector<std::string> gpus;
  for (absl::string_view part : absl::StrSplit(list, ',')) {
    const std::string name(absl::StripAsciiWhitespace(part));
    const bool is_name =
        IsDigits(name) || absl::StartsWith(name, "GPU-") || absl::StartsWith(name, "MIG-");
    if (!is_name) break;
    if (std::count(gpus.begin(), gpus.end(), name) == 0) gpus.push_back(name);
  }
  return gpus;
}

// CUDA counts from 0 those that it can open, whatever numbers their files have.
std::vector<std::string> AllGpus(const std::string& devices) {
  std::vector<std::string> gpus;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(devices, error)) {
    const std::string name = entry.path().filename().string();
    absl::string_view number = name;
    if (absl::ConsumePrefix(&number, "nvidia") && IsDigits(number)) {
      gpus.push_back(absl::StrCat(gpus.size()));
    }
  }
  return gpus;
}

}  // namespace

Machine Machine::This() {
  Machine machine;
  machine.affinity = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  cpu_set_t cpus;
  // It fails where there are more processors than the set has room for.
  if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0) machine.affinity = CPU_COUNT(&cpus);
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    machine.cuda_visible_devices = visible;
  }
  return machine;
}

MachineResources Detect(const Machine& machine) {
  return {Cpus(machine), MemoryBytes(machine),
          machine.cuda_visible_devices ? VisibleGpus(*machine.cuda_visible_devices)
                                       : AllGpus(machine.devices)};
}

absl::StatusOr<std::vector<std::string>> ChooseGpus(const std::vector<std::string>& gpus,
                                                    absl::string_view wanted) {
  if (wanted == "all") return gpus;
  size_t count = 0;
  if (!absl::SimpleAtoi(wanted, &count)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", wanted, "\" is no number of GPUs; write all, or a number"));
  }
  if (count > gpus.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there are ", gpus.size(), " GPUs, not ", count,
        gpus.empty() ? "" : absl::StrCat(" (", absl::StrJoin(gpus, ","), ")"),
        "; they are those of CUDA_VISIBLE_DEVICES, or of /dev/nvidia* where that is not set"));
  }
  return std::vector<std::string>(gpus.begin(), gpus.begin() + static_cast<ptrdiff_t>(count));
}

}  // namespace caviar::agent
