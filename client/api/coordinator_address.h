// Where a coordinator is, as people write it: host:port, or file:PATH, a file that a coordinator
// keeps for this (--address-file) and that says something else once it has moved.
#ifndef CAVIAR_CLIENT_API_COORDINATOR_ADDRESS_H_
#define CAVIAR_CLIENT_API_COORDINATOR_ADDRESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::client {

// Whether it names a file.
bool IsAddressFile(absl::string_view coordinator);

// INVALID_ARGUMENT: neither host:port nor file:PATH. Looks at no file.
absl::Status CheckCoordinator(absl::string_view coordinator);

struct CoordinatorAddress {
  std::string host_and_port;
  // A file says so that belongs to this user, and that nobody else could have written: the
  // coordinator is one of the user's own.
  bool is_own = false;
};

// What it is, or the first line of what the file says now. UNAVAILABLE: no coordinator has written
// there yet, or none that can be read; the message names the file and what to do.
absl::StatusOr<CoordinatorAddress> FindCoordinator(const std::string& coordinator);

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_COORDINATOR_ADDRESS_H_
