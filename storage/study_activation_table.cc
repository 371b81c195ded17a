#include "storage/study_activation_table.h"

#include <algorithm>
#include <string>

#include "storage/statement.h"
#include "storage/store_table.h"
#include "storage/study_table.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const StudyActivationRow& row) {
  Query query(context.connection,
              "INSERT INTO study_activation (study_id, final_trials, commit_number, checksum) "
              "VALUES (?,?,?,?) ON CONFLICT (study_id) DO UPDATE SET "
              "final_trials = excluded.final_trials, commit_number = excluded.commit_number, "
              "checksum = excluded.checksum");
  return query.Bind(row.study_id, row.final_trials, context.commit).BindChecksum().Run();
}

absl::StatusOr<std::vector<StudyActivationRow>> ReadAllStudyActivations(Connection& connection) {
  Query query(connection,
              "SELECT * FROM study_activation WHERE study_id IN "
              "(SELECT id FROM study WHERE deleted = 0) ORDER BY study_id");
  std::vector<StudyActivationRow> rows;
  while (query.NextOf(kStudyActivationTable)) rows.push_back({query.Integer(0), query.Integer(1)});
  if (!query.status().ok()) return query.status();
  return rows;
}

namespace {

// The newest of all times that are stored of a study: later it may have been ACTIVE without a
// coordinator, which does not count.
absl::StatusOr<int64_t> NewestMoment(Connection& connection, int64_t study_id) {
  Query query(connection,
              "SELECT ifnull(max(moment), 0) FROM ("
              "SELECT max(ifnull(create_time, 0), ifnull(start_time, 0), ifnull(end_time, 0)) "
              "AS moment FROM trial WHERE study_id = ?1 UNION ALL "
              "SELECT max(ifnull(attempt.start_time, 0), ifnull(attempt.end_time, 0)) "
              "FROM attempt JOIN trial ON trial.id = trial_id WHERE study_id = ?1 UNION ALL "
              "SELECT measurement.time FROM measurement JOIN trial ON trial.id = trial_id "
              "WHERE study_id = ?1 AND state = 'RUNNING')");
  if (!query.Bind(study_id).Next()) return query.status();
  return query.Integer(0);
}

}  // namespace

absl::Status WriteFirstActivations(Connection& connection) {
  const absl::StatusOr<StoreRow> store = ReadStore(connection);
  if (!store.ok()) return store.status();
  absl::flat_hash_map<std::string, int64_t> no_metrics;
  const WriteContext context{connection, store->commit, no_metrics};
  absl::StatusOr<std::vector<StudyRow>> studies = ReadAllStudies(connection);
  if (!studies.ok()) return studies.status();
  for (StudyRow& study : *studies) {
    Query final_trials(connection,
                       "SELECT count(*) FROM trial WHERE study_id = ? AND final_order > 0");
    if (!final_trials.Bind(study.id).Next()) return final_trials.status();
    absl::Status status = WriteRow(context, StudyActivationRow{study.id, final_trials.Integer(0)});
    if (status.ok() && study.state == v1::Study::ACTIVE) {
      const absl::StatusOr<int64_t> newest = NewestMoment(connection, study.id);
      if (!newest.ok()) return newest.status();
      const int64_t until = std::max(*newest, study.active_since);
      study.active_time += until - study.active_since;
      study.active_since = until;
      status = WriteRow(context, study);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace caviar::storage
