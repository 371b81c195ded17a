#include "server/api/status.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"

namespace caviar::server_api {
namespace {

constexpr size_t kMaxMessageBytes = 768;
constexpr size_t kMaxDescriptionBytes = 1024;
constexpr size_t kMaxViolationBytes = 2560;

// At most `size` bytes, cut between characters of UTF-8.
std::string Cut(absl::string_view text, size_t size) {
  if (text.size() <= size) return std::string(text);
  size_t end = size - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "...");
}

v1::ErrorDetail CutDetail(const v1::ErrorDetail& detail) {
  v1::ErrorDetail result = detail;
  result.clear_field_violations();
  size_t bytes = 0;
  for (v1::FieldViolation violation : detail.field_violations()) {
    violation.set_field(Cut(violation.field(), kMaxDescriptionBytes));
    violation.set_description(Cut(violation.description(), kMaxDescriptionBytes));
    bytes += violation.ByteSizeLong();
    if (bytes > kMaxViolationBytes && result.field_violations_size() > 0) break;
    *result.add_field_violations() = std::move(violation);
  }
  return result;
}

}  // namespace

grpc::Status ToGrpcStatus(absl::Status status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Cut(status.message(), kMaxMessageBytes);
  std::optional<v1::ErrorDetail> detail = error::Detail(status);
  if (!detail && absl::IsUnavailable(status)) {
    detail.emplace().set_reason("COORDINATOR_UNAVAILABLE");
  }
  std::string bytes;
  if (detail) {
    v1::RpcStatus rpc;
    rpc.set_code(static_cast<int>(status.code()));
    rpc.set_message(message);
    rpc.add_details()->PackFrom(CutDetail(*detail));
    if (detail->has_retry_delay()) *rpc.add_details() = error::RetryInfoOf(*detail);
    bytes = rpc.SerializeAsString();
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message, bytes);
}

}  // namespace caviar::server_api
