// A study's definition as the text that its rows hold.
#ifndef CAVIAR_STORAGE_DEFINITION_JSON_H_
#define CAVIAR_STORAGE_DEFINITION_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"

namespace caviar::storage {

// As a person can read it. INVALID_ARGUMENT: it would not read back to the same.
absl::StatusOr<std::string> DefinitionToJson(const v1::Study& definition);

// DATA_LOSS: it cannot be read.
absl::StatusOr<v1::Study> DefinitionFromJson(const std::string& json);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_DEFINITION_JSON_H_
