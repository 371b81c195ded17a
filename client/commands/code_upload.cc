#include "client/commands/code_upload.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "caviar/v1/sha256.h"
#include "client/api/crc32.h"
#include "client/archive/archive.h"
#include "client/commands/git_state.h"

namespace caviar::commands {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr char kField[] = "trainer.command.code.upload";

absl::Status Wrong(const study_file::StudyFile& file, absl::string_view what) {
  v1::FieldViolation violation;
  violation.set_field(kField);
  violation.set_description(std::string(what));
  return absl::InvalidArgumentError(study_file::DescribeViolation(file, violation));
}

std::filesystem::path FolderOf(const study_file::StudyFile& file) {
  const std::filesystem::path upload = file.study.trainer().command().code().upload();
  if (file.file_name == "-") return upload;
  return std::filesystem::path(file.file_name).parent_path() / upload;
}

}  // namespace

absl::StatusOr<std::string> PackCode(study_file::StudyFile& file) {
  if (file.study.trainer().command().code().upload().empty()) return "";
  const std::filesystem::path folder = FolderOf(file);
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return Wrong(file, absl::StrCat("there is no folder ", folder.string()));
  }
  archive::PackOptions options;
  options.max_bytes = kMaxCodeBytes;
  options.ignore_file = ".caviarignore";
  options.ignore = "/caviar-data/";  // where `caviar run` keeps results
  auto packed = archive::Pack(folder.string(), options);
  if (absl::IsResourceExhausted(packed.status())) {
    return Wrong(
        file, absl::StrCat(packed.status().message(), "; name what the program does not need in ",
                           (folder / options.ignore_file).lexically_normal().string(),
                           ", one pattern a line as in .gitignore"));
  }
  if (!packed.ok()) return Wrong(file, packed.status().message());
  v1::CodeArchive& description =
      *file.study.mutable_trainer()->mutable_command()->mutable_code()->mutable_archive();
  description.set_sha256(vocabulary::Sha256(*packed));
  description.set_size(static_cast<int64_t>(packed->size()));
  description.set_crc32(client::Crc32(*packed));
  if (const auto git = FindGitState(folder.string())) {
    description.set_git_commit(git->commit);
    description.set_git_dirty(git->dirty);
  }
  return packed;
}

absl::Status UploadCode(const v1::CodeArchive& description, absl::string_view archive,
                        client::Client& client) {
  v1::UploadCodeRequest request;
  *request.mutable_archive() = description;
  // Without data it asks how much is there: all of it, where another study had the same code.
  auto answer = client.UploadCode(request);
  int64_t received = -1;
  while (answer.ok() && answer->received() < static_cast<int64_t>(archive.size())) {
    if (answer->received() <= received) {
      return absl::InternalError(absl::StrCat("the coordinator takes no more than ", received,
                                              " of the ", archive.size(),
                                              " bytes of the code; is its disk full?"));
    }
    received = answer->received();
    request.set_offset(received);
    request.set_data(std::string(archive.substr(static_cast<size_t>(received), kChunkBytes)));
    answer = client.UploadCode(request);
  }
  return answer.status();
}

}  // namespace caviar::commands
