#include "worker/training/command/report_socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "worker/training/command/system_error.h"

namespace caviar::command {
namespace {

constexpr absl::Duration kLongestAnswer = absl::Seconds(10);
constexpr size_t kMaxLineBytes = size_t{64} << 10;
constexpr size_t kMaxLeftOutBytes = size_t{16} << 10;
constexpr size_t kMaxConnections = 64;

void SetEvent(int event) {
  const uint64_t one = 1;
  (void)!write(event, &one, sizeof(one));
}

// A program that does not read its answers loses them; it is not waited for.
void Send(int socket, const std::string& text) {
  (void)!send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReportSocket>> ReportSocket::Open(const std::string& path,
                                                                 const Context& context) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::UnavailableError(
        absl::StrCat(path, " is too long for a socket: give the worker a shorter --work-dir"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  Descriptor wake(eventfd(0, EFD_CLOEXEC));
  // Only who may connect may send: the mode is set before it listens.
  const bool open =
      listener.is_open() && wake.is_open() &&
      bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      chmod(path.c_str(), 0600) == 0 &&
      listen(listener.number(), static_cast<int>(kMaxConnections)) == 0;
  int error = errno;
  if (open) {
    try {
      return std::unique_ptr<ReportSocket>(
          new ReportSocket(std::move(listener), std::move(wake), path, context));
    } catch (const std::system_error& no_thread) {
      error = no_thread.code().value();
    }
  }
  unlink(path.c_str());
  return OwnError(error, absl::StrCat("no socket can be opened in ",
                                      std::filesystem::path(path).parent_path().string()));
}

ReportSocket::ReportSocket(Descriptor listener, Descriptor wake, std::string path,
                           const Context& context)
    : listener_(std::move(listener)),
      wake_(std::move(wake)),
      path_(std::move(path)),
      context_(context),
      thread_([this] { Run(); }) {}

ReportSocket::~ReportSocket() {
  ending_ = true;
  SetEvent(wake_.number());
  thread_.join();
  unlink(path_.c_str());
}

void ReportSocket::Run() {
  pthread_setname_np(pthread_self(), "reports");
  for (;;) {
    // Once more when it ends: what was sent before is there already.
    const bool last_time = ending_;
    if (last_time) Accept();
    std::vector<pollfd> files = {{wake_.number(), POLLIN, 0}, {listener_.number(), POLLIN, 0}};
    for (const Connection& connection : connections_) {
      files.push_back({connection.socket.number(), POLLIN, 0});
    }
    if (poll(files.data(), files.size(), last_time ? 0 : -1) < 0 && errno != EINTR) return;
    size_t i = 2;
    for (auto at = connections_.begin(); at != connections_.end(); ++i) {
      const bool stays = files[i].revents == 0 || Read(*at);
      at = stays ? std::next(at) : connections_.erase(at);
    }
    if (last_time) return;
    if (files[1].revents != 0) Accept();
  }
}

void ReportSocket::Accept() {
  for (;;) {
    Descriptor socket(accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.is_open()) return;
    if (connections_.size() >= kMaxConnections) {
      Send(socket.number(), absl::StrCat("error: there are ", kMaxConnections,
                                         " connections already; close some\n"));
      continue;
    }
    connections_.push_back({std::move(socket), "", ""});
  }
}

bool ReportSocket::Read(Connection& connection) {
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t count = recv(connection.socket.number(), buffer.data(), buffer.size(), 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) {
      Send(connection.socket.number(), connection.left_out);
      return false;
    }
    connection.received.append(buffer.data(), static_cast<size_t>(count));
    for (size_t end = 0; (end = connection.received.find('\n')) != std::string::npos;) {
      const std::string line = connection.received.substr(0, end);
      connection.received.erase(0, end + 1);
      if (absl::StripAsciiWhitespace(line).empty()) continue;
      Send(connection.socket.number(), Answer(line, connection.left_out) + "\n");
    }
    if (connection.received.size() > kMaxLineBytes) {
      Send(connection.socket.number(), "error: a line of more than 64 KiB\n");
      return false;
    }
  }
}

std::string ReportSocket::Answer(absl::string_view line, std::string& left_out) {
  const Reading reading = ReadJson(absl::StripAsciiWhitespace(line), context_.declared);
  answering_ = true;
  const std::string why = context_.curve.Take(reading);
  // Enough of them for people, of a connection that reports for days too.
  if (!why.empty() && left_out.size() < kMaxLeftOutBytes) absl::StrAppend(&left_out, why, "\n");
  if (!reading.metrics.empty() && !ending_) context_.observer.AwaitAnswers(kLongestAnswer);
  const bool stops = says_stop_ || context_.observer.StopRequested();
  if (stops) told_ = true;
  answering_ = false;
  if (!reading.broken.empty()) return absl::StrCat("error: ", reading.broken);
  if (!stops) return "continue";
  return !says_stop_ && context_.observer.CheckpointRequested() ? "pause" : "stop";
}

}  // namespace caviar::command
