#include "client/commands/command_line.h"

#include <utility>

#include "client/commands/server_backup.h"

namespace caviar::commands {

CommandLine::CommandLine() : app_("Tunes hyperparameters over many workers.", "caviar") {
  app_.require_subcommand(1);
  app_.set_help_flag("-h,--help", "Print this help and exit");
  app_.set_version_flag("--version", "caviar " CAVIAR_VERSION);
  app_.footer(
      "Exit codes: 0 done; 1 what was asked for failed; 2 wrong usage or wrong file; 3 no "
      "coordinator there; 4 done in part.");
  AddConnection(app_);

  const auto add_group = [this](const char* name, const char* about) -> CLI::App& {
    CLI::App& group = *app_.add_subcommand(name, about);
    group.require_subcommand(1);
    return group;
  };
  CLI::App& study = add_group("study", "Tuning jobs");
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
  CLI::App& trial = add_group("trial", "Configurations that were tried");
  AddTrialAdd(trial, *this);
  AddTrialList(trial, *this);
  AddTrialShow(trial, *this);
  AddTrialLogs(trial, *this);
  AddTrialRetry(trial, *this);
  AddTrialCancel(trial, *this);
  AddRun(app_, *this);
  AddBest(app_, *this);
  AddAsk(app_, *this);
  AddReport(app_, *this);
  AddTell(app_, *this);
  AddImportance(app_, *this);
  AddWhatif(app_, *this);
  AddExport(app_, *this);
  AddWorkerList(add_group("worker", "Processes that train"), *this);
  CLI::App& server = add_group("server", "The coordinator");
  AddServerStatus(server, *this);
  AddServerUsage(server, *this);
  AddServerBackup(server, *this);
  AddCompletions(app_, *this);
}

void CommandLine::AddConnection(CLI::App& command) {
  command.add_option(
      "--coordinator", options_.coordinator,
      "Address, host:port, or file:PATH of the coordinator's --address-file; default: "
      "$CAVIAR_COORDINATOR, else 127.0.0.1:7461");
  command.add_option("--patience", options_.patience,
                     "How long to try to reach the coordinator; default: 5s");
  client::Credentials& credentials = options_.credentials;
  command.add_option(
      "--token-file", credentials.token_file,
      "The token to call with; default: $CAVIAR_TOKEN_FILE, $CAVIAR_TOKEN, else that "
      "of your own coordinators");
  command.add_option("--tls-ca", credentials.tls_authority,
                     "Encrypt, and take only a coordinator that this authority (PEM) vouches for; "
                     "default: $CAVIAR_TLS_CA");
  command.add_option("--tls-cert", credentials.tls_certificate,
                     "Your own certificate (PEM), with --tls-key; default: $CAVIAR_TLS_CERT");
  command.add_option("--tls-key", credentials.tls_key, "Its key; default: $CAVIAR_TLS_KEY");
}

CLI::App& CommandLine::AddLocal(CLI::App& parent, const std::string& name, const std::string& about,
                                Run run) {
  CLI::App& command = *parent.add_subcommand(name, about);
  command.callback([this, run = std::move(run)] { run_ = run; });
  return command;
}

CLI::App& CommandLine::AddRemote(CLI::App& parent, const std::string& name,
                                 const std::string& about, Run run) {
  CLI::App& command = AddLocal(parent, name, about, std::move(run));
  AddConnection(command);
  return command;
}

CLI::App& CommandLine::Add(CLI::App& parent, const std::string& name, const std::string& about,
                           Run run) {
  CLI::App& command = AddRemote(parent, name, about, std::move(run));
  command.add_option("--output", options_.output, "table, json or yaml; default: table")
      ->check(CLI::IsMember({"table", "json", "yaml"}));
  return command;
}

CLI::App& CommandLine::AddWithFlags(CLI::App& parent, const std::string& name,
                                    const std::string& about, Run run) {
  CLI::App& command = AddRemote(parent, name, about, std::move(run));
  command
      .add_option("--output", options_.output,
                  "table, json, yaml or flags, which is --name=value, quoted for a shell; default: "
                  "table")
      ->check(CLI::IsMember({"table", "json", "yaml", "flags"}));
  return command;
}

CLI::App& CommandLine::AddWithCsv(CLI::App& parent, const std::string& name,
                                  const std::string& about, Run run) {
  CLI::App& command = AddRemote(parent, name, about, std::move(run));
  command.add_option("--output", options_.output, "table, json, yaml or csv; default: table")
      ->check(CLI::IsMember({"table", "json", "yaml", "csv"}));
  return command;
}

}  // namespace caviar::commands
