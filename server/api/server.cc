#include "server/api/server.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/api/acceptor.h"
#include "server/api/admission.h"
#include "server/api/door.h"
#include "server/api/listen_address.h"
#include "server/api/listen_socket.h"
#include "server/api/self_probe.h"
#include "server/api/services.h"
#include "server/api/tls.h"

namespace caviar::server_api {
namespace {

// Of a connection on which nothing happens, and some to spare.
constexpr int64_t kConnectionBytes = 32 << 10;
// To connect, and again to be answered. A shutdown may have to wait for it.
constexpr absl::Duration kProbeTimeout = absl::Milliseconds(2'500);

// Settings of the whole process, once.
void PrepareGrpc() {
  static absl::once_flag once;
  absl::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // What gRPC and protobuf say on stderr (failed binds, text that is not UTF-8) comes to callers
    // as errors already.
    gpr_set_log_function([](gpr_log_func_args* args) { spdlog::debug("grpc: {}", args->message); });
    google::protobuf::SetLogHandler(
        [](google::protobuf::LogLevel, const char*, int, const std::string& message) {
          spdlog::debug("protobuf: {}", message);
        });
  });
}

// What gRPC may hold itself: requests that are still coming in, which no lane knows of yet. It is
// not exact (windows shrink, then calls are cut off), so the lanes remain what bounds memory.
int64_t GrpcMemory(const ServerLimits& limits) {
  return 4 * limits.queued_bytes + limits.connections * kConnectionBytes;
}

void Configure(grpc::ServerBuilder& builder, const ServerLimits& limits) {
  builder.SetMaxReceiveMessageSize(limits.message_bytes);
  grpc::ResourceQuota quota("caviar-coordinator");
  builder.SetResourceQuota(quota.Resize(GrpcMemory(limits)));
  // Clients ping each 20 s, with or without calls; fewer than 5 s apart is an abuse.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Finds connections whose other end has gone without a word, those that only wait, too.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.streams_of_connection);
}

using ConnectionAcceptor = grpc::experimental::ExternalConnectionAcceptor;

std::unique_ptr<ConnectionAcceptor> AddAcceptor(
    grpc::ServerBuilder& builder, std::shared_ptr<grpc::ServerCredentials> credentials) {
  return builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      std::move(credentials));
}

class GrpcServer final : public Server {
 public:
  GrpcServer(coordinator::Coordinator& coordinator, ListenAddress address, ServerOptions options)
      : coordinator_(coordinator),
        address_(std::move(address)),
        options_(std::move(options)),
        admission_(options_.limits.calls, options_.limits.polls, options_.limits.queued_bytes),
        doors_(admission_, options_.access),
        services_(MakeServices(coordinator, options_.backups, doors_, draining_)) {}

  ~GrpcServer() override { Shutdown(absl::ZeroDuration()); }

