#include "client/api/channel.h"

#include <grpc/support/log.h>
#include <grpc/support/time.h>

#include <cstdlib>

#include "absl/base/call_once.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/error_detail.h"

namespace caviar::client {
namespace {

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

// gRPC's "failed to connect to all addresses; last error: UNKNOWN: ipv4:...: Connection refused":
// the last part is what a person can use.
absl::string_view LastPart(absl::string_view message) {
  const size_t colon = message.rfind(": ");
  return colon == absl::string_view::npos ? message : message.substr(colon + 2);
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
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
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

void AwaitReconnection(grpc::Channel& channel) {
  const grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  if (state != GRPC_CHANNEL_TRANSIENT_FAILURE) return;
  channel.WaitForStateChange(state, FromNow(absl::Milliseconds(250)));
}

void SetTimeout(grpc::ClientContext& context, absl::Duration timeout) {
  context.set_deadline(FromNow(timeout));
}

absl::Status FromGrpcStatus(const grpc::Status& status, const std::string& address) {
  if (status.ok()) return absl::OkStatus();
  const absl::Status plain(static_cast<absl::StatusCode>(status.error_code()),
                           status.error_message());
  absl::Status result = error::ParseDetail(plain, status.error_details());
  if (error::Detail(result)) return result;
  if (absl::IsUnavailable(result)) {
    return absl::UnavailableError(absl::StrCat("no coordinator answers at ", address, ": ",
                                               LastPart(status.error_message())));
  }
  if (absl::IsDeadlineExceeded(result)) {
    return absl::DeadlineExceededError(
        absl::StrCat("the coordinator at ", address, " did not answer in time"));
  }
  return result;
}

}  // namespace caviar::client
