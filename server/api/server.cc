#include "server/api/server.h"

#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <utility>
#include <vector>

#include "absl/base/call_once.h"
#include "server/api/listen_address.h"
#include "server/api/services.h"

namespace caviar::server_api {
namespace {

constexpr int kMaxMessageBytes = 4 << 20;

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

void Configure(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // Without this a second coordinator would share the port, and half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Clients ping each 20 s, with or without calls; fewer than 5 s apart is an abuse.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Finds connections whose other end has gone without a word.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 5'000);
}

class GrpcServer final : public Server {
 public:
  GrpcServer(coordinator::Coordinator& coordinator, coordinator::Backups* backups,
             ListenAddress address)
      : coordinator_(coordinator),
        address_(std::move(address)),
        services_(MakeServices(coordinator, backups, draining_)) {}

  ~GrpcServer() override { Shutdown(absl::ZeroDuration()); }

  absl::Status Listen() {
    grpc::ServerBuilder builder;
    Configure(builder);
    int port = 0;
    builder.AddListeningPort(address_.ToString(), grpc::InsecureServerCredentials(), &port);
    for (const std::unique_ptr<grpc::Service>& service : services_) {
      builder.RegisterService(service.get());
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      server_ = nullptr;
      return ExplainBindFailure(address_);
    }
    address_.port = port;
    for (const std::string& name : ServiceNames()) {
      server_->GetHealthCheckService()->SetServingStatus(name, true);
    }
    return absl::OkStatus();
  }

  std::string address() const override { return address_.ToString(); }

  void Shutdown(absl::Duration drain) override {
    if (server_ == nullptr || draining_.exchange(true)) return;
    server_->GetHealthCheckService()->Shutdown();
    coordinator_.Drain();
    server_->Shutdown(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_millis(absl::ToInt64Milliseconds(drain), GPR_TIMESPAN)));
  }

 private:
  coordinator::Coordinator& coordinator_;
  ListenAddress address_;
  std::atomic<bool> draining_ = false;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;  // before the services it calls go away
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(coordinator::Coordinator& coordinator,
                                                      const std::string& address,
                                                      coordinator::Backups* backups) {
  PrepareGrpc();
  absl::StatusOr<ListenAddress> parsed = ParseListenAddress(address);
  if (!parsed.ok()) return parsed.status();
  auto server = std::make_unique<GrpcServer>(coordinator, backups, *std::move(parsed));
  if (absl::Status status = server->Listen(); !status.ok()) return status;
  return server;
}

}  // namespace caviar::server_api
