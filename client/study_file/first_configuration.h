// A configuration to begin with.
#ifndef CAVIAR_CLIENT_STUDY_FILE_FIRST_CONFIGURATION_H_
#define CAVIAR_CLIENT_STUDY_FILE_FIRST_CONFIGURATION_H_

#include <map>
#include <string>

#include "caviar/v1/study.pb.h"

namespace caviar::study_file {

using Configuration = std::map<std::string, v1::Value>;

// As the first trial of a study with defaults has it: of each active parameter the value in
// `given`, else its fixed one, else its default, else the middle of its axis, else the first of its
// values. Of an unfinished definition as much as there is.
Configuration FirstConfiguration(const v1::Study& study, const Configuration& given);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_FIRST_CONFIGURATION_H_
