// What the coordinator knew of a study at an earlier time, by stored rows alone.
#ifndef CAVIAR_SERVER_COORDINATOR_STUDY_REPLAY_H_
#define CAVIAR_SERVER_COORDINATOR_STUDY_REPLAY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/coordinator/state.h"
#include "storage/store.h"

namespace caviar::coordinator {

// A trial with all that its study's pruner was shown and said. Without a pruner the last two are
// empty.
struct StoredTrial {
  storage::TrialRow row;
  std::vector<storage::AttemptRow> attempts;          // by number
  std::vector<storage::MeasurementRow> measurements;  // of the first objective, of all attempts
  std::vector<storage::PrunerDecisionRow> decisions;
};

// Goes through a study's life from its beginning, commit by commit: what was measured, what became
// final, what its pruner said. The state is kept as far as suggestions read it, with the rows as
// they are now: of a trial that is not final yet, only configuration and place are to be read.
class StudyReplay {
 public:
  // What came of a stored decision of the pruner, computed again; "" stands for one that is not
  // there on that side.
  using OnDecision =
      std::function<void(int32_t number, const std::string& stored, const std::string& computed)>;

  // `study` as MakeStudyState makes it of its first revision, its warm start filled in;
  // `revisions`: all, by revision.
  StudyReplay(StudyState study, std::vector<storage::StudyRevisionRow> revisions,
              OnDecision on_decision);

  const StudyState& study() const { return study_; }
  // Whether it has a pruner in any revision: only then StoredTrial is read beyond its row.
  bool HasPruner() const { return has_pruner_; }
  // Suggestions are read as of this revision from now on. INVALID_ARGUMENT: its sampler is not
  // known.
  absl::Status UseRevision(int32_t revision);

  // By number, each as soon as the replay is where it was created, or before. DATA_LOSS: its
  // configuration is none of the study's space.
  absl::Status Add(StoredTrial trial);
  // To the end of this commit, which no trial that is added later has changed.
  void AdvanceTo(int64_t commit);

 private:
  // In the order in which they are taken where their moments are the same, which they are not.
  enum class Kind { kRevision, kRewind, kMeasure, kDecision, kPause, kFinal };
  struct Event {
    storage::Moment at;
    int32_t number = 0;
    Kind kind = Kind::kMeasure;
    int64_t step = 0;  // measured; of kRewind: the last one that still counts
    double loss = 0;
    size_t decision = 0;  // place in the trial's decisions
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const { return a.at > b.at; }
  };

  void AddPruning(const StoredTrial& trial);
  // The study has the pruner of this revision from now on.
  void ChangePruner(const storage::StudyRevisionRow& revision);
  // What a pruner that comes later has to be shown.
  void Remember(const Event& event);
  void Take(const Event& event);
  // One report's measurements are over; `next`: what comes after them, nullptr: nothing yet.
  void EndReport(const Event* next);
  void Decide(const Event& event);
  void Promote(const Event& event, const std::string& stored);
  // Decisions that were computed and are not stored.
  void Miss(int32_t number);
  void Finish(const Event& event);

  StudyState study_;
  const std::vector<storage::StudyRevisionRow> revisions_;
  OnDecision on_decision_;
  bool has_pruner_ = false;
  int32_t revision_ = 1;
  int pruners_to_come_ = 0;
  // By number, while another pruner is to come: the curves, who completed with which loss, and
  // which decisions were taken.
  std::map<int32_t, std::map<int64_t, double>> curves_;
  std::map<int32_t, double> completed_;
  std::vector<std::pair<int32_t, int64_t>> decided_;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
  std::vector<int32_t> final_trials_;  // by configuration
  // By number: what is stored of a trial, and what was computed and not met yet.
  std::map<int32_t, std::vector<storage::PrunerDecisionRow>> stored_;
  std::map<int32_t, std::deque<std::string>> computed_;
  std::optional<Event> measured_;  // the last one of a report that may go on
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_STUDY_REPLAY_H_
