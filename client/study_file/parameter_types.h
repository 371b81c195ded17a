// The types that a study file may leave out.
#ifndef CAVIAR_CLIENT_STUDY_FILE_PARAMETER_TYPES_H_
#define CAVIAR_CLIENT_STUDY_FILE_PARAMETER_TYPES_H_

#include <set>
#include <string>

#include "caviar/v1/study.pb.h"

namespace caviar::study_file {

// Sets the type of each parameter that has none: [true, false] gives BOOL, other values
// CATEGORICAL, or ORDINAL beside a scale; bounds and step that are all written whole give INT,
// except on scales that only doubles have and for settings that the built-in trainer knows as
// doubles; other bounds DOUBLE. Nothing to tell by: left unspecified.
//
// Then writes values in one type: whole numbers among doubles, and conditions on a double, become
// doubles.
//
// `written_whole`: paths of the file's numbers that have neither point nor exponent.
void CompleteParameterTypes(const std::set<std::string>& written_whole, v1::Study& study);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_PARAMETER_TYPES_H_
