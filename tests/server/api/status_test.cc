#include "server/api/status.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"

namespace caviar::server_api {
namespace {

absl::Status Back(const grpc::Status& status) {
  return error::ParseDetail(
      absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message()),
      status.error_details());
}

TEST(Status, KeepsCodeMessageAndDetail) {
  const absl::Status sent =
      error::WithReason(absl::AbortedError("lease of trial 7 is over"), error::kLeaseLost);
  EXPECT_EQ(Back(ToGrpcStatus(sent)), sent);
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_EQ(Back(ToGrpcStatus(absl::NotFoundError("no study"))), absl::NotFoundError("no study"));
}

TEST(Status, MarksAnUnavailableOfTheCoordinatorsOwn) {
  EXPECT_TRUE(error::HasReason(Back(ToGrpcStatus(absl::UnavailableError("disk full"))),
                               "COORDINATOR_UNAVAILABLE"));
}

TEST(Status, StaysBelowTheMetadataThatClientsTake) {
  std::vector<v1::FieldViolation> violations(500);
  for (v1::FieldViolation& violation : violations) {
    violation.set_field("parameters.learning_rate.min");
    for (int i = 0; i < 1000; ++i) violation.mutable_description()->append("\xC3\xA4");
  }
  const grpc::Status status = ToGrpcStatus(error::InvalidFields(violations));
  EXPECT_LT(status.error_details().size() * 4 / 3 + status.error_message().size() * 3, 8192u);
  const auto detail = error::Detail(Back(status));
  ASSERT_TRUE(detail.has_value());
  EXPECT_GE(detail->field_violations_size(), 1);
  EXPECT_EQ(detail->field_violations(0).field(), "parameters.learning_rate.min");
}

}  // namespace
}  // namespace caviar::server_api
