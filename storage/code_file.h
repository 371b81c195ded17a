// Where the code of a study that runs the user's own program lies.
#ifndef CAVIAR_STORAGE_CODE_FILE_H_
#define CAVIAR_STORAGE_CODE_FILE_H_

#include <string>

#include "caviar/v1/study.pb.h"

namespace caviar::storage {

inline constexpr char kCodeFolder[] = "artifacts/code";

// The archive's file, relative to the data directory; several studies may share it. `sha256` is 64
// hex digits.
std::string CodeFile(const std::string& sha256);

// The archive that the study was created with; nullptr: none.
const v1::CodeArchive* CodeOf(const v1::Study& study);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_CODE_FILE_H_
