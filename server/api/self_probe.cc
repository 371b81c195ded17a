#include "server/api/self_probe.h"

#include <grpc/support/time.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "server/api/file_descriptor.h"

namespace caviar::server_api {
namespace {

absl::Status Failed(const char* what) {
  const std::string message = absl::StrCat(what, ": ", strerror(errno));
  return errno == EMFILE || errno == ENFILE ? absl::ResourceExhaustedError(message)
                                            : absl::UnavailableError(message);
}

// A connected socket to where `listener` listens. (To connect to 0.0.0.0 is to connect to this
// machine.)
absl::StatusOr<FileDescriptor> Connect(int listener, const std::function<void(uint16_t)>& expect,
                                       absl::Duration timeout) {
  sockaddr_storage there = {};
  socklen_t size = sizeof(there);
  auto* const address = reinterpret_cast<sockaddr*>(&there);
  if (getsockname(listener, address, &size) != 0) return Failed("getsockname");
  FileDescriptor socket(::socket(there.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return Failed("socket");
  const timeval limit = absl::ToTimeval(timeout);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  // Bound first, so that its port is known before the other end sees it.
  sockaddr_storage here = {};
  here.ss_family = there.ss_family;
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&here), size) != 0 ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&here), &size) != 0) {
    return Failed("bind");
  }
  expect(ntohs(here.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(here).sin6_port
                                          : reinterpret_cast<sockaddr_in&>(here).sin_port));
  if (connect(socket.get(), address, size) != 0) {
    if (errno == EINPROGRESS) errno = ETIMEDOUT;
    return Failed("connect");
  }
  return socket;
}

absl::Status CheckHealth(FileDescriptor connection, absl::Duration timeout) {
  grpc::GenericStub stub(grpc::CreateInsecureChannelFromFd("itself", connection.Release()));
  grpc::ClientContext context;
  context.set_deadline(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_millis(absl::ToInt64Milliseconds(timeout), GPR_TIMESPAN)));
  // An empty HealthCheckRequest asks for the server as a whole. Any answer will do.
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer answer;
  absl::Notification answered;
  grpc::Status status;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &answer,
                 [&](grpc::Status result) {
                   status = std::move(result);
                   answered.Notify();
                 });
  answered.WaitForNotification();
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("health check: ", status.error_message()));
}

}  // namespace

absl::Status ProbeOnce(int listener, const std::function<void(uint16_t)>& expect,
                       absl::Duration timeout) {
  absl::StatusOr<FileDescriptor> connection = Connect(listener, expect, timeout);
  const absl::Status healthy =
      connection.ok() ? CheckHealth(*std::move(connection), timeout) : connection.status();
  expect(0);
  return healthy;
}

SelfProbe::SelfProbe(absl::Duration interval, int max_failures, std::function<absl::Status()> probe,
                     std::function<void(const absl::Status&)> heard,
                     std::function<void(const absl::Status&)> on_deaf)
    : interval_(interval),
      max_failures_(max_failures),
      probe_(std::move(probe)),
      heard_(std::move(heard)),
      on_deaf_(std::move(on_deaf)),
      thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), "self-probe");
}

SelfProbe::~SelfProbe() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void SelfProbe::Run() {
  int failures = 0;
  while (Sleep()) {
    const absl::Status status = probe_();
    if (status.ok()) failures = 0;
    if (!status.ok() && !absl::IsResourceExhausted(status)) ++failures;
    if (failures >= max_failures_) return on_deaf_(status);
    heard_(status);
  }
}

bool SelfProbe::Sleep() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(interval_), [this] { return over_; });
}

}  // namespace caviar::server_api
