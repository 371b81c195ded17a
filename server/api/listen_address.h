// host:port as people write it.
#ifndef CAVIAR_SERVER_API_LISTEN_ADDRESS_H_
#define CAVIAR_SERVER_API_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::server_api {

struct ListenAddress {
  std::string host;  // a name or an IP address; IPv6 without its brackets
  int port = 0;      // 0 to 65535; 0: any free one

  // host:port, with brackets around an IPv6 address.
  std::string ToString() const;
};

// INVALID_ARGUMENT: not host:port.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

// Whether only this machine reaches it: 127.0.0.0/8, ::1 or localhost.
bool IsLoopback(const ListenAddress& address);

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_LISTEN_ADDRESS_H_
