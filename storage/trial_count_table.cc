#include "storage/trial_count_table.h"

#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/statement.h"
#include "storage/trial_state.h"

namespace caviar::storage {

absl::StatusOr<v1::TrialCounts> CountTrials(Connection& connection, int64_t study_id) {
  Query query(connection, "SELECT state, count FROM trial_count WHERE study_id = ?");
  query.Bind(study_id);
  v1::TrialCounts counts;
  while (query.Next()) {
    Count(counts, query.Word(0, &v1::Trial::State_Parse), query.Integer32(1));
  }
  if (!query.status().ok()) return query.status();
  return counts;
}

absl::Status CheckCounts(Connection& connection, const std::vector<TrialRow>& trials) {
  std::map<std::pair<int64_t, v1::Trial::State>, int64_t> missing;
  for (const TrialRow& row : trials) --missing[{row.study_id, row.state}];
  Query query(connection,
              "SELECT c.study_id, c.state, c.count FROM trial_count AS c "
              "JOIN study ON study.id = c.study_id WHERE study.deleted = 0");
  while (query.Next()) {
    missing[{query.Integer(0), query.Word(1, &v1::Trial::State_Parse)}] += query.Integer(2);
  }
  if (!query.status().ok()) return query.status();
  for (const auto& [of, count] : missing) {
    if (count == 0) continue;
    return absl::DataLossError(absl::StrCat(
        sqlite3_db_filename(connection.handle(), "main"), ": study ", of.first, " has ",
        std::abs(count), count > 0 ? " fewer" : " more", " trials that are ",
        v1::Trial::State_Name(of.second),
        " than are counted in table trial_count: the file is damaged, or was edited by hand; "
        "restore a backup"));
  }
  return absl::OkStatus();
}

}  // namespace caviar::storage
