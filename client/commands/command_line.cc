#include "client/commands/command_line.h"

#include <utility>

#include "client/commands/server_backup.h"

namespace caviar::commands {

CommandLine::CommandLine()
    : parser_("caviar", "Tunes hyperparameters over many workers.", "caviar " CAVIAR_VERSION,
              "Exit codes: 0 done; 1 what was asked for failed; 2 wrong usage or wrong file; 3 no "
              "coordinator there; 4 done in part; 130 interrupted.") {
  const Command app = parser_.top();
  AddConnection(app);

  const Command study = app.AddGroup("study", "Tuning jobs");
  AddStudyCreate(study, *this);
  AddStudyList(study, *this);
  AddStudyShow(study, *this);
  AddStudyWait(study, *this);
  AddStudyStop(study, *this);
  AddStudyResume(study, *this);
  AddStudyUpdate(study, *this);
  AddStudyDelete(study, *this);
  AddStudyInit(study, *this);
  AddStudyTry(study, *this);
  AddStudyLint(study, *this);
  AddStudySchema(study, *this);
  AddStudyVerify(study, *this);
  const Command trial = app.AddGroup("trial", "Configurations that were tried");
  AddTrialAdd(trial, *this);
  AddTrialList(trial, *this);
  AddTrialShow(trial, *this);
  AddTrialLogs(trial, *this);
  AddTrialRetry(trial, *this);
  AddTrialCancel(trial, *this);
  AddRun(app, *this);
  AddBest(app, *this);
  AddAsk(app, *this);
  AddReport(app, *this);
  AddTell(app, *this);
  AddImportance(app, *this);
  AddWhatif(app, *this);
  AddExport(app, *this);
  AddWorkerList(app.AddGroup("worker", "Processes that train"), *this);
  const Command server = app.AddGroup("server", "The coordinator");
  AddServerStatus(server, *this);
  AddServerUsage(server, *this);
  AddServerBackup(server, *this);
  AddCompletions(app, *this);
}

void CommandLine::AddConnection(Command command) {
  command.AddOption(
      "--coordinator", options_.coordinator,
      "Address, host:port, or file:PATH of the coordinator's --address-file; default: "
      "$CAVIAR_COORDINATOR, else 127.0.0.1:7461");
  command.AddOption("--patience", options_.patience,
                    "How long to try to reach the coordinator; default: 5s");
  client::Credentials& credentials = options_.credentials;
  command.AddOption("--token-file", credentials.token_file,
                    "The token to call with; default: $CAVIAR_TOKEN_FILE, $CAVIAR_TOKEN, else that "
                    "of your own coordinators");
  command.AddOption("--tls-ca", credentials.tls_authority,
                    "Encrypt, and take only a coordinator that this authority (PEM) vouches for; "
                    "default: $CAVIAR_TLS_CA");
  command.AddOption("--tls-cert", credentials.tls_certificate,
                    "Your own certificate (PEM), with --tls-key; default: $CAVIAR_TLS_CERT");
  command.AddOption("--tls-key", credentials.tls_key, "Its key; default: $CAVIAR_TLS_KEY");
}

Command CommandLine::AddLocal(Command parent, const std::string& name, const std::string& about,
                              Run run) {
  return parent.AddCommand(name, about, [this, run = std::move(run)] { run_ = run; });
}

Command CommandLine::AddRemote(Command parent, const std::string& name, const std::string& about,
                               Run run) {
  Command command = AddLocal(parent, name, about, std::move(run));
  AddConnection(command);
  return command;
}

Command CommandLine::Add(Command parent, const std::string& name, const std::string& about,
                         Run run) {
  Command command = AddRemote(parent, name, about, std::move(run));
  command.AddOption("--output", options_.output, "table, json or yaml; default: table")
      .OneOf({"table", "json", "yaml"});
  return command;
}

Command CommandLine::AddWithFlags(Command parent, const std::string& name, const std::string& about,
                                  Run run) {
  Command command = AddRemote(parent, name, about, std::move(run));
  command
      .AddOption("--output", options_.output,
                 "table, json, yaml or flags, which is --name=value, quoted for a shell; default: "
                 "table")
      .OneOf({"table", "json", "yaml", "flags"});
  return command;
}

Command CommandLine::AddWithCsv(Command parent, const std::string& name, const std::string& about,
                                Run run) {
  Command command = AddRemote(parent, name, about, std::move(run));
  command.AddOption("--output", options_.output, "table, json, yaml or csv; default: table")
      .OneOf({"table", "json", "yaml", "csv"});
  return command;
}

}  // namespace caviar::commands
