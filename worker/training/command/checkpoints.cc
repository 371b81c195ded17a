#include "worker/training/command/checkpoints.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/archive/archive.h"
#include "worker/training/command/checkpoint_format.h"

namespace caviar::command {
namespace {

namespace fs = std::filesystem;

using Place = CheckpointHeader::Place;

constexpr int64_t kDefaultMaxSize = int64_t{1} << 30;
// More than the contents of a checkpoint of 1 GiB come to.
constexpr int64_t kMaxUnpackedBytes = int64_t{16} << 30;

bool HasSharedStore(const v1::Checkpoints& settings) {
  return !settings.store().empty() && settings.store() != "coordinator";
}

absl::Status TooLarge(const absl::Status& status, int64_t step, int64_t max_size) {
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(absl::StrCat("the checkpoint ", StepName(step),
                                                   " is larger than checkpoints.max_size, ",
                                                   max_size, " bytes: ", status.message()));
}

}  // namespace

bool KeepsBest(const v1::Study& study) {
  const auto& kept = study.checkpoints().keep_per_trial();
  return HasSharedStore(study.checkpoints()) &&
         std::find(kept.begin(), kept.end(), v1::Checkpoints::BEST) != kept.end();
}

CheckpointKeeper::CheckpointKeeper(const training::AttemptWork& work, const Curve& curve)
    : settings_(work.study.checkpoints()),
      curve_(curve),
      max_size_(settings_.has_max_size() ? settings_.max_size().bytes() : kDefaultMaxSize) {
  if (HasSharedStore(settings_)) {
    store_.emplace(settings_.store(), work.study.name(), work.trial.number(), work.attempt);
  }
}

absl::StatusOr<std::string> CheckpointKeeper::Keep(const std::string& path, int64_t step) {
  if (store_) return KeepInStore(path, step);
  std::error_code error;
  CheckpointHeader header;
  header.step = step;
  header.place = fs::is_directory(path, error) ? Place::kFolder : Place::kFile;
  std::string bytes = WriteCheckpointHeader(header);
  const int64_t room = std::max<int64_t>(max_size_ - static_cast<int64_t>(bytes.size()), 1);
  const auto packed = archive::Pack(path, {.max_bytes = room});
  if (!packed.ok()) return TooLarge(packed.status(), step, max_size_);
  bytes.append(*packed);
  return bytes;
}

absl::StatusOr<std::string> CheckpointKeeper::KeepInStore(const std::string& path, int64_t step) {
  const auto sum = archive::Fingerprint(path, {.max_bytes = max_size_});
  if (!sum.ok()) return TooLarge(sum.status(), step, max_size_);
  auto stored = store_->Put(path, step);
  if (!stored.ok()) return stored.status();
  put_.insert(step);
  CheckpointHeader header;
  header.place = Place::kStored;
  header.step = step;
  header.path = std::move(stored->path);
  header.sha256 = std::move(stored->sha256);
  return WriteCheckpointHeader(header);
}

void CheckpointKeeper::RemoveOthers(const std::set<int64_t>& in_use) {
  if (put_.empty()) return;
  std::set<int64_t> kept = in_use;
  kept.insert(*put_.rbegin());
  // Two best ones: where a later one does not get through, that of those before it still counts.
  const auto unsent = in_use.empty() ? put_.end() : put_.upper_bound(*in_use.begin());
  for (const auto& steps : {put_, std::set<int64_t>(put_.begin(), unsent)}) {
    if (const std::optional<int64_t> best = curve_.BestOf(steps)) kept.insert(*best);
  }
  std::erase_if(put_, [&](int64_t step) {
    if (kept.contains(step)) return false;
    store_->Remove(step);
    return true;
  });
}

absl::StatusOr<RestoredCheckpoint> RestoreCheckpoint(const std::string& bytes,
                                                     const v1::Study& study,
                                                     const std::string& folder) {
  const auto parsed = ParseCheckpoint(bytes);
  if (!parsed.ok()) return parsed.status();
  const CheckpointHeader& header = parsed->header;
  RestoredCheckpoint restored = {absl::StrCat(folder, "/", StepName(header.step)), header.step};
  absl::Status status;
  if (header.place == Place::kStored) {
    status = FetchStored(study.checkpoints().store(), {header.path, header.sha256}, restored.path);
  } else {
    std::error_code error;
    if (header.place == Place::kFolder) fs::create_directory(restored.path, error);
    status =
        archive::Unpack(parsed->archive, header.place == Place::kFolder ? restored.path : folder,
                        kMaxUnpackedBytes);
  }
  if (!status.ok()) return status;
  if (std::error_code error; !fs::exists(restored.path, error)) {
    return absl::InvalidArgumentError("the checkpoint is empty");
  }
  return restored;
}

}  // namespace caviar::command
