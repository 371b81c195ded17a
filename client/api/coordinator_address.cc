#include "client/api/coordinator_address.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace caviar::client {
namespace {

constexpr absl::string_view kFile = "file:";
// Bytes; a host's name has at most 253.
constexpr int kLongestLine = 1024;

bool IsHostAndPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 1 && port <= 65535;
}

// Its first bytes up to the end of the line. "": there are none, and `why`.
std::string FirstLine(const std::string& path, std::string& why) {
  struct stat status;
  // Neither waits for who would write to a pipe, nor reads a device without end.
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    why = "it is no file";
    return "";
  }
  errno = 0;
  std::ifstream file(path);
  std::string line(kLongestLine, '\0');
  file.read(line.data(), kLongestLine);
  why = errno == 0 ? "it is empty" : std::strerror(errno);
  line.resize(static_cast<size_t>(file.gcount()));
  return line.substr(0, line.find('\n'));
}

bool IsOwn(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && status.st_uid == geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

bool IsAddressFile(absl::string_view coordinator) { return absl::StartsWith(coordinator, kFile); }

absl::Status CheckCoordinator(absl::string_view coordinator) {
  const bool valid =
      IsAddressFile(coordinator) ? coordinator.size() > kFile.size() : IsHostAndPort(coordinator);
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", coordinator,
                   "\" is not an address; write host:port, such as 127.0.0.1:7461, or file:PATH, "
                   "the coordinator's --address-file"));
}

absl::StatusOr<CoordinatorAddress> FindCoordinator(const std::string& coordinator) {
  if (!IsAddressFile(coordinator)) return CoordinatorAddress{coordinator};
  const std::string path = coordinator.substr(kFile.size());
  std::string why;
  const std::string line = FirstLine(path, why);
  if (line.empty()) {
    return absl::UnavailableError(absl::StrCat(
        "no coordinator has written its address to ", path, " (", why,
        "); start one with caviar-coordinator --address-file ", path, ", or check the path"));
  }
  const absl::string_view address = absl::StripAsciiWhitespace(line);
  if (IsHostAndPort(address)) return CoordinatorAddress{std::string(address), IsOwn(path)};
  return absl::UnavailableError(
      absl::StrCat(path, " says \"", address.substr(0, 100),
                   "\", which is no host:port; it is not a coordinator's --address-file"));
}

}  // namespace caviar::client
