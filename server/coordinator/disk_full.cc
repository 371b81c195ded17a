#include "server/coordinator/disk_full.h"

#include "absl/strings/str_cat.h"

namespace caviar::coordinator {
namespace {

absl::Status WithoutRoom(absl::StatusCode code, const absl::Status& failure) {
  if (!absl::IsResourceExhausted(failure)) return failure;
  return absl::Status(
      code,
      absl::StrCat("the coordinator's disk is full, nothing was stored; make room and try again (",
                   failure.message(), ")"));
}

}  // namespace

absl::Status RetryWhenThereIsRoom(const absl::Status& failure) {
  return WithoutRoom(absl::StatusCode::kUnavailable, failure);
}

absl::Status RefuseWithoutRoom(const absl::Status& failure) {
  return WithoutRoom(absl::StatusCode::kResourceExhausted, failure);
}

}  // namespace caviar::coordinator
