#include "server/flags.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/api/listen_address.h"
#include "server/limit_flags.h"

namespace caviar {
namespace {

// "" where it is one, else what is wrong: the form in which CLI11 asks.
std::string CheckLeaseTtl(const std::string& text) {
  absl::Duration ttl;
  if (!absl::ParseDuration(text, &ttl)) {
    return absl::StrCat("\"", text, "\" is not a duration; write 60s, 1m or 1500ms");
  }
  if (ttl < absl::Seconds(1) || ttl > absl::Hours(24)) {
    return absl::StrCat(text, " is out of range; it is at least 1s and at most 24h");
  }
  return "";
}

// The same for how long a command may run.
std::string CheckTimeout(const std::string& text) {
  absl::Duration timeout;
  if (absl::ParseDuration(text, &timeout) && timeout > absl::ZeroDuration() &&
      timeout <= absl::Hours(24)) {
    return "";
  }
  return absl::StrCat("\"", text, "\" is out of range; write 30s or 5m, at most 24h");
}

std::string CheckCopyEvery(const std::string& text) {
  absl::Duration every;
  if (absl::ParseDuration(text, &every) && every >= absl::Seconds(1)) return "";
  return absl::StrCat("\"", text, "\" is no duration of at least 1s; write 1m or 30s");
}

void AddAccessFlags(CLI::App& app, Flags& flags) {
  app.add_option("--tokens", flags.token_file,
                 "a file with more callers, a line each: NAME ROLE TOKEN, or sha256:HEX of it, or "
                 "the word certificate; roles: read, write, command (write, and programs), worker. "
                 "Read again when it changes. The token that lies in --data-dir may do all");
  CLI::Option* certificate = app.add_option(
      "--tls-cert", flags.tls.certificate,
      "encrypt, with this certificate (PEM); it and the key are read again when they change");
  CLI::Option* key = app.add_option("--tls-key", flags.tls.key, "its key (PEM)");
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--tls-client-ca", flags.tls.client_authority,
                 "let in only callers with a certificate that this authority (PEM) vouches for; "
                 "they need no token")
      ->needs(certificate);
  app.add_flag("--insecure", flags.insecure,
               "serve other machines without TLS: tokens and all else can be read on the way");
  app.add_flag("--no-auth", flags.no_auth,
               "ask nobody for a token; only for 127.0.0.1 and ::1: every user of this machine may "
               "then do all, and run programs as those who run workers");
}

// Where it is reached.
void AddServingFlags(CLI::App& app, Flags& flags) {
  app.add_option("--listen", flags.listen, "host:port to serve; port 0 picks a free one")
      ->check([](const std::string& text) {
        return std::string(server_api::ParseListenAddress(text).status().message());
      })
      ->capture_default_str();
  app.add_option("--address-file", flags.address_file,
                 "where to write the address once it is served, for --coordinator file:PATH of "
                 "workers and clients; removed at the end");
  app.add_option("--advertise", flags.advertise,
                 "HOST or HOST:PORT to write there; default: --listen, with this machine's name in "
                 "place of 0.0.0.0");
  app.add_option("--lease-ttl", flags.lease_ttl,
                 "how soon a dead worker's trials go to others; at least 1s")
      ->check(CheckLeaseTtl)
      ->capture_default_str();
  app.add_option(
         "--metrics-listen", flags.metrics_listen,
         "also serve Prometheus at http://IP:PORT/metrics, to whoever can reach it: numbers "
         "of this coordinator's load, nothing of what is in studies")
      ->type_name("IP:PORT");
}

// Where all is kept.
void AddStoreFlags(CLI::App& app, Flags& flags) {
  app.add_option("--data-dir", flags.data_directory, "where all is kept; made if it is missing")
      ->capture_default_str();
  app.add_option(
         "--durability", flags.durability,
         "full: what was answered survives a power loss; normal: it survives the end of the "
         "process, a power loss may take the newest, and commits are quicker")
      ->check(CLI::IsMember({"full", "normal"}))
      ->capture_default_str();
  app.add_flag("--network-fs", flags.network_file_system,
               "serve, check or restore although --data-dir is on a network's file system: nothing "
               "else can read the "
               "database meanwhile, and its locks must hold between machines. A local disk with "
               "--copy-to is safer, and faster");
  CLI::Option* copy_to =
      app.add_option("--copy-to", flags.copy_to,
                     "a folder, on a disk that outlives this one, in which to keep a copy of all: "
                     "caviar.backup, for --restore; another store's that is there is kept");
  app.add_option("--copy-every", flags.copy_every,
                 "how often to copy what is new; a disk that is lost takes so much with it")
      ->needs(copy_to)
      ->check(CheckCopyEvery)
      ->capture_default_str();
  app.add_flag("--accept-data-loss", flags.accept_data_loss,
               "start although commits that were acknowledged are missing, with a new epoch of "
               "tokens: leases from before are stale");
}

// What it tells.
void AddTellingFlags(CLI::App& app, Flags& flags) {
  CLI::Option* command = app.add_option(
      "--on-study-end", flags.on_study_end,
      "run this by /bin/sh when a study ended, with the outcome as JSON on its standard input; at "
      "least once an end");
  app.add_option("--on-study-end-timeout", flags.on_study_end_timeout,
                 "how long that may run before it is ended")
      ->needs(command)
      ->check(CheckTimeout)
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "what is logged on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-format", flags.log_format, "text, or json: an object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

// What it does instead of serving.
void AddUpkeepFlags(CLI::App& app, Flags& flags) {
  CLI::Option* check = app.add_flag("--check", flags.check,
                                    "instead of serving, read all below --data-dir and say whether "
                                    "it is whole: ends with 0, or 65");
  app.add_option("--restore", flags.restore,
                 "instead of serving, make --data-dir, which must be empty or missing, out of a "
                 "file that `caviar server backup` saved")
      ->excludes(check);
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", "caviar-coordinator " CAVIAR_VERSION);
  AddServingFlags(app, flags);
  AddStoreFlags(app, flags);
  AddAccessFlags(app, flags);
  AddLimitFlags(app, flags.serving_limits, flags.limits);
  AddTellingFlags(app, flags);
  AddUpkeepFlags(app, flags);
}

}  // namespace

std::optional<int> ParseFlags(int argc, char** argv, Flags& flags) {
  CLI::App app("caviar-coordinator: hands out trials to workers and keeps what they find");
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return std::nullopt;
}

absl::Status CheckOpenness(const Flags& flags) {
  if (server_api::IsLoopback(*server_api::ParseListenAddress(flags.listen))) {
    return absl::OkStatus();
  }
  if (flags.no_auth) {
    return absl::InvalidArgumentError(
        absl::StrCat("--no-auth is for 127.0.0.1 and ::1, not for ", flags.listen,
                     ": whoever reaches a coordinator may run programs on its workers"));
  }
  if (!flags.tls.certificate.empty() || flags.insecure) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      flags.listen,
      " is open to other machines: give --tls-cert and --tls-key (deploy/"
      "make-certificates makes some to begin with), or --insecure where the network is your own"));
}

}  // namespace caviar
