// Study files to start from.
#ifndef CAVIAR_CLIENT_STUDY_FILE_PRESETS_H_
#define CAVIAR_CLIENT_STUDY_FILE_PRESETS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::study_file {

std::vector<std::string> PresetNames();

// The text of a study file. NOT_FOUND names the presets there are.
absl::StatusOr<std::string> Preset(absl::string_view name);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_PRESETS_H_
