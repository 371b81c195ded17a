#include "client/api/channel.h"

#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/client_interceptor.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/token.h"
#include "client/api/loopback.h"

namespace caviar::client {
namespace {

constexpr unsigned kLookAgainSeconds = 60;

gpr_timespec FromNow(absl::Duration duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_millis(absl::ToInt64Milliseconds(duration), GPR_TIMESPAN));
}

// What gRPC would say on stderr comes to callers as errors already.
void QuietGrpc() {
  static absl::once_flag once;
  absl::call_once(once, [] {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) {
      gpr_set_log_function([](gpr_log_func_args*) {});
    }
  });
}

using grpc::experimental::ClientInterceptorFactoryInterface;
using grpc::experimental::InterceptionHookPoints;

// Puts the token into a call. (gRPC's own call credentials refuse connections without TLS, and on
// one machine there is nobody to hide it from.)
class TokenBringer final : public grpc::experimental::Interceptor {
 public:
  explicit TokenBringer(std::shared_ptr<TokenSource> source) : source_(std::move(source)) {}
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      const std::string token = source_->Get();
      if (!token.empty()) {
        methods->GetSendInitialMetadata()->emplace(vocabulary::kTokenMetadata,
                                                   absl::StrCat(vocabulary::kBearer, token));
      }
    }
    methods->Proceed();
  }

 private:
  const std::shared_ptr<TokenSource> source_;
};

class TokenBringerFactory final : public ClientInterceptorFactoryInterface {
 public:
  explicit TokenBringerFactory(std::shared_ptr<TokenSource> source) : source_(std::move(source)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new TokenBringer(source_);
  }

 private:
  const std::shared_ptr<TokenSource> source_;
};

// Files are looked at again now and then: certificates are replaced while workers run.
std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const Credentials& credentials) {
  if (credentials.tls_authority.empty()) return grpc::InsecureChannelCredentials();
  using grpc::experimental::FileWatcherCertificateProvider;
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::make_shared<FileWatcherCertificateProvider>(
      credentials.tls_key, credentials.tls_certificate, credentials.tls_authority,
      kLookAgainSeconds));
  options.watch_root_certs();
  if (!credentials.tls_certificate.empty()) options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_certificate_verifier(
      std::make_shared<grpc::experimental::HostNameCertificateVerifier>());
  return grpc::experimental::TlsCredentials(options);
}

// gRPC's "failed to connect to all addresses; last error: UNKNOWN: ipv4:...: Connection refused":
// the last part is what a person can use.
absl::string_view LastPart(absl::string_view message) {
  const size_t colon = message.rfind(": ");
  return colon == absl::string_view::npos ? message : message.substr(colon + 2);
}

// Some words about who else may have answered; "": nobody.
std::string SomebodyElse(const std::string& address) {
  const std::optional<std::string> where = WhereSomebodyElseListens(address);
  if (!where) return "";
  return absl::StrCat("; another user of this machine runs what listens there",
                      *where == address ? "" : absl::StrCat(", at ", *where));
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const CoordinatorAddress& address,
                                           const Credentials& credentials) {
  QuietGrpc();
  grpc::ChannelArguments arguments;
  // The server's minimum is 5 s: a client that pings faster is cut off.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Callers have backoff of their own; the channel must be ready when they come back.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  // Time for one try to connect: an address that swallows packets is UNAVAILABLE after this.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
  // A coordinator is on one's own network; a proxy from the environment is meant for the web.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Pages of trials with all their measurements can be long; whoever asks for them wants them.
  arguments.SetMaxReceiveMessageSize(-1);
  std::vector<std::unique_ptr<ClientInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(
      std::make_unique<TokenBringerFactory>(std::make_shared<TokenSource>(credentials, address)));
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      address.host_and_port, MakeCredentials(credentials), arguments, std::move(interceptors));
}

void AwaitReconnection(grpc::Channel& channel) {
  const grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  if (state != GRPC_CHANNEL_TRANSIENT_FAILURE) return;
  channel.WaitForStateChange(state, FromNow(absl::Milliseconds(250)));
}

void SetTimeout(grpc::ClientContext& context, absl::Duration timeout) {
  context.set_deadline(FromNow(timeout));
}

absl::Status Cancelled() { return absl::CancelledError("cancelled by the caller"); }

absl::Status FromGrpcStatus(const grpc::Status& status, const std::string& address,
                            bool cancelled) {
  if (status.ok()) return absl::OkStatus();
  const absl::Status plain(static_cast<absl::StatusCode>(status.error_code()),
                           status.error_message());
  absl::Status result = error::ParseDetail(plain, status.error_details());
  if (error::Detail(result)) return result;
  if (absl::IsCancelled(result)) {
    if (cancelled) return Cancelled();
    return absl::UnavailableError(
        absl::StrCat("no coordinator answers at ", address,
                     ": the call was cut off, as by one that shuts down"));
  }
  if (absl::IsUnauthenticated(result)) {
    return absl::UnauthenticatedError(absl::StrCat(
        "the coordinator at ", address, " does not know who calls: the token is not one of ",
        "its own, or was not found (", WhereTokensAre(), ")", SomebodyElse(address)));
  }
  if (absl::IsPermissionDenied(result)) {
    return absl::PermissionDeniedError(
        absl::StrCat("the coordinator at ", address, " does not let this caller do that"));
  }
  // gRPC's words for a stream that the other side refused, as one does that is short of memory.
  if (absl::IsResourceExhausted(result) &&
      absl::StartsWith(result.message(), "Received RST_STREAM")) {
    return absl::UnavailableError(
        absl::StrCat("no coordinator answers at ", address,
                     ": the call was cut off, as by one that is short of memory"));
  }
  if (absl::IsUnavailable(result)) {
    return absl::UnavailableError(absl::StrCat("no coordinator answers at ", address, ": ",
                                               LastPart(status.error_message())));
  }
  // The coordinator's gRPC says this by itself, and knows no flags.
  if (absl::IsResourceExhausted(result) &&
      absl::StrContains(result.message(), "Received message larger than max")) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the coordinator at ", address, " refuses a request of this size; its ",
                     "--max-message-size says so: ", result.message()));
  }
  if (absl::IsDeadlineExceeded(result)) {
    return absl::DeadlineExceededError(
        absl::StrCat("the coordinator at ", address, " did not answer in time"));
  }
  return result;
}

}  // namespace caviar::client
