// Tells the service manager how far a program is: systemd's sd_notify, without its library.
//
// A service of Type=notify finds a datagram socket's name in $NOTIFY_SOCKET (sd_notify(3)). Other
// service managers, and shells, set none.
#ifndef CAVIAR_DEPLOY_SYSTEMD_NOTIFY_H_
#define CAVIAR_DEPLOY_SYSTEMD_NOTIFY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace caviar::systemd {

inline constexpr absl::string_view kReady = "READY=1";
inline constexpr absl::string_view kStopping = "STOPPING=1";

// Sends `state` and returns. OK also where nobody asked for it. An error is worth a line in the log
// and nothing more: the service manager gives up on the program by itself.
absl::Status Notify(absl::string_view state);

}  // namespace caviar::systemd

#endif  // CAVIAR_DEPLOY_SYSTEMD_NOTIFY_H_