  absl::Status Start() {
    if (!options_.tls.certificate.empty()) {
      auto tls = ServedTls::Read(options_.tls);
      if (!tls.ok()) return tls.status();
      tls_ = *std::move(tls);
    }
    absl::StatusOr<ListenSockets> listening = Listen(address_);
    if (!listening.ok()) return listening.status();
    address_.port = listening->port;
    grpc::ServerBuilder builder;
    Configure(builder, options_.limits);
    connections_ = AddAcceptor(
        builder, tls_ == nullptr ? grpc::InsecureServerCredentials() : tls_->MakeCredentials());
    own_connections_ = AddAcceptor(builder, grpc::InsecureServerCredentials());
    for (const std::unique_ptr<grpc::Service>& service : services_) {
      builder.RegisterService(service.get());
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InternalError("gRPC does not start");
    SetServing(false);
    Accept(std::move(listening->sockets));
    return Probe();
  }

  std::string address() const override { return address_.ToString(); }

  void Shutdown(absl::Duration drain) override {
    if (server_ == nullptr || draining_.exchange(true)) return;
    probe_.reset();
    acceptor_->Stop();
    server_->GetHealthCheckService()->Shutdown();
    // gRPC's own shutdown cancels what comes in from then on, without a word, and waits for clients
    // to take notice, which those that do nothing just now are slow at. So it has to find nothing
    // to do.
    admission_.Close();
    coordinator_.Drain();
    AwaitCalls(drain);
    // Closes the connections first, so that nothing comes in that could be cancelled.
    // gRPC means it for after its own shutdown, and needs nothing of that (1.51).
    grpc_server_cancel_all_calls(server_->c_server());
    server_->Shutdown(gpr_now(GPR_CLOCK_MONOTONIC));
  }

 private:
  // Until all calls that were let in have ended, for `drain` at most. Looks again and again: a wait
  // for a lock's condition would go by the clock that people set.
  void AwaitCalls(absl::Duration drain) const {
    const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(drain);
    while (admission_.calls() > 0 && std::chrono::steady_clock::now() < end) {
      absl::SleepFor(absl::Milliseconds(2));
    }
  }

  void Accept(std::vector<FileDescriptor> sockets) {
    listener_ = sockets.front().get();
    const ServerLimits& limits = options_.limits;
    const int affordable = AffordableConnections(limits.connections);
    if (affordable < limits.connections) {
      spdlog::warn("open files are limited (ulimit -n): {} connections are served, not {}",
                   affordable, limits.connections);
    }
    acceptor_ = std::make_unique<Acceptor>(
        std::move(sockets), Acceptor::Limits{affordable, limits.connections_of_peer},
        [this](int listener, int connection, bool own) {
          ConnectionAcceptor::NewConnectionParameters parameters;
          parameters.listener_fd = listener;
          parameters.fd = connection;
          (own ? own_connections_ : connections_)->HandleNewConnection(&parameters);
        });
  }

  // Ready is who was reached through the own listener; from then on that is looked at again and
  // again.
  absl::Status Probe() {
    const auto probe = [this] {
      return ProbeOnce(
          listener_, [this](uint16_t port) { acceptor_->Expect(port); }, kProbeTimeout);
    };
    absl::Status reached;
    for (int i = 0; i < kMaxProbeFailures; ++i) {
      reached = probe();
      if (reached.ok()) break;
    }
    if (!reached.ok()) {
      return absl::UnavailableError(absl::StrCat("the server cannot be reached at its own address ",
                                                 address(), ": ", reached.message()));
    }
    SetServing(true);
    probe_ = std::make_unique<SelfProbe>(
        options_.probe_interval, kMaxProbeFailures, probe,
        [this](const absl::Status& status) { Heard(status); }, options_.on_deaf);
    return absl::OkStatus();
  }

  void Heard(const absl::Status& status) {
    if (options_.access != nullptr) {
      const absl::Status read = options_.access->Refresh();
      if (!read.ok()) {
        spdlog::warn("{}; what it said before still holds", std::string(read.message()));
      }
    }
    if (tls_ != nullptr) {
      const absl::Status read = tls_->Refresh();
      if (!read.ok()) {
        spdlog::warn("{}; the certificate from before is still served",
                     std::string(read.message()));
      }
    }
    admission_.CancelUntaken(std::chrono::steady_clock::now() -
                             absl::ToChronoNanoseconds(options_.answer_patience));
    const bool reached = status.ok() || absl::IsResourceExhausted(status);
    if (!status.ok()) {
      spdlog::warn("a probe of the own address failed: {}", std::string(status.message()));
    }
    if (std::exchange(serving_, reached) != reached) SetServing(reached);
  }

  void SetServing(bool serving) {
    grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
    health->SetServingStatus(serving);
    for (const std::string& name : ServiceNames()) health->SetServingStatus(name, serving);
  }

  coordinator::Coordinator& coordinator_;
  ListenAddress address_;
  const ServerOptions options_;
  std::atomic<bool> draining_ = false;
  Admission admission_;
  const Doors doors_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<ServedTls> tls_;                   // nullptr: none
  std::unique_ptr<grpc::Server> server_;             // before the services it calls go away
  std::unique_ptr<ConnectionAcceptor> connections_;  // gRPC's end
  // The same for the probe, which has no certificate to show.
  std::unique_ptr<ConnectionAcceptor> own_connections_;
  int listener_ = -1;
  std::unique_ptr<Acceptor> acceptor_;
  bool serving_ = true;  // the probe's thread's
  std::unique_ptr<SelfProbe> probe_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(coordinator::Coordinator& coordinator,
                                                      const std::string& address,
                                                      ServerOptions options) {
  PrepareGrpc();
  absl::StatusOr<ListenAddress> parsed = ParseListenAddress(address);
  if (!parsed.ok()) return parsed.status();
  auto server = std::make_unique<GrpcServer>(coordinator, *std::move(parsed), std::move(options));
  if (absl::Status status = server->Start(); !status.ok()) return status;
  return server;
}

}  // namespace caviar::server_api
