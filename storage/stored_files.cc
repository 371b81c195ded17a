#include "storage/stored_files.h"

#include <set>

#include "storage/artifact_table.h"
#include "storage/code_file.h"
#include "storage/study_table.h"

namespace caviar::storage {

absl::StatusOr<std::vector<StoredFile>> ReadStoredFiles(Connection& connection) {
  const absl::StatusOr<std::vector<ArtifactRow>> artifacts = ReadAllArtifacts(connection);
  if (!artifacts.ok()) return artifacts.status();
  std::vector<StoredFile> files;
  for (const ArtifactRow& row : *artifacts) files.push_back({row.file, row.size, row.crc32});
  const absl::StatusOr<std::vector<StudyRow>> studies = ReadAllStudies(connection);
  if (!studies.ok()) return studies.status();
  std::set<std::string> codes;
  for (const StudyRow& study : *studies) {
    const v1::CodeArchive* code = study.deleted ? nullptr : CodeOf(study.definition);
    if (code == nullptr || !codes.insert(code->sha256()).second) continue;
    files.push_back({CodeFile(code->sha256()), code->size(), code->crc32()});
  }
  return files;
}

}  // namespace caviar::storage
