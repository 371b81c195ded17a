// The rows of a MemoryStore, and the transaction that changes them.
#ifndef CAVIAR_STORAGE_MEMORY_TABLES_H_
#define CAVIAR_STORAGE_MEMORY_TABLES_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "storage/store.h"

namespace caviar::storage {

// In a key: before all steps and numbers.
inline constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();

struct MemoryTables {
  struct Trial {
    TrialRow row;
    int64_t commit = 0;  // that wrote the row
  };

  int64_t commit = 0;
  CountersRow counters;
  std::map<int64_t, StudyRow> studies;                         // id
  std::map<std::string, int64_t> study_names;                  // of those not deleted
  std::map<int64_t, Trial> trials;                             // id
  std::map<std::pair<int64_t, int32_t>, int64_t> trial_ids;    // (study, number)
  std::map<std::pair<int64_t, int32_t>, AttemptRow> attempts;  // (trial, number)
  std::map<std::pair<int64_t, int64_t>, std::pair<int64_t, int32_t>> tokens;  // of the attempts
  // (trial, attempt, metric, step)
  std::map<std::tuple<int64_t, int32_t, std::string, int64_t>, MeasurementRow> measurements;
  // (trial, token counter, metric, step)
  std::map<std::tuple<int64_t, int64_t, std::string, int64_t>, LateMeasurementRow>
      late_measurements;
  // (trial, attempt, kind, step)
  std::map<std::tuple<int64_t, int32_t, int, int64_t>, ArtifactRow> artifacts;
  // (trial, step, decision)
  std::map<std::tuple<int64_t, int64_t, int>, PrunerDecisionRow> pruner_decisions;
  std::map<int64_t, EvaluationRow> evaluations;                    // study
  std::map<std::string, WorkerRow> workers;                        // id
  std::map<std::pair<std::string, int64_t>, RequestRow> requests;  // (client, sequence)
  std::map<std::string, int64_t> forgotten_requests;               // client; the largest sequence
  // (study, source, number)
  std::map<std::tuple<int64_t, int32_t, int32_t>, WarmStartTrialRow> warm_start_trials;

  std::map<std::pair<int64_t, int32_t>, StudyRevisionRow> study_revisions;  // (study, revision)
  std::map<int64_t, StudyActivationRow> study_activations;                  // study
  std::map<std::pair<int64_t, int32_t>, StudyEndRow> study_ends;            // (study, revision)

  // By number.
  std::vector<AttemptRow> AttemptsOf(int64_t trial_id) const;
};

// Changes tables in place, and takes everything back when it goes away uncommitted. Rows are
// checked as the SQL schema checks them; INVALID_ARGUMENT says what is wrong.
class MemoryTransaction {
 public:
  MemoryTransaction(MemoryTables& tables, int64_t commit) : tables_(tables), commit_(commit) {}
  ~MemoryTransaction();
  MemoryTransaction(const MemoryTransaction&) = delete;
  MemoryTransaction& operator=(const MemoryTransaction&) = delete;

  absl::Status Write(const StudyRow& row);
  absl::Status Write(const TrialRow& row);
  absl::Status Write(const AttemptRow& row);
  absl::Status Write(const MeasurementRow& row);
  absl::Status Write(const LateMeasurementRow& row);
  absl::Status Write(const ArtifactRow& row);
  absl::Status Write(const EraseArtifact& key);
  absl::Status Write(const PrunerDecisionRow& row);
  absl::Status Write(const EvaluationRow& row);
  absl::Status Write(const WorkerRow& row);
  absl::Status Write(const EraseWorker& key);
  absl::Status Write(const RequestRow& row);
  absl::Status Write(const ForgetRequests& forget);
  absl::Status Write(const CountersRow& row);
  absl::Status Write(const WarmStartTrialRow& row);
  absl::Status Write(const EraseStudyChunk& chunk);
  absl::Status Write(const StudyRevisionRow& row);
  absl::Status Write(const StudyActivationRow& row);
  absl::Status Write(const StudyEndRow& row);
  absl::Status Write(const EraseStudyEnd& key);
  // The row that is written next is the next one of its batch.
  void Step() { ++position_; }
  void Commit();

 private:
  template <typename Map>
  void Put(Map& map, const typename Map::key_type& key, typename Map::mapped_type value) {
    auto [it, inserted] = map.try_emplace(key, value);
    if (inserted) {
      undo_.push_back([&map, key] { map.erase(key); });
    } else {
      std::swap(it->second, value);
      undo_.push_back([&map, key, before = std::move(value)] { map[key] = before; });
    }
  }
  template <typename Map>
  typename Map::iterator Erase(Map& map, typename Map::iterator it) {
    undo_.push_back([&map, node = *it] { map.insert(node); });
    return map.erase(it);
  }
  // Erases the rows whose keys begin with this trial's or study's id, while `budget` lasts.
  template <typename Map>
  void EraseOf(Map& map, typename Map::iterator begin, int64_t id, int* budget) {
    while (*budget > 0 && begin != map.end() && std::get<0>(begin->first) == id) {
      begin = Erase(map, begin);
      --*budget;
    }
  }

  MemoryTables& tables_;
  const int64_t commit_;
  int32_t position_ = 0;
  std::vector<std::function<void()>> undo_;
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_MEMORY_TABLES_H_
