// The socket on which a worker takes the measurements of a program that it runs.
#ifndef CAVIAR_CLIENT_COMMANDS_REPORT_SOCKET_H_
#define CAVIAR_CLIENT_COMMANDS_REPORT_SOCKET_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace caviar::commands {

// A line for the socket: {"step": 3, "accuracy": 0.81}; numbers that are not finite as Python
// writes them. Without a step the worker counts.
std::string MeasurementLine(std::optional<int64_t> step,
                            const std::map<std::string, double>& metrics);

struct WorkerAnswer {
  std::string directive;  // "continue", "stop" or "pause"
  std::string left_out;   // what of the line was not taken, and why; "": nothing, or it is not said
};

// Sends a line to `address`, "unix:/path", and returns the answer.
// INVALID_ARGUMENT: the worker refused it, or the address is none; FAILED_PRECONDITION: nobody
// takes it, or answers within `patience`.
absl::StatusOr<WorkerAnswer> AskWorker(const std::string& address, const std::string& line,
                                       absl::Duration patience);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_REPORT_SOCKET_H_
