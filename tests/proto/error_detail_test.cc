#include "caviar/v1/error_detail.h"

#include <gtest/gtest.h>

namespace caviar::error {
namespace {

TEST(ErrorDetail, ViolationsAreInTheMessageAndTheDetail) {
  v1::FieldViolation first, second;
  first.set_field("limits.parallel");
  first.set_description("0 is out of range");
  second.set_field("study");
  const absl::Status status = InvalidFields({first, second});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "limits.parallel: 0 is out of range (and 1 more)");
  ASSERT_TRUE(Detail(status).has_value());
  EXPECT_EQ(Detail(status)->field_violations_size(), 2);
  EXPECT_TRUE(HasReason(status, kInvalidField));
}

TEST(ErrorDetail, KeepsAsManyViolationsAsAnAnswerCanCarry) {
  v1::FieldViolation violation;
  violation.set_field("parameters.x");
  violation.set_description(std::string(200, 'x'));
  const absl::Status status = InvalidFields(std::vector<v1::FieldViolation>(500, violation));
  EXPECT_GT(Detail(status)->field_violations_size(), 10);
  EXPECT_LT(SerializeDetail(status).size(), 5500u);
  EXPECT_NE(status.message().find("(and 499 more)"), absl::string_view::npos);
}

TEST(ErrorDetail, NoViolationIsOk) { EXPECT_TRUE(InvalidFields({}).ok()); }

TEST(ErrorDetail, CrossesTheWireUnchanged) {
  const absl::Status sent = WithReason(absl::AbortedError("gone"), kLeaseLost);
  const absl::Status received = ParseDetail(absl::AbortedError("gone"), SerializeDetail(sent));
  EXPECT_EQ(received, sent);
  EXPECT_TRUE(HasReason(received, kLeaseLost));
}

TEST(ErrorDetail, BytesThatAreNoDetailChangeNothing) {
  EXPECT_FALSE(Detail(ParseDetail(absl::AbortedError("gone"), "\xff\x01garbage")).has_value());
  EXPECT_EQ(SerializeDetail(absl::AbortedError("plain")), "");
  EXPECT_FALSE(HasReason(absl::AbortedError("plain"), kLeaseLost));
}

}  // namespace
}  // namespace caviar::error
