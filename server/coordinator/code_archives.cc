#include "server/coordinator/code_archives.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/sha256.h"
#include "server/coordinator/limits.h"
#include "storage/code_file.h"

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kKeptUnnamed = absl::Hours(24);

}  // namespace

bool CodeArchives::IsThere(const v1::CodeArchive& archive) {
  const std::string file = storage::CodeFile(archive.sha256());
  if (!artifacts_.Touch(file).ok()) return false;
  const auto bytes = artifacts_.Read(file, 0, archive.size() + 1);
  return bytes.ok() && static_cast<int64_t>(bytes->size()) == archive.size() &&
         storage::Crc32(*bytes) == archive.crc32() &&
         vocabulary::Sha256(*bytes) == archive.sha256();
}

absl::StatusOr<v1::UploadCodeResponse> CodeArchives::Take(const v1::UploadCodeRequest& request) {
  const v1::CodeArchive& archive = request.archive();
  if (archive.size() > max_bytes_) {
    return error::InvalidField("archive.size", absl::StrCat("is ", archive.size(), " bytes, and ",
                                                            AtMost(max_bytes_, "--max-code-size")));
  }
  const std::string file = storage::CodeFile(archive.sha256());
  v1::UploadCodeResponse response;
  // Asked at the start only: it reads all of it.
  if (request.offset() == 0 && IsThere(archive)) {
    response.set_received(archive.size());
    return response;
  }
  if (request.data().empty()) return response;
  const auto written = artifacts_.Write(file, request.offset(), request.data());
  if (!written.ok()) return written.status();
  response.set_received(*written);
  if (*written < archive.size()) return response;
  const absl::Status committed = artifacts_.Commit(file, archive.size(), archive.crc32());
  if (!committed.ok()) return committed;
  if (IsThere(archive)) return response;
  artifacts_.Remove(file).IgnoreError();
  return absl::DataLossError(absl::StrCat("what was received does not have the SHA-256 ",
                                          archive.sha256(), "; send it again from its start"));
}

absl::Status CodeArchives::Check(const v1::Study& study) {
  const v1::CodeArchive* archive = storage::CodeOf(study);
  if (archive == nullptr || IsThere(*archive)) return absl::OkStatus();
  return error::WithReason(absl::FailedPreconditionError(
                               absl::StrCat("trainer.command.code.archive: there is no archive ",
                                            archive->sha256(), "; send it by UploadCode first")),
                           error::kCodeMissing);
}

absl::StatusOr<v1::DownloadCodeResponse> CodeArchives::Read(
    const v1::DownloadCodeRequest& request) const {
  auto data = artifacts_.Read(storage::CodeFile(request.sha256()), request.offset(), kLargestChunk);
  if (absl::IsNotFound(data.status())) {
    return absl::NotFoundError(absl::StrCat("there is no code archive ", request.sha256()));
  }
  if (!data.ok()) return data.status();
  v1::DownloadCodeResponse response;
  response.set_data_crc32(storage::Crc32(*data));
  response.set_data(*std::move(data));
  return response;
}

void CodeArchives::RemoveOthers(const std::set<std::string>& named) {
  artifacts_.RemoveOld(storage::kCodeFolder, named, kKeptUnnamed).IgnoreError();
}

}  // namespace caviar::coordinator
