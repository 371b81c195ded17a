// The JSON Schema of the study file, for editors.
#ifndef CAVIAR_CLIENT_STUDY_FILE_JSON_SCHEMA_H_
#define CAVIAR_CLIENT_STUDY_FILE_JSON_SCHEMA_H_

#include "nlohmann/json.hpp"

namespace caviar::study_file {

// Draft 2020-12, made from the tables that the reader uses: it knows each key that the reader
// knows, and no other.
nlohmann::ordered_json StudyFileSchema();

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_JSON_SCHEMA_H_
