// What caviar-worker is started with.
#ifndef CAVIAR_WORKER_FLAGS_H_
#define CAVIAR_WORKER_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "caviar/v1/worker_service.pb.h"
#include "client/api/credentials.h"

namespace caviar::worker {

struct Flags {
  std::string coordinator;
  client::Credentials credentials;
  // The only ones whose trials it takes; empty: all.
  std::vector<std::string> studies, owners;
  int slots = 1;
  std::string name;
  std::string dataset_directory;
  std::vector<std::string> labels;
  std::string grace = "10s";
  std::string exit_when_idle;  // empty: never
  int64_t end_time = 0;        // seconds since 1970; 0: not known
  std::string log_level = "info";
  std::string log_format = "text";
  bool allow_commands = false;
  std::string work_directory = "/tmp";
  // What it offers to programs; nullopt: what the machine lets it have.
  std::optional<double> cpus;
  std::optional<int64_t> memory_bytes;
  std::string gpus = "all";
};

inline constexpr int kExitUsage = 2;

// Reads the command line. The exit code where that is all there is to do: help was wanted, or
// something is wrong; it has been said then.
std::optional<int> ParseFlags(int argc, char** argv, Flags& flags);

absl::Duration GraceOf(const Flags& flags);
absl::Duration IdleLimitOf(const Flags& flags);
// By when trials have to be over: the grace before its end.
absl::Time LastMomentOf(const Flags& flags);
// Name, version, slots, features and labels, without what programs are offered.
v1::RegisterWorkerRequest RegistrationOf(const Flags& flags);

}  // namespace caviar::worker

#endif  // CAVIAR_WORKER_FLAGS_H_
