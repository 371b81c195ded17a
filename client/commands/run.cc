#include "absl/status/statusor.h"
#include "client/commands/command_line.h"
#include "client/commands/environment.h"
#include "client/commands/session.h"

namespace caviar::commands {

int RunCaviar(int argc, const char* const* argv, Environment& environment) {
  CommandLine line;
  Session session(environment, line.options());
  const absl::StatusOr<bool> asked = line.Parse(argc, argv, environment.out);
  if (!asked.ok()) {
    session.Complain(asked.status().message());
    session.Complain("`caviar --help`, also behind a command, says what there is");
    return kWrongUsage;
  }
  if (!*asked) return kDone;
  const int code = line.run()(session);
  environment.out.flush();
  if (!environment.out && code == kDone) {
    session.Complain("not everything could be written to standard output");
    return kFailed;
  }
  return code;
}

}  // namespace caviar::commands
