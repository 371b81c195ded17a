#include "server/api/listen_address.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace caviar::server_api {
namespace {

absl::Status NotAnAddress(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not an address; write host:port, such as 127.0.0.1:7461"));
}

}  // namespace

std::string ListenAddress::ToString() const {
  if (absl::StrContains(host, ":")) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return NotAnAddress(text);
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (absl::StrContains(host, ":")) {
    return NotAnAddress(text);  // IPv6 without brackets: which colon is the port's?
  }
  ListenAddress address;
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == port.npos;
  if (host.empty() || !digits || !absl::SimpleAtoi(port, &address.port) || address.port > 65535) {
    return NotAnAddress(text);
  }
  address.host = std::string(host);
  return address;
}

bool IsLoopback(const ListenAddress& address) {
  return absl::StartsWith(address.host, "127.") || address.host == "::1" ||
         address.host == "localhost";
}

}  // namespace caviar::server_api
