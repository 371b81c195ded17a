#include "storage/definition_json.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"

namespace caviar::storage {

using google::protobuf::util::MessageDifferencer;

absl::StatusOr<v1::Study> DefinitionFromJson(const std::string& json) {
  v1::Study definition;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &definition);
  if (!status.ok()) {
    return absl::DataLossError(
        absl::StrCat("a study's definition cannot be read: ", status.message().ToString(),
                     "; the file is damaged, or was written by a newer Caviar: restore a backup"));
  }
  return definition;
}

// Read back and compared, as it is kept nowhere else.
absl::StatusOr<std::string> DefinitionToJson(const v1::Study& definition) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(definition, &json, options);
  absl::StatusOr<v1::Study> back = status.ok() ? DefinitionFromJson(json) : v1::Study();
  if (!status.ok() || !back.ok() || !MessageDifferencer::Equals(*back, definition)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "study '", definition.name(), "': its definition does not survive JSON: ",
        status.ok() ? std::string(back.status().message()) : status.message().ToString()));
  }
  return json;
}

}  // namespace caviar::storage
