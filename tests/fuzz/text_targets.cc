// Text that people write.
#include <google/protobuf/util/message_differencer.h>

#include "caviar/v1/linear_constraint_text.h"
#include "client/study_file/study_file.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/targets.h"

namespace caviar::fuzz {

void StudyFile(absl::string_view bytes) {
  const auto file = study_file::ParseStudyFile(bytes, "f");
  if (!file.ok()) return DemandRefusal(file.status());
  const std::string written = study_file::WriteStudyFile(file->study);
  const auto again = study_file::ParseStudyFile(written, "g");
  Demand(again.ok(), "what was written is read:\n" + written + again.status().ToString());
  Demand(google::protobuf::util::MessageDifferencer::Equals(again->study, file->study),
         "what was written is the same study:\n" + written);
  v1::FieldViolation violation;
  violation.set_field("parameters.x.values[1]");
  study_file::DescribeViolation(*file, violation);
}

void Constraint(absl::string_view bytes) {
  const auto constraint = vocabulary::ParseLinearConstraint(bytes);
  if (!constraint.ok()) return DemandRefusal(constraint.status());
  const std::string text = vocabulary::FormatLinearConstraint(*constraint);
  const auto again = vocabulary::ParseLinearConstraint(text);
  Demand(again.ok(), "\"" + text + "\" is read: " + again.status().ToString());
  Demand(vocabulary::FormatLinearConstraint(*again) == text, "\"" + text + "\" stays what it is");
}

}  // namespace caviar::fuzz
