// A study file that a command is given: read, complained about with file and line, made a study.
#ifndef CAVIAR_CLIENT_COMMANDS_STUDY_DEFINITION_H_
#define CAVIAR_CLIENT_COMMANDS_STUDY_DEFINITION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/api/client.h"
#include "client/commands/session.h"
#include "client/study_file/study_file.h"

namespace caviar::commands {

// Reads and parses the file of that name; "-" is standard input. INVALID_ARGUMENT: it cannot be
// read, or is no study file.
absl::StatusOr<study_file::StudyFile> ReadStudyFile(const std::string& name, Session& session);

// Complains about what the coordinator says of the study in `file`, each field with its line, and
// returns the exit code.
int FailStudyFile(const study_file::StudyFile& file, const absl::Status& status, Session& session);

// The code that `next` takes along becomes what the study took along when it was created: a folder
// is sent once.
void KeepCode(const v1::Study& now, v1::Study& next);

// Complains where the code that `next` takes along, which is packed, is not, or no more, what the
// study `now` was created with.
void WarnOfOtherCode(const v1::Study& now, const v1::Study& next, Session& session);

// Packs the folder that the study takes along, if it does, and asks the coordinator to check the
// study. Errors are for FailStudyFile.
absl::StatusOr<v1::Study> ValidateStudy(study_file::StudyFile& file, client::Client& client);

// Creates it, after it has sent that folder.
absl::StatusOr<v1::Study> CreateStudy(study_file::StudyFile& file, client::Client& client);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_STUDY_DEFINITION_H_
