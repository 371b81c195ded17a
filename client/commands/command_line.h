// The tree of commands, and which of them was asked for.
#ifndef CAVIAR_CLIENT_COMMANDS_COMMAND_LINE_H_
#define CAVIAR_CLIENT_COMMANDS_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

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
  CLI::App& AddLocal(CLI::App& parent, const std::string& name, const std::string& about, Run run);
  // A command that talks to the coordinator.
  CLI::App& AddRemote(CLI::App& parent, const std::string& name, const std::string& about, Run run);
  // The same, and it answers as a table, JSON or YAML.
  CLI::App& Add(CLI::App& parent, const std::string& name, const std::string& about, Run run);
  // The same, and as arguments of a program.
  CLI::App& AddWithFlags(CLI::App& parent, const std::string& name, const std::string& about,
                         Run run);
  // A table, JSON or YAML, and CSV.
  CLI::App& AddWithCsv(CLI::App& parent, const std::string& name, const std::string& about,
                       Run run);

  CLI::App& app() { return app_; }
  const GlobalOptions& options() const { return options_; }
  // Of the command that was parsed.
  const Run& run() const { return run_; }

 private:
  void AddConnection(CLI::App& command);

  CLI::App app_;
  GlobalOptions options_;
  Run run_;
};

// One file a verb. `study` and the like are the groups that they belong to.
void AddStudyCreate(CLI::App& study, CommandLine& line);
void AddStudyList(CLI::App& study, CommandLine& line);
void AddStudyShow(CLI::App& study, CommandLine& line);
void AddStudyWait(CLI::App& study, CommandLine& line);
void AddStudyStop(CLI::App& study, CommandLine& line);
void AddStudyResume(CLI::App& study, CommandLine& line);
void AddStudyUpdate(CLI::App& study, CommandLine& line);
void AddStudyDelete(CLI::App& study, CommandLine& line);
void AddStudyInit(CLI::App& study, CommandLine& line);
void AddStudyTry(CLI::App& study, CommandLine& line);
void AddStudyLint(CLI::App& study, CommandLine& line);
void AddStudySchema(CLI::App& study, CommandLine& line);
void AddStudyVerify(CLI::App& study, CommandLine& line);
void AddTrialAdd(CLI::App& trial, CommandLine& line);
void AddTrialList(CLI::App& trial, CommandLine& line);
void AddTrialShow(CLI::App& trial, CommandLine& line);
void AddTrialLogs(CLI::App& trial, CommandLine& line);
void AddTrialRetry(CLI::App& trial, CommandLine& line);
void AddTrialCancel(CLI::App& trial, CommandLine& line);
void AddRun(CLI::App& app, CommandLine& line);
void AddBest(CLI::App& app, CommandLine& line);
void AddAsk(CLI::App& app, CommandLine& line);
void AddReport(CLI::App& app, CommandLine& line);
void AddTell(CLI::App& app, CommandLine& line);
void AddImportance(CLI::App& app, CommandLine& line);
void AddWhatif(CLI::App& app, CommandLine& line);
void AddExport(CLI::App& app, CommandLine& line);
void AddWorkerList(CLI::App& worker, CommandLine& line);
void AddServerStatus(CLI::App& server, CommandLine& line);
void AddServerUsage(CLI::App& server, CommandLine& line);
void AddCompletions(CLI::App& app, CommandLine& line);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_COMMAND_LINE_H_
