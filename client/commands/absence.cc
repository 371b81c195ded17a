#include "client/commands/absence.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/commands/environment.h"
#include "client/render/number.h"

namespace caviar::commands {
namespace {

// How long a coordinator that went away is waited for, and how often it is tried.
constexpr absl::Duration kServerPatience = absl::Minutes(5);
constexpr absl::Duration kFirstDelay = absl::Milliseconds(500);
constexpr absl::Duration kLongestDelay = absl::Seconds(10);

}  // namespace

bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

Absence::Absence(Session& session) : session_(session), delay_(kFirstDelay) {}

void Absence::End() {
  since_.reset();
  delay_ = kFirstDelay;
}

bool Absence::Wait(const absl::Status& why, const absl::Notification& interrupted,
                   const std::function<void(const std::string&)>& complain) {
  Environment& environment = session_.environment();
  const absl::Time now = environment.now();
  why_ = why;
  if (!since_) {
    since_ = now;
    complain(absl::StrCat(IsThere() ? absl::StrCat(why.message(), "; waiting")
                                    : "the coordinator is away; waiting for it to come back",
                          ", for ", render::DurationText(kServerPatience), " at most"));
  }
  if (now - *since_ >= kServerPatience) return false;
  environment.wait(delay_, interrupted);
  delay_ = std::min(2 * delay_, kLongestDelay);
  return !interrupted.HasBeenNotified();
}

bool Absence::IsThere() const { return !why_.ok() && !IsNoCoordinator(why_); }

absl::Status Absence::TooLong() const {
  if (IsThere()) return why_;
  return absl::UnavailableError(
      absl::StrCat("no coordinator answers at ", session_.Address().value_or(""), " for ",
                   render::DurationText(kServerPatience),
                   "; the study goes on when one is started again on the same --data-dir"));
}

}  // namespace caviar::commands
