#include "server/coordinator/logs.h"

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"

namespace caviar::coordinator {
namespace {

// 10 MiB, and the line that says that the rest is missing.
constexpr int64_t kMaxLogBytes = (10 << 20) + (4 << 10);

}  // namespace

std::string LogFile(int64_t study_id, int32_t number, int32_t attempt) {
  return absl::StrCat("artifacts/", study_id, "/", number, "/", attempt, kLogEnding);
}

absl::StatusOr<v1::AppendLogResponse> Logs::Append(const v1::AppendLogRequest& request) {
  const auto lease = leases_.FindOrEnded(ToToken(request.token()));
  if (!lease || lease->attempt == 0) {
    return error::WithReason(absl::AbortedError("the lease is over; the log was not taken"),
                             error::kLeaseLost);
  }
  if (request.offset() > kMaxLogBytes - static_cast<int64_t>(request.data().size())) {
    return error::InvalidField(
        "data", absl::StrCat("passes the ", kMaxLogBytes, " bytes that a log may have"));
  }
  const auto size = artifacts_.Append(LogFile(lease->study_id, lease->number, lease->attempt),
                                      request.offset(), request.data());
  if (!size.ok()) return size.status();
  v1::AppendLogResponse response;
  response.set_size(*size);
  return response;
}

}  // namespace caviar::coordinator
