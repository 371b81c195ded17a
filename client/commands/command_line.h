// The tree of commands, and which of them was asked for.
#ifndef CAVIAR_CLIENT_COMMANDS_COMMAND_LINE_H_
#define CAVIAR_CLIENT_COMMANDS_COMMAND_LINE_H_

#include <functional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "client/commands/options.h"
#include "client/commands/session.h"

namespace caviar::commands {

// The commands' own options are bound to shared objects, so the tree may be parsed once only.
class CommandLine {
 public:
  // With all commands.
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  using Run = std::function<int(Session&)>;

  // A command without connection, such as `study schema`.
  Command AddLocal(Command parent, const std::string& name, const std::string& about, Run run);
  // A command that talks to the coordinator.
  Command AddRemote(Command parent, const std::string& name, const std::string& about, Run run);
  // The same, and it answers as a table, JSON or YAML.
  Command Add(Command parent, const std::string& name, const std::string& about, Run run);
  // The same, and as arguments of a program.
  Command AddWithFlags(Command parent, const std::string& name, const std::string& about, Run run);
  // A table, JSON or YAML, and CSV.
  Command AddWithCsv(Command parent, const std::string& name, const std::string& about, Run run);

  Command top() const { return parser_.top(); }
  // As OptionParser.
  absl::StatusOr<bool> Parse(int argc, const char* const* argv, std::ostream& out) {
    return parser_.Parse(argc, argv, out);
  }
  const GlobalOptions& options() const { return options_; }
  // Of the command that was parsed.
  const Run& run() const { return run_; }

 private:
  void AddConnection(Command command);

  OptionParser parser_;
  GlobalOptions options_;
  Run run_;
};

// One file a verb. `study` and the like are the groups that they belong to.
void AddStudyCreate(Command study, CommandLine& line);
void AddStudyList(Command study, CommandLine& line);
void AddStudyShow(Command study, CommandLine& line);
void AddStudyWait(Command study, CommandLine& line);
void AddStudyStop(Command study, CommandLine& line);
void AddStudyResume(Command study, CommandLine& line);
void AddStudyUpdate(Command study, CommandLine& line);
void AddStudyDelete(Command study, CommandLine& line);
void AddStudyInit(Command study, CommandLine& line);
void AddStudyTry(Command study, CommandLine& line);
void AddStudyLint(Command study, CommandLine& line);
void AddStudySchema(Command study, CommandLine& line);
void AddStudyVerify(Command study, CommandLine& line);
void AddTrialAdd(Command trial, CommandLine& line);
void AddTrialList(Command trial, CommandLine& line);
void AddTrialShow(Command trial, CommandLine& line);
void AddTrialLogs(Command trial, CommandLine& line);
void AddTrialRetry(Command trial, CommandLine& line);
void AddTrialCancel(Command trial, CommandLine& line);
void AddRun(Command app, CommandLine& line);
void AddBest(Command app, CommandLine& line);
void AddAsk(Command app, CommandLine& line);
void AddReport(Command app, CommandLine& line);
void AddTell(Command app, CommandLine& line);
void AddImportance(Command app, CommandLine& line);
void AddWhatif(Command app, CommandLine& line);
void AddExport(Command app, CommandLine& line);
void AddWorkerList(Command worker, CommandLine& line);
void AddServerStatus(Command server, CommandLine& line);
void AddServerUsage(Command server, CommandLine& line);
void AddCompletions(Command app, CommandLine& line);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_COMMAND_LINE_H_
