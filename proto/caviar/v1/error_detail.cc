#include "caviar/v1/error_detail.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace caviar::error {
namespace {

// gRPC drops answers with more than 8 KiB of metadata, in which the detail travels as base64.
constexpr size_t kMaxDetailBytes = 4096;
constexpr absl::string_view kPayload = "type.googleapis.com/caviar.v1.ErrorDetail";

absl::Status WithDetail(absl::Status status, const v1::ErrorDetail& detail) {
  status.SetPayload(kPayload, absl::Cord(detail.SerializeAsString()));
  return status;
}

}  // namespace

absl::Status WithReason(absl::Status status, absl::string_view reason) {
  v1::ErrorDetail detail = Detail(status).value_or(v1::ErrorDetail());
  detail.set_reason(std::string(reason));
  return WithDetail(std::move(status), detail);
}

absl::Status ShuttingDown() {
  return WithReason(absl::UnavailableError("the coordinator is shutting down"), kShuttingDown);
}

absl::Status InvalidFields(std::vector<v1::FieldViolation> violations) {
  if (violations.empty()) return absl::OkStatus();
  std::string message = absl::StrCat(violations[0].field(), ": ", violations[0].description());
  if (violations.size() > 1) absl::StrAppend(&message, " (and ", violations.size() - 1, " more)");
  v1::ErrorDetail detail;
  detail.set_reason(std::string(kInvalidField));
  for (v1::FieldViolation& violation : violations) {
    *detail.add_field_violations() = std::move(violation);
    if (detail.ByteSizeLong() <= kMaxDetailBytes) continue;
    if (detail.field_violations_size() > 1) detail.mutable_field_violations()->RemoveLast();
    break;
  }
  return WithDetail(absl::InvalidArgumentError(message), detail);
}

absl::Status InvalidField(std::string field, std::string description) {
  v1::FieldViolation violation;
  violation.set_field(std::move(field));
  violation.set_description(std::move(description));
  return InvalidFields({std::move(violation)});
}

std::optional<v1::ErrorDetail> Detail(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  v1::ErrorDetail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

bool HasReason(const absl::Status& status, absl::string_view reason) {
  const auto detail = Detail(status);
  return detail && detail->reason() == reason;
}

std::string SerializeDetail(const absl::Status& status) {
  const auto detail = Detail(status);
  if (!detail) return "";
  v1::RpcStatus rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(std::string(status.message()));
  rpc.add_details()->PackFrom(*detail);
  return rpc.SerializeAsString();
}

absl::Status ParseDetail(absl::Status status, const std::string& bytes) {
  v1::RpcStatus rpc;
  if (bytes.empty() || !rpc.ParseFromString(bytes)) return status;
  for (const auto& any : rpc.details()) {
    v1::ErrorDetail detail;
    if (any.UnpackTo(&detail)) return WithDetail(std::move(status), detail);
  }
  return status;
}

}  // namespace caviar::error
