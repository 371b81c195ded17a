#include <string>

#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"
#include "client/commands/command_line.h"
#include "client/commands/trial_text.h"
#include "client/render/number.h"
#include "client/render/table.h"

namespace caviar::commands {
namespace {

// What workers sent after they had lost their leases; empty: nothing.
std::string LateText(const v1::ServerStatus& status) {
  if (status.late_values_kept() == 0 && status.late_values_dropped() == 0) return "";
  return absl::StrCat(status.late_values_kept(), " kept apart, ", status.late_values_dropped(),
                      " dropped");
}

int Status(Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto status = (*client)->GetServerStatus();
  if (!status.ok()) return session.Fail(status.status());
  if (!session.is_table()) {
    session.Print(*status);
    return kDone;
  }
  session.out() << render::RenderPairs(
      {{"coordinator", *session.Address()},
       {"version", status->version()},
       {"up for", render::DurationText(render::ToDuration(status->uptime()))},
       {"studies", absl::StrCat(status->active_studies(), " active, ", status->stopped_studies(),
                                " stopped, ", status->ended_studies(), " ended")},
       {"trials", CountsText(status->trial_counts())},
       {"workers", absl::StrCat(status->workers(), ", ", status->busy_slots(), " of ",
                                vocabulary::Counted(status->slots(), "slot"), " busy")},
       {"lease TTL", render::DurationText(render::ToDuration(status->lease_ttl()))},
       {"late values", LateText(*status)},
       {"store", status->store_failure().empty()
                     ? ""
                     : absl::StrCat("takes no commits: ", status->store_failure())},
       {"commit", absl::StrCat(status->commit())}},
      session.colors());
  return kDone;
}

}  // namespace

void AddServerStatus(Command server, CommandLine& line) {
  line.Add(server, "status", "Show how the coordinator is", Status);
}

}  // namespace caviar::commands
