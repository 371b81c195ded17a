// A study file to start from, drafted from the command line that somebody runs by hand.
#ifndef CAVIAR_CLIENT_STUDY_FILE_DRAFT_H_
#define CAVIAR_CLIENT_STUDY_FILE_DRAFT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace caviar::study_file {

// The text of a study file that runs `words` with values of its own: what looks tunable becomes a
// parameter with a guessed range and scale, and comments say what to check. INVALID_ARGUMENT: there
// is no program, or nothing to tune.
absl::StatusOr<std::string> DraftStudyFile(const std::vector<std::string>& words);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_DRAFT_H_
