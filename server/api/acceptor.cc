#include "server/api/acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace caviar::server_api {
namespace {

using std::chrono::steady_clock;

// Accepted from one listener before the others have their turn.
constexpr int kAcceptsAtOnce = 64;
// While descriptors are out: the thread must not spin.
constexpr int kPauseMilliseconds = 10;
// Looking through 12,000 connections takes milliseconds; a flood must not cause it each time.
constexpr auto kSweepInterval = std::chrono::milliseconds(100);
constexpr auto kLogInterval = std::chrono::seconds(10);
// How long what was sent may stay unacknowledged: a peer that vanished is gone after this.
constexpr unsigned kUserTimeoutMilliseconds = 20'000;
// Descriptors for what is opened later: files of the store, artifacts, gRPC's own.
constexpr int kSpareDescriptors = 16;
constexpr int kFewestConnections = 4;

bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

FileDescriptor OpenReserve() { return FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// The address without its port.
std::string AddressOf(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  if (address.ss_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  }
  return inet_ntop(address.ss_family, bytes, text, sizeof(text)) != nullptr ? text : "?";
}

uint16_t PortOf(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// Whether both ends are on this machine: the other end has the address that it connected to.
bool IsFromHere(int connection, const std::string& peer) {
  sockaddr_storage here = {};
  socklen_t size = sizeof(here);
  return getsockname(connection, reinterpret_cast<sockaddr*>(&here), &size) == 0 &&
         AddressOf(here) == peer;
}

void SetOptions(int connection) {
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(connection, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMilliseconds,
             sizeof(kUserTimeoutMilliseconds));
}

}  // namespace

Acceptor::Acceptor(std::vector<FileDescriptor> listeners, Limits limits, Serve serve)
    : listeners_(std::move(listeners)),
      limits_(limits),
      serve_(std::move(serve)),
      reserve_(OpenReserve()),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), "accept");
}

void Acceptor::Stop() {
  if (!thread_.joinable()) return;
  eventfd_write(wake_.get(), 1);
  thread_.join();
  listeners_.clear();
  if (shed_unlogged_ > 0) LogShed("at the end");
}

void Acceptor::Run() {
  std::vector<pollfd> waiting = {{wake_.get(), POLLIN, 0}};
  for (const FileDescriptor& listener : listeners_) waiting.push_back({listener.get(), POLLIN, 0});
  for (;;) {
    poll(waiting.data(), waiting.size(), /*timeout=*/-1);
    if (waiting[0].revents != 0) return;
    bool exhausted = false;
    for (size_t i = 1; i < waiting.size(); ++i) {
      if (waiting[i].revents != 0 && !AcceptSome(waiting[i].fd)) exhausted = true;
    }
    if (exhausted) poll(waiting.data(), 1, kPauseMilliseconds);
  }
}

bool Acceptor::AcceptSome(int listener) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage address = {};
    socklen_t size = sizeof(address);
    FileDescriptor connection(accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                                      SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.open()) {
      Peer peer = {AddressOf(address)};
      peer.expected =
          PortOf(address) == expected_port_ && IsFromHere(connection.get(), peer.address);
      Take(listener, std::move(connection), peer);
      continue;
    }
    if (errno == EAGAIN) return true;
    if (IsExhaustion(errno)) {
      ShedWithReserve(listener);
      return false;
    }
    // Anything else is an error of that connection, which is gone.
  }
  return true;
}

void Acceptor::ShedWithReserve(int listener) {
  const std::string why = absl::StrCat("no descriptor is free (", strerror(errno), ")");
  reserve_.Close();
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    // Closed at once, so that one descriptor is enough for all.
    const FileDescriptor shed(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!shed.open()) break;
    CountShed(why);
  }
  reserve_ = OpenReserve();
}

void Acceptor::Take(int listener, FileDescriptor connection, const Peer& peer) {
  if (!peer.expected) {
    if (const char* why = WhyNot(peer.address)) {
      // Counted first, so that who sees it closed sees it counted.
      CountShed(absl::StrCat("there are too many ", why, ", the last was ", peer.address));
      connection.Close();
      return;
    }
    absl::MutexLock lock(&mutex_);
    open_.Add(connection.get(), peer.address);
  }
  SetOptions(connection.get());
  serve_(listener, connection.Release(), peer.expected);
}

const char* Acceptor::WhyNot(const std::string& peer) {
  absl::MutexLock lock(&mutex_);
  const auto why = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> const char* {
    if (open_.count() >= limits_.connections) return "connections";
    return open_.count(peer) >= limits_.of_peer ? "connections from one address" : nullptr;
  };
  const char* first = why();
  const auto now = steady_clock::now();
  if (first == nullptr || now - last_sweep_ < kSweepInterval) return first;
  last_sweep_ = now;
  open_.Sweep();
  return why();
}

void Acceptor::CountShed(const std::string& why) {
  ++shed_;
  ++shed_unlogged_;
  if (steady_clock::now() - last_log_ >= kLogInterval) LogShed(why);
}

void Acceptor::LogShed(const std::string& why) {
  spdlog::warn(
      "closed {} new connections at once: {}; at most {} are served (--max-connections), {} from "
      "one address (--max-connections-per-peer)",
      shed_unlogged_, why, limits_.connections, limits_.of_peer);
  shed_unlogged_ = 0;
  last_log_ = steady_clock::now();
}

Acceptor::Counts Acceptor::counts() {
  absl::MutexLock lock(&mutex_);
  open_.Sweep();
  return {open_.count(), shed_};
}

int AffordableConnections(int wanted) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  std::error_code error;
  int64_t open = 0;
  for (std::filesystem::directory_iterator i("/proc/self/fd", error), end; !error && i != end;
       i.increment(error)) {
    ++open;
  }
  const int64_t left = static_cast<int64_t>(limit.rlim_cur) - open - kSpareDescriptors;
  return static_cast<int>(std::clamp<int64_t>(left, std::min(kFewestConnections, wanted), wanted));
}

}  // namespace caviar::server_api
