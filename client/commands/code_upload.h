// The folder that a study takes along: packed, and sent before the study is created.
#ifndef CAVIAR_CLIENT_COMMANDS_CODE_UPLOAD_H_
#define CAVIAR_CLIENT_COMMANDS_CODE_UPLOAD_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/api/client.h"
#include "client/study_file/study_file.h"

namespace caviar::commands {

// The coordinator takes no larger archive.
inline constexpr int64_t kMaxCodeBytes = int64_t{50} << 20;

// Of a study with code.upload: packs that folder, relative to the study file (of standard input: to
// the current folder), without what its .caviarignore names, says in the study what the archive is,
// and returns it. "" where the study takes no folder along. INVALID_ARGUMENT, with the file's line:
// there is no such folder, or it is too large.
absl::StatusOr<std::string> PackCode(study_file::StudyFile& file);

// Sends what the coordinator does not have yet.
absl::Status UploadCode(const v1::CodeArchive& description, absl::string_view archive,
                        client::Client& client);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_CODE_UPLOAD_H_
