#include "storage/code_file.h"

#include "absl/strings/str_cat.h"

namespace caviar::storage {

std::string CodeFile(const std::string& sha256) {
  return absl::StrCat(kCodeFolder, "/", sha256, ".tar.gz");
}

const v1::CodeArchive* CodeOf(const v1::Study& study) {
  const v1::Code& code = study.trainer().command().code();
  return code.has_archive() ? &code.archive() : nullptr;
}

}  // namespace caviar::storage
