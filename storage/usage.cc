#include "storage/usage.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/match.h"
#include "storage/statement.h"

namespace caviar::storage {
namespace {

absl::Status CountMeasurements(Connection& connection, std::map<int64_t, StudyUsage>& all) {
  Query query(connection,
              "SELECT t.study_id, count(*) FROM trial AS t "
              "JOIN measurement AS m ON m.trial_id = t.id GROUP BY t.study_id");
  while (query.Next()) {
    const auto study = all.find(query.Integer(0));
    if (study != all.end()) study->second.measurements = query.Integer(1);
  }
  return query.status();
}

absl::Status CountArtifacts(Connection& connection, std::map<int64_t, StudyUsage>& all) {
  Query query(connection,
              "SELECT t.study_id, a.kind, count(*), sum(a.size) FROM trial AS t "
              "JOIN artifact AS a ON a.trial_id = t.id GROUP BY t.study_id, a.kind");
  while (query.Next()) {
    const auto study = all.find(query.Integer(0));
    if (study == all.end()) continue;
    study->second.files[query.Word(1, &v1::Artifact::Kind_Parse)] = {query.Integer(2),
                                                                     query.Integer(3)};
  }
  return query.status();
}

}  // namespace

absl::StatusOr<std::vector<StudyUsage>> ReadUsage(Connection& connection) {
  std::map<int64_t, StudyUsage> all;
  Query query(connection,
              "SELECT study.id, study.name, coalesce(sum(c.count), 0), "
              "coalesce(sum(iif(c.state = 'RUNNING', c.count, 0)), 0) FROM study "
              "LEFT JOIN trial_count AS c ON c.study_id = study.id "
              "WHERE study.deleted = 0 GROUP BY study.id");
  while (query.Next()) {
    StudyUsage& usage = all[query.Integer(0)];
    usage.study_id = query.Integer(0);
    usage.name = query.Text(1);
    usage.trials = query.Integer32(2);
    usage.running = query.Integer32(3);
  }
  absl::Status status = query.status();
  if (status.ok()) status = CountMeasurements(connection, all);
  if (status.ok()) status = CountArtifacts(connection, all);
  if (!status.ok()) return status;
  std::vector<StudyUsage> usages;
  for (auto& [id, usage] : all) usages.push_back(std::move(usage));
  return usages;
}

FileUsage WeighFiles(const std::string& folder, const std::string& ending) {
  namespace fs = std::filesystem;
  FileUsage usage;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (!entry->is_regular_file(gone) || entry->is_symlink(gone)) continue;
    if (!absl::EndsWith(entry->path().filename().string(), ending)) continue;
    const auto size = entry->file_size(gone);
    if (gone) continue;
    ++usage.files;
    usage.bytes += static_cast<int64_t>(size);
  }
  return usage;
}

int64_t FileSize(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<int64_t>(size);
}

int64_t FreeDisk(const std::string& folder) {
  struct statvfs disk = {};
  if (statvfs(folder.c_str(), &disk) != 0) return 0;
  return static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
}

}  // namespace caviar::storage
