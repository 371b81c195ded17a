#include "worker/flags.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/api/coordinator_address.h"

namespace caviar::worker {
namespace {

std::string DefaultName() {
  char host[65] = {};
  if (gethostname(host, sizeof(host) - 1) != 0) return absl::StrCat("worker:", getpid());
  return absl::StrCat(host, ":", getpid());
}

// Checks in the form in which CLI11 asks: "" where all is well.
std::string CheckAddress(const std::string& text) {
  return std::string(client::CheckCoordinator(text).message());
}

std::string CheckName(const std::string& text) {
  const bool printable = text.find_first_of("\n\r\t\v\f\b\a\x1b\x7f") == std::string::npos;
  return !text.empty() && text.size() <= 128 && printable
             ? ""
             : "a name has 1 to 128 bytes, all of them printable";
}

std::string CheckLabel(const std::string& text) {
  const size_t equals = text.find('=');
  const bool valid =
      equals != std::string::npos && equals > 0 && equals <= 128 && text.size() - equals - 1 <= 256;
  return valid ? ""
               : absl::StrCat("\"", text, "\" is not a label; write key=value, such as gpu=none");
}

std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) {
    return absl::StrCat("\"", text, "\" is not a duration; write 10s, 2m or 1500ms");
  }
  if (duration < absl::Seconds(1) || duration > absl::Hours(24)) {
    return absl::StrCat(text, " is out of range; it is at least 1s and at most 24h");
  }
  return "";
}

// The bounds that CLI11 itself has for numbers from 0 on are doubles, of 309 digits.
std::string CheckEndTime(const std::string& text) {
  constexpr int64_t kEndOfYear9999 = 253402300799;
  int64_t seconds = 0;
  if (absl::SimpleAtoi(text, &seconds) && seconds >= 0 && seconds <= kEndOfYear9999) return "";
  return absl::StrCat("\"", text, "\" is not a whole number of seconds from 0 to ", kEndOfYear9999);
}

// In bytes: what CLI::AsSizeValue makes of what was written.
std::string CheckMemory(const std::string& text) {
  int64_t bytes = 0;
  if (absl::SimpleAtoi(text, &bytes) && bytes > 0) return "";
  return absl::StrCat("\"", text, "\" is not a size of memory above 0, such as 64GiB");
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", "caviar-worker " CAVIAR_VERSION);
  app.add_option(
         "--coordinator", flags.coordinator,
         "host:port of the coordinator, or file:PATH of its --address-file, which is read again "
         "whenever it cannot be reached")
      ->envname("CAVIAR_COORDINATOR")
      ->required()
      ->check(CheckAddress);
  app.add_option("--token-file", flags.credentials.token_file,
                 "the token to call with; default: $CAVIAR_TOKEN, else that of this user's own "
                 "coordinators")
      ->envname("CAVIAR_TOKEN_FILE");
  app.add_option("--tls-ca", flags.credentials.tls_authority,
                 "encrypt, and take only a coordinator that this authority (PEM) vouches for")
      ->envname("CAVIAR_TLS_CA");
  app.add_option("--tls-cert", flags.credentials.tls_certificate,
                 "its own certificate (PEM), where the coordinator asks for one")
      ->envname("CAVIAR_TLS_CERT");
  app.add_option("--tls-key", flags.credentials.tls_key, "the key of --tls-cert")
      ->envname("CAVIAR_TLS_KEY");
  app.add_option("--study", flags.studies, "take trials of this study only; may be repeated")
      ->allow_extra_args(false);
  app.add_option(
         "--owner", flags.owners,
         "take trials only of studies that this owner created (`caviar study show`); may be "
         "repeated")
      ->allow_extra_args(false);
  app.add_option("--slots", flags.slots, "trials that run at the same time, at most")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--name", flags.name, "what people call this worker; default: host:process")
      ->check(CheckName);
  app.add_option("--dataset-dir", flags.dataset_directory,
                 "where relative data paths start; nothing outside of it is read")
      ->check(CLI::ExistingDirectory);
  app.add_option("--label", flags.labels,
                 "key=value, for people, and for studies that ask for it (workers: {key: value}); "
                 "may be repeated")
      ->check(CheckLabel)
      ->allow_extra_args(false);
  app.add_option("--grace", flags.grace,
                 "on SIGTERM, how long it may take to send checkpoints and to give trials back "
                 "(programs: more than their stop_grace); a second SIGTERM ends it at once")
      ->check(CheckDuration)
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "what is logged on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-format", flags.log_format,
                 "text, or json: an object a line, with study, trial and lease")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

