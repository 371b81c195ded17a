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

bool IsHostAndPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  return colon != absl::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 1 && port <= 65535;
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
  errno = 0;
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) {
    return absl::UnavailableError(absl::StrCat(
        "no coordinator has written its address to ", path, " (",
        errno == 0 ? "it is empty" : std::strerror(errno),
        "); start one with caviar-coordinator --address-file ", path, ", or check the path"));
  }
  const absl::string_view address = absl::StripAsciiWhitespace(line);
  if (IsHostAndPort(address)) return CoordinatorAddress{std::string(address), IsOwn(path)};
  return absl::UnavailableError(
      absl::StrCat(path, " says \"", address.substr(0, 100),
                   "\", which is no host:port; it is not a coordinator's --address-file"));
}

}  // namespace caviar::client
