// Who is told that a study ended: at least once an end, whatever happens in between.
#include <google/protobuf/stubs/logging.h>

#include <string>

#include "caviar/v1/study_end.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/coordinator/core.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/repeats.h"

namespace caviar::coordinator {
namespace {

google::protobuf::Value ToPlain(const v1::Value& value) {
  google::protobuf::Value plain;
  switch (value.kind_case()) {
    case v1::Value::kDoubleValue:
      plain.set_number_value(value.double_value());
      break;
    case v1::Value::kIntValue:
      plain.set_number_value(static_cast<double>(value.int_value()));
      break;
    case v1::Value::kBoolValue:
      plain.set_bool_value(value.bool_value());
      break;
    case v1::Value::kStringValue:
      plain.set_string_value(value.string_value());
      break;
    case v1::Value::KIND_NOT_SET:
      plain.set_null_value(google::protobuf::NULL_VALUE);
  }
  return plain;
}

void FillBest(const StudyState& study, v1::StudyEnd& end) {
  if (!study.best) return;
  v1::StudyEnd::BestTrial& best = *end.mutable_best_trial();
  best.set_number(*study.best);
  if (const auto objective = ObjectiveOf(study, *study.best)) best.set_objective(*objective);
  const auto& parameters = study.trials[static_cast<size_t>(*study.best)].row.parameters;
  for (const auto& [name, value] : parameters) {
    (*best.mutable_parameters()->mutable_fields())[name] = ToPlain(value);
  }
}

std::string ToJson(const v1::StudyEnd& end) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(end, &json, options);
  GOOGLE_CHECK(status.ok()) << status.ToString();
  return json;
}

}  // namespace

void Core::TellEnd(const StudyState& study) {
  const v1::Study message = Message(study);
  v1::StudyEnd end;
  end.set_study(message.name());
  end.set_state(message.state());
  end.set_reason(message.end_reason());
  end.set_message(message.message());
  end.set_revision(message.revision());
  FillBest(study, end);
  *end.mutable_trial_counts() = message.trial_counts();
  *end.mutable_create_time() = message.create_time();
  *end.mutable_end_time() = message.end_time();
  end.set_active_seconds(absl::ToDoubleSeconds(FromMessage(message.active_duration())));
  storage::StudyEndRow row{study.row.id, study.row.revision, ToJson(end), WallMicros()};
  batch_.push_back(row);
  state_.ends[{row.study_id, row.revision}] = row;
  after_commit_.push_back([this, row] {
    if (deps_.on_study_end) deps_.on_study_end(row);
  });
}

void Core::ForgetStudyEnd(int64_t study_id, int32_t revision) {
  if (state_.ends.erase({study_id, revision}) == 0) return;
  batch_.push_back(storage::EraseStudyEnd{study_id, revision});
}

}  // namespace caviar::coordinator
