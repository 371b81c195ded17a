#include "client/commands/report_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/render/number.h"
#include "nlohmann/json.hpp"

namespace caviar::commands {
namespace {

// Longer answers are none.
constexpr size_t kMaxAnswer = 4096;

class Socket {
 public:
  Socket() : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool Connect(const std::string& path, absl::Duration patience) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const timeval limit = absl::ToTimeval(patience);
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }

  // All that is ever sent.
  bool SendAll(absl::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return shutdown(descriptor_, SHUT_WR) == 0;
  }

  // Without its line end; "" where there came none.
  std::string ReceiveLine() {
    std::string line;
    char byte = 0;
    while (line.size() < kMaxAnswer) {
      const ssize_t count = recv(descriptor_, &byte, 1, 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return "";
      if (byte == '\n') return line;
      line += byte;
    }
    return "";
  }

 private:
  const int descriptor_;
};

}  // namespace

std::string MeasurementLine(std::optional<int64_t> step,
                            const std::map<std::string, double>& metrics) {
  std::string line = step ? absl::StrCat("{\"step\": ", *step) : "{";
  for (const auto& [name, value] : metrics) {
    const std::string key =
        nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    absl::StrAppend(&line, line.size() > 1 ? ", " : "", key, ": ", render::FormatNumber(value));
  }
  return line + "}\n";
}

absl::StatusOr<WorkerAnswer> AskWorker(const std::string& address, const std::string& line,
                                       absl::Duration patience) {
  absl::string_view path = address;
  if (!absl::ConsumePrefix(&path, "unix:") || path.empty() ||
      path.size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("CAVIAR_REPORT_ADDRESS is \"", address, "\"; a worker sets it to unix:/PATH"));
  }
  Socket socket;
  if (!socket.Connect(std::string(path), patience) || !socket.SendAll(line)) {
    return absl::FailedPreconditionError(absl::StrCat("no worker takes reports at ", address, ": ",
                                                      std::strerror(errno),
                                                      "; has the trial that set it ended?"));
  }
  const std::string answer = socket.ReceiveLine();
  if (answer == "continue" || answer == "stop" || answer == "pause") {
    return WorkerAnswer{answer, socket.ReceiveLine()};
  }
  absl::string_view refusal = answer;
  if (absl::ConsumePrefix(&refusal, "error: ")) return absl::InvalidArgumentError(refusal);
  return absl::FailedPreconditionError(absl::StrCat("the worker at ", address, " did not answer"));
}

}  // namespace caviar::commands
