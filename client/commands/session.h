// One run of the command line: its global options, its client, its way to answer and to fail.
#ifndef CAVIAR_CLIENT_COMMANDS_SESSION_H_
#define CAVIAR_CLIENT_COMMANDS_SESSION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/api/client.h"
#include "client/api/credentials.h"
#include "client/commands/environment.h"
#include "client/render/table.h"
#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace caviar::commands {

// What the options that all commands share say.
struct GlobalOptions {
  // host:port; empty: CAVIAR_COORDINATOR, else 127.0.0.1:7461.
  std::string coordinator;
  client::Credentials credentials;
  // Whether the environment is not asked for those that are not given.
  bool credentials_are_whole = false;
  // table, json or yaml; of some commands csv.
  std::string output = "table";
  // How long to try to reach the coordinator.
  std::string patience = "5s";
};

// Whether no coordinator is there, or one that is about to be gone. One that is there but cannot do
// what it is asked for now (its disk is full) says why in an ErrorDetail.
bool IsNoCoordinator(const absl::Status& status);

class Session {
 public:
  Session(Environment& environment, const GlobalOptions& options)
      : environment_(environment), options_(options) {}

  // The coordinator's address. INVALID_ARGUMENT: not host:port.
  absl::StatusOr<std::string> Address() const;
  // As the options say, else the environment.
  client::Credentials credentials() const {
    return options_.credentials_are_whole ? options_.credentials
                                          : client::WithEnvironment(options_.credentials);
  }
  // Checks the address and the patience; connects at the first call.
  absl::StatusOr<client::Client*> Client();

  Environment& environment() { return environment_; }
  const GlobalOptions& options() const { return options_; }
  std::ostream& out() { return environment_.out; }
  // Whether the answer is to be a table (or a page), not JSON or YAML.
  bool is_table() const { return options_.output == "table"; }
  bool is_csv() const { return options_.output == "csv"; }
  bool is_flags() const { return options_.output == "flags"; }
  // Whether `out` takes colours.
  bool colors() const;
  // Whether people's terminals show more than ASCII: the locale is UTF-8.
  bool unicode() const;
  // A state's name in its colour.
  static render::Cell StateCell(const std::string& state);

  // As JSON or YAML, as the options say.
  void Print(const nlohmann::ordered_json& json);
  void Print(const google::protobuf::Message& message);
  // A line on `err`, "caviar: " in front of each of its lines.
  void Complain(absl::string_view message);

  // Complains and returns the exit code that belongs to the error.
  int Fail(const absl::Status& status);
  int FailUsage(absl::string_view message);

 private:
  Environment& environment_;
  const GlobalOptions& options_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_SESSION_H_
