// A coordinator that goes away, or cannot answer, while a command looks on, and comes back.
#ifndef CAVIAR_CLIENT_COMMANDS_ABSENCE_H_
#define CAVIAR_CLIENT_COMMANDS_ABSENCE_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "client/commands/session.h"

namespace caviar::commands {

// Whether a coordinator that was there says so, or says nothing, because it is away, leaves, or
// cannot answer now.
bool IsAway(const absl::Status& status);

// How long it is waited for. Not thread safe.
class Absence {
 public:
  explicit Absence(Session& session);

  // It answered.
  void End();
  // Before the next try after `why`, OK where it ended a stream in good order; the first time it
  // passes what is up to `complain`. False: it was away for
  // long enough, or `interrupted` was notified.
  bool Wait(const absl::Status& why, const absl::Notification& interrupted,
            const std::function<void(const std::string&)>& complain);
  // What to fail with once that was too long.
  absl::Status TooLong() const;

 private:
  // But cannot answer.
  bool IsThere() const;

  Session& session_;
  std::optional<absl::Time> since_;
  absl::Duration delay_;
  absl::Status why_;  // the last one
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_ABSENCE_H_