// Of workers on machines that are lent for a while, by Slurm for example.
void AddLoanFlags(CLI::App& app, Flags& flags) {
  app.add_option("--exit-when-idle", flags.exit_when_idle,
                 "end, with 0, when no slot had a trial for so long, whether or not the "
                 "coordinator is there; with 3 where it never was. Default: wait for ever")
      ->check(CheckDuration);
  app.add_option("--end-time", flags.end_time,
                 "when this worker is going to be ended, in seconds since 1970: it takes no trial "
                 "that usually takes longer, unless that can go on elsewhere from a checkpoint")
      ->envname("SLURM_JOB_END_TIME")
      ->check(CheckEndTime);
}

// Of studies whose trainer is a command.
void AddCommandFlags(CLI::App& app, Flags& flags) {
  CLI::Option* allow =
      app.add_flag("--allow-commands", flags.allow_commands,
                   "run the programs of studies, as this user: whoever may create studies at the "
                   "coordinator then decides what runs here");
  app.add_option("--work-dir", flags.work_directory,
                 "where the folder lies that this worker makes for programs and their code, on a "
                 "local disk")
      ->needs(allow)
      ->capture_default_str();
  app.add_option("--cpus", flags.cpus,
                 "processors for programs, fractions allowed; default: those that this process may "
                 "use")
      ->needs(allow)
      ->check(CLI::Range(0.01, 1e6));
  app.add_option("--memory", flags.memory_bytes,
                 "memory for programs, such as 64GiB; default: what this process may use")
      ->needs(allow)
      ->transform(CLI::AsSizeValue(true))
      ->check(CheckMemory);
  app.add_option("--gpus", flags.gpus,
                 "GPUs for programs: all, or the first so many of those that "
                 "CUDA_VISIBLE_DEVICES names, of all where that is not set")
      ->needs(allow)
      ->capture_default_str();
}

}  // namespace

std::optional<int> ParseFlags(int argc, char** argv, Flags& flags) {
  CLI::App app("caviar-worker: trains the trials that a coordinator hands out");
  AddFlags(app, flags);
  AddLoanFlags(app, flags);
  AddCommandFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (const absl::Status checked = client::CheckCredentials(flags.credentials); !checked.ok()) {
    std::cerr << "caviar-worker: " << checked.message() << "\n";
    return kExitUsage;
  }
  return std::nullopt;
}

absl::Duration GraceOf(const Flags& flags) {
  absl::Duration grace;
  absl::ParseDuration(flags.grace, &grace);
  return grace;
}

absl::Duration IdleLimitOf(const Flags& flags) {
  absl::Duration limit = absl::InfiniteDuration();
  if (!flags.exit_when_idle.empty()) absl::ParseDuration(flags.exit_when_idle, &limit);
  return limit;
}

absl::Time LastMomentOf(const Flags& flags) {
  if (flags.end_time == 0) return absl::InfiniteFuture();
  return absl::FromUnixSeconds(flags.end_time) - GraceOf(flags);
}

v1::RegisterWorkerRequest RegistrationOf(const Flags& flags) {
  v1::RegisterWorkerRequest self;
  self.set_name(flags.name.empty() ? DefaultName() : flags.name);
  self.set_version(CAVIAR_VERSION);
  self.set_slots(flags.slots);
  self.add_features("batch_norm_network");
  for (const std::string& label : flags.labels) {
    const size_t equals = label.find('=');
    (*self.mutable_labels())[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return self;
}

}  // namespace caviar::worker
