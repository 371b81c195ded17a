// What caviar-coordinator is started with.
#ifndef CAVIAR_SERVER_FLAGS_H_
#define CAVIAR_SERVER_FLAGS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/api/server.h"

namespace caviar {

struct Flags {
  std::string listen = "127.0.0.1:7461";
  std::string data_directory = "./caviar-data";
  std::string lease_ttl = "60s";
  std::string durability = "full";
  std::string log_level = "info";
  std::string log_format = "text";
  std::string metrics_listen;
  bool accept_data_loss = false;
  bool check = false;
  std::string restore;
  std::string on_study_end;
  std::string on_study_end_timeout = "1m";
  std::string address_file;
  std::string advertise;
  bool network_file_system = false;
  server_api::TlsFiles tls;
  std::string token_file;
  bool no_auth = false;
  bool insecure = false;
  std::string copy_to;
  std::string copy_every = "1m";
  server_api::ServerLimits serving_limits;
  coordinator::Limits limits;
};

inline constexpr int kExitUsage = 2;

// Reads the command line. The exit code where that is all there is to do: help was wanted, or
// something is wrong; it has been said then.
std::optional<int> ParseFlags(int argc, char** argv, Flags& flags);

// INVALID_ARGUMENT: it would be open to people who should not get in.
absl::Status CheckOpenness(const Flags& flags);

}  // namespace caviar

#endif  // CAVIAR_SERVER_FLAGS_H_
