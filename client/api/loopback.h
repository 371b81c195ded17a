// Addresses of this machine that no other machine reaches, in the forms that gRPC takes. Used by
// this room's .cc files only.
#ifndef CAVIAR_CLIENT_API_LOOPBACK_H_
#define CAVIAR_CLIENT_API_LOOPBACK_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace caviar::client {

// Whether a connection to this host:port stays here: 127.x.x.x, [::1], localhost, and what means
// one of those, such as 0.0.0.0, [::ffff:127.0.0.1] and dns:///localhost.
bool IsLoopback(absl::string_view address);

// Where another user than this one, or root, listens that a connection to this address may come to,
// or has taken one of this process, as host:port; "127.0.0.1:7461" has nothing to do with
// 127.0.0.2:7461, but with 0.0.0.0:7461. A name may mean both 127.0.0.1 and [::1]. nullopt: nobody,
// that cannot be known, or the address is not loopback's. May be asked for each call: names are
// looked up only where others listen.
std::optional<std::string> WhereSomebodyElseListens(absl::string_view address);

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_LOOPBACK_H_
