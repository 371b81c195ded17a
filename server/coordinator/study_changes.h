// What differs between two definitions of a study, and what of it may. Internal to this room.
#ifndef CAVIAR_SERVER_COORDINATOR_STUDY_CHANGES_H_
#define CAVIAR_SERVER_COORDINATOR_STUDY_CHANGES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/study_service.pb.h"

namespace caviar::coordinator {

// The definition that a study with the definition `now` is to have, as a caller asks for it: what
// is no part of a definition stays, and so do the name, and a seed that is left out.
v1::Study TakeOver(const v1::Study& now, const v1::Study& asked);

// Field by field, in the order of a study's fields, as far as TakeOver takes them over. Paths are
// those of a study file.
std::vector<v1::FieldChange> CompareDefinitions(const v1::Study& before, const v1::Study& after);

// Whether trials that were made under the one mean the same under the other.
bool MayChange(absl::string_view field);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_STUDY_CHANGES_H_
