// What must not be lost.
//
// Store is the coordinator's only way to durable memory: rows as plain structs, written in batches
// that are all there or not at all. Its SQLite form is sqlite_store.h. This room knows rows and
// files; it must never know what a lease, a sampler or a call is for.
//
// Times are microseconds since the Unix epoch, for people; nothing is decided by them. 0: not yet.
#ifndef CAVIAR_STORAGE_STORE_H_
#define CAVIAR_STORAGE_STORE_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/command.pb.h"
#include "caviar/v1/request.pb.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "caviar/v1/worker_service.pb.h"
#include "storage/outcome.h"

namespace caviar::storage {

// A place in the order of all changes: the commit, and the change's place in its batch, from 0.
// With commit 0: not yet.
struct Moment {
  int64_t commit = 0;
  int32_t position = 0;
  friend auto operator<=>(const Moment&, const Moment&) = default;  // NOLINT(modernize-use-nullptr)
};

// A study. `definition` holds what its creator said, seed and defaults filled in; its output-only
// fields are unset, but for what warm_start came to.
struct StudyRow {
  int64_t id = 0;  // >= 1, never used again
  v1::Study definition;
  v1::Study::State state = v1::Study::ACTIVE;
  v1::Study::EndReason end_reason = v1::Study::END_REASON_UNSPECIFIED;
  std::string message;
  int64_t create_time = 0;
  int64_t end_time = 0;
  int64_t active_time = 0;  // microseconds it was ACTIVE before active_since
  // Since when it is ACTIVE, by the calendar; moved on now and then, together with active_time. 0
  // while it is not.
  int64_t active_since = 0;
  bool deleted = false;  // hidden, being erased; its name is free
  // Of its StudyRevisionRows the newest one's; filled in by the store.
  int32_t revision = 1;
};

// What a study was defined as at one of its revisions, 1, 2, ...: the newest one's definition is
// the study's own. Written once. Trials from number `first_trial` on were made under it, up to
// those of the next revision.
struct StudyRevisionRow {
  int64_t study_id = 0;
  int32_t revision = 1;
  v1::Study definition;
  int32_t first_trial = 0;
  int64_t time = 0;
  Moment at = {};  // when it was written; filled in by the store
};

// When a study became ACTIVE the last time, by its creation or a person: so many of its trials were
// final by then.
struct StudyActivationRow {
  int64_t study_id = 0;
  int64_t final_trials = 0;
};

// The end of a study that is still to be told. It outlives the study. There is one a revision.
struct StudyEndRow {
  int64_t study_id = 0;
  int32_t revision = 1;
  std::string outcome;  // what is told
  int64_t time = 0;
};

// Erases the StudyEndRow with this key, if there is one.
struct EraseStudyEnd {
  int64_t study_id = 0;
  int32_t revision = 1;
};

// What the trials with one configuration came to, so far or in all (Study.repeats).
struct RepeatsRow {
  int32_t completed = 0;                 // how many of them are COMPLETED
  std::optional<double> mean;            // of these trials' objectives; finite
  std::optional<double> standard_error;  // of the mean; finite, >= 0
  // What the configuration is once all its trials are final: COMPLETED (there is a mean),
  // INFEASIBLE, FAILED or CANCELLED; before that unspecified.
  v1::Trial::State state = v1::Trial::STATE_UNSPECIFIED;
  // Of studies with constraints: whether all of the COMPLETED ones keep them; nullopt: none is
  // COMPLETED.
  std::optional<bool> feasible;
};

struct TrialRow {
  int64_t id = 0;  // >= 1, never used again
  int64_t study_id = 0;
  int32_t number = 0;
  v1::Trial::State state = v1::Trial::WAITING;
  std::map<std::string, v1::Value> parameters;
  std::optional<double> objective;  // finite
  std::optional<int64_t> objective_step;
  // Of COMPLETED trials in studies with several objectives or with constraints: what their metrics
  // were at objective_step. May hold what is not finite.
  Outcome outcome;
  // Of COMPLETED trials in studies with constraints: whether it keeps all of them.
  std::optional<bool> feasible;
  // Largest step of the curve that ends in the newest attempt. Written when an attempt begins or
  // ends; while it runs, a Reader fills it in from the measurements.
  std::optional<int64_t> last_step;
  std::string message;
  int64_t create_time = 0;
  int64_t start_time = 0;
  int64_t end_time = 0;
  int32_t lost_leases = 0;
  // The largest step that its attempts that ended had measured, and how often in a row it was given
  // back without a larger one; >= 0.
  std::optional<int64_t> furthest_step;
  int32_t fruitless = 0;
  int64_t suggestion_commit = 0;  // the commit up to which the sampler saw the history
  // Its place among the study's trials in the order in which they became final, from 1; 0: it is
  // not.
  int64_t final_order = 0;
  int64_t create_commit = 0;  // that wrote it first
  Moment final_at = {};       // when it became final
  // Of the coordinator that chose the configuration: its samplers' version, and what their numbers
  // depend on beside what is stored.
  int32_t sampler_version = 0;
  std::string numerics_fingerprint;
  // In studies with repeats: the number of the first trial with this configuration, <= `number`.
  std::optional<int32_t> repeat_of;
  // Only of such a first trial.
  std::optional<RepeatsRow> repeats;
  v1::Trial::Origin origin = v1::Trial::SAMPLER;
  // Of its study, under which it was made; filled in by the store.
  int32_t revision = 1;
  // That wrote it last; filled in by a Reader.
  int64_t commit = 0;
};

// What an earlier study found out about one configuration, copied for a study that learns from it
// (Study.warm_start).
struct WarmStartTrialRow {
  int64_t study_id = 0;                         // that learns
  int32_t source = 0;                           // place in that study's warm_start, from 0
  int32_t number = 0;                           // of the trial in the earlier study
  std::map<std::string, v1::Value> parameters;  // a configuration of the study that learns
  double value = 0;                             // as sampling::SamplerInput::warm_start; finite
  std::optional<double> variance;               // of `value`; finite, >= 0
};

struct AttemptRow {
  int64_t trial_id = 0;
  int32_t number = 0;     // >= 1
  std::string worker;     // name, for people
  std::string worker_id;  // empty: asked
  int64_t token_epoch = 0;
  int64_t token_counter = 0;
  std::string request_client_id;  // of the call that it answers
  int64_t request_sequence = 0;
  v1::Attempt::Outcome outcome = v1::Attempt::OUTCOME_UNSPECIFIED;
  std::string message;
  int64_t start_time = 0;
  int64_t end_time = 0;
  int32_t parent_attempt = 0;     // whose checkpoint it went on from, < number; 0: it started anew
  int64_t resumed_from_step = 0;  // the last step measured before that checkpoint
  int64_t lease_duration = 0;     // microseconds; 0: the coordinator's lease TTL
  std::string numerics_fingerprint;  // the worker's
  bool numerics_changed = false;     // the parent's is another
  Moment start_at = {};
  Moment end_at = {};
};

// One metric value. Written once: where the key is there already, the first value stays.
struct MeasurementRow {
  int64_t trial_id = 0;
  int32_t attempt = 0;
  std::string metric;
  int64_t step = 0;
  double value = 0;  // NaN and infinities come back as what they are (NaN without payload)
  int64_t time = 0;
  Moment at = {};  // when it was written; filled in by the store
};

// What came under a stale token: kept apart, never counted.
struct LateMeasurementRow {
  int64_t trial_id = 0;
  int64_t token_counter = 0;
  std::string metric;
  int64_t step = 0;
  double value = 0;
  int64_t time = 0;
};

// A file in the ArtifactStore, written after the file itself and erased before it.
struct ArtifactRow {
  int64_t trial_id = 0;
  int32_t attempt = 0;
  v1::Artifact::Kind kind = v1::Artifact::WEIGHTS;
  int64_t step = 0;
  int64_t size = 0;
  uint32_t crc32 = 0;
  std::string file;  // relative to the data directory
  int64_t time = 0;
};

// What the pruner made of a trial at one step.
struct PrunerDecisionRow {
  int64_t trial_id = 0;
  int64_t step = 0;  // >= 1
  v1::PrunerDecision::Decision decision = v1::PrunerDecision::CONTINUE;
  std::string reason;
  int64_t time = 0;
  Moment at = {};  // when it was written; filled in by the store
};

// The evaluation of a study's best trial on the test set.
struct EvaluationRow {
  int64_t study_id = 0;  // key
  int64_t trial_id = 0;
  v1::TestEvaluation::State state = v1::TestEvaluation::WAITING;
  std::map<std::string, double> metrics;
  // In the classes' order; may be none. Shares are in [0, 1].
  std::vector<v1::ClassResult> classes;
  std::string message;
  std::string worker;
  std::string worker_id;
  int64_t token_epoch = 0;
  int64_t token_counter = 0;
  std::string request_client_id;  // of the call that handed it out
  int64_t request_sequence = 0;
  int32_t lost_leases = 0;
  int64_t time = 0;
};

struct WorkerRow {
  std::string id;
  std::string name;
  std::string version;
  int32_t slots = 0;
  std::vector<std::string> features;
  std::map<std::string, std::string> labels;
  int64_t register_time = 0;
  std::string numerics_fingerprint;  // what its numbers depend on
  v1::Resources resources = {};      // what it offers to programs
};

// Erases the WorkerRow, if there is one.
struct EraseWorker {
  std::string id;
};

// The answer that a rare mutation got.
struct RequestRow {
  std::string client_id;
  int64_t sequence = 0;
  std::string method;
  uint32_t body_crc32 = 0;
  std::string response;  // serialized
  int64_t time = 0;
};

// Erases up to `limit` of the RequestRows with a time before this one, the oldest first, and
// remembers of each client up to where its requests were forgotten.
struct ForgetRequests {
  int64_t before = 0;
  int32_t limit = 0;
};

// Counters that must never run backwards.
struct CountersRow {
  int64_t next_study_id = 1;
  int64_t next_trial_id = 1;
  int64_t next_token_counter = 1;
  bool operator==(const CountersRow&) const = default;
};

// Erases a deleted study: up to 1,000 rows of it a batch, its trials' rows first, the study's own
// row last.
struct EraseStudyChunk {
  int64_t study_id = 0;
};

// Erases the ArtifactRow with this key, if there is one.
struct EraseArtifact {
  int64_t trial_id = 0;
  int32_t attempt = 0;
  v1::Artifact::Kind kind = v1::Artifact::WEIGHTS;
  int64_t step = 0;
};

// Inserts the row, or replaces the one with the same key. MeasurementRow: inserts, or leaves the
// the one there is. StudyRevisionRow: inserts; one with the same key is INVALID_ARGUMENT.
using Change =
    std::variant<StudyRow, TrialRow, AttemptRow, MeasurementRow, LateMeasurementRow, ArtifactRow,
                 EraseArtifact, PrunerDecisionRow, EvaluationRow, WorkerRow, EraseWorker,
                 RequestRow, ForgetRequests, CountersRow, WarmStartTrialRow, EraseStudyChunk,
                 StudyRevisionRow, StudyActivationRow, StudyEndRow, EraseStudyEnd>;

// All changes of one transaction, applied in order.
using Batch = std::vector<Change>;

// Everything the coordinator keeps in memory, as of one commit.
struct Snapshot {
  int64_t commit = 0;       // number of the last commit; 0: none yet
  int64_t store_epoch = 0;  // drawn when the store was made; >= 1
  CountersRow counters;
  std::vector<StudyRow> studies;     // by id, deleted ones included
  std::vector<TrialRow> trials;      // of studies that are not deleted; by study and number
  std::vector<AttemptRow> attempts;  // of trials that are not final, and the newest of each of
                                     // them; by trial and number
  std::vector<EvaluationRow> evaluations;
  std::vector<ArtifactRow> artifacts;  // of trials of studies that are not deleted
  // Of these as well, by trial, step and decision.
  std::vector<PrunerDecisionRow> pruner_decisions;
  std::vector<WorkerRow> workers;
  // Of studies that are not deleted, by study, source and number.
  std::vector<WarmStartTrialRow> warm_start_trials;
  // Of studies that are not deleted, by study and revision: the first, and those that have another
  // pruner than the one before. Nothing hangs on the others, and to read them all would make each
  // start the slower the more often studies were changed.
  std::vector<StudyRevisionRow> study_revisions;
  std::vector<StudyActivationRow> study_activations;  // of studies that are not deleted, by study
  std::vector<StudyEndRow> study_ends;
};

// How a study's trials are picked and ordered.
struct TrialQuery {
  int64_t study_id = 0;
  std::vector<v1::Trial::State> states;  // empty: all
  std::optional<int32_t> repeat_of;      // only trials with this one's configuration
  // Only the first trials of configurations of which it is not said yet what their repeats came to.
  bool unsettled = false;
  // kCommit: by the commit that wrote the row last.
  enum class Order { kNumber, kObjective, kCreateTime, kEndTime, kCommit };
  Order order = Order::kNumber;
  bool descending =
      false;  // rows without the value come last either way; ties by number, ascending
  int32_t offset = 0;
  int32_t limit = 100;
  int64_t changed_after_commit =
      0;  // only trials whose row was written by a later commit than this
  // And those with a larger number than this whose row that very commit wrote: where a page by
  // kCommit ended.
  std::optional<int32_t> changed_after_number;
};

// How many of some values are stored already, and how many of these otherwise (NaN equals NaN).
struct StoredValues {
  int32_t values = 0;
  int32_t conflicts = 0;
  bool operator==(const StoredValues&) const = default;
};

// The writer. Used by one thread at a time; the coordinator's sequencer is that thread.
class Store {
 public:
  virtual ~Store() = default;

  // Reads everything. After a failed Apply this is how the coordinator gets back to what is true.
  virtual absl::StatusOr<Snapshot> Load() = 0;

  // Applies all of it durably, or nothing, as commit number `commit` (the last one + 1); rows
  // remember it. Errors: RESOURCE_EXHAUSTED: the disk is full; nothing was written, and a later
  // call may succeed. INVALID_ARGUMENT: a row breaks a rule of the schema. UNAVAILABLE: another
  // passing I/O error, nothing was written. DATA_LOSS: a sync failed or the file is damaged;
  // nothing may be answered any more, the process has to end. FAILED_PRECONDITION: `commit` is not
  // the last one + 1; nothing was written.
  virtual absl::Status Apply(const Batch& batch, int64_t commit) = 0;

  // The answer stored for a request, if any.
  virtual absl::StatusOr<std::optional<RequestRow>> FindRequest(const std::string& client_id,
                                                                int64_t sequence) = 0;

  // The largest sequence of the client's requests that were forgotten; nullopt: none was.
  virtual absl::StatusOr<std::optional<int64_t>> FindForgottenRequest(
      const std::string& client_id) = 0;

  // When the oldest RequestRow was answered; nullopt: there is none that has a time.
  virtual absl::StatusOr<std::optional<int64_t>> FindOldestRequest() = 0;

  // The values of `metric` stored for an attempt, by step.
  virtual absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetric(
      int64_t trial_id, int32_t attempt, const std::string& metric) = 0;

  // The same for the curve that ends in this attempt (curve.h).
  virtual absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadCurve(
      int64_t trial_id, int32_t attempt, const std::string& metric) = 0;

  // The largest step that an attempt measured itself, over all metrics; nullopt: none.
  virtual absl::StatusOr<std::optional<int64_t>> FindLastStep(int64_t trial_id,
                                                              int32_t attempt) = 0;

  // Whether anything of this study is left: EraseStudyChunk is repeated until not.
  virtual absl::StatusOr<bool> HasStudyRows(int64_t study_id) = 0;

  // What is stored under the keys of these rows.
  virtual absl::StatusOr<StoredValues> FindStored(const std::vector<MeasurementRow>& rows) = 0;

  // How many values all attempts of a trial have, by metric.
  virtual absl::StatusOr<std::map<std::string, int64_t>> CountValues(int64_t trial_id) = 0;

  // The attempt that holds or held this token, with its trial's id; nullopt where there is none.
  virtual absl::StatusOr<std::optional<AttemptRow>> FindAttempt(int64_t token_epoch,
                                                                int64_t token_counter) = 0;
};

// A study as stored, with its trials counted, the best one found, and the commit the answer is of.
struct StudyReading {
  StudyRow study;
  v1::TrialCounts counts;
  // The first one of ListBestTrials; none where the study has several objectives.
  std::optional<TrialRow> best;
  std::optional<EvaluationRow> evaluation;
  std::optional<int32_t> evaluated;  // the number of its trial
  int64_t commit = 0;
};

// A trial with all that people see of it.
struct TrialReading {
  TrialRow trial;
  std::vector<AttemptRow> attempts;  // by number
  // The curve that ends in the newest attempt (curve.h), by step and metric; only where asked for.
  std::vector<MeasurementRow> measurements;
  std::vector<ArtifactRow> artifacts;  // only where asked for
  // By step and decision; only where asked for.
  std::vector<PrunerDecisionRow> pruner_decisions;
};

// Some of the trials that were asked for.
struct TrialPage {
  std::vector<TrialReading> trials;
  bool more = false;  // there are others after these
};

// How many rows a reading holds beside its trial's own.
inline int64_t CountRows(const TrialReading& reading) {
  return static_cast<int64_t>(reading.attempts.size() + reading.measurements.size() +
                              reading.artifacts.size() + reading.pruner_decisions.size());
}

// How many files, and how large they are together.
struct FileUsage {
  int64_t files = 0;
  int64_t bytes = 0;
  bool operator==(const FileUsage&) const = default;
};

// What a study takes in the database, and the files that its rows name.
struct StudyUsage {
  int64_t study_id = 0;
  std::string name;
  int32_t trials = 0;
  int32_t running = 0;
  int64_t measurements = 0;
  std::map<v1::Artifact::Kind, FileUsage> files;
};

struct StoreUsage {
  int64_t database_bytes = 0;       // of its file and its log; 0: it is in memory
  std::vector<StudyUsage> studies;  // by id, without deleted ones
};

// Reads of a moment's snapshot, beside the writer. Thread safe. What was committed before the call
// is seen. Deleted studies are not. DATA_LOSS: what is stored is damaged; nothing may be answered
// any more, the process has to end.
class Reader {
 public:
  virtual ~Reader() = default;
  // NOT_FOUND: there is no such study.
  virtual absl::StatusOr<StudyReading> GetStudy(const std::string& name) = 0;
  // By id.
  virtual absl::StatusOr<std::vector<StudyReading>> ListStudies(int64_t after_id,
                                                                int32_t limit) = 0;
  // NOT_FOUND: there is no such trial.
  virtual absl::StatusOr<TrialReading> GetTrial(int64_t study_id, int32_t number, bool full) = 0;
  virtual absl::StatusOr<std::vector<TrialReading>> ListTrials(const TrialQuery& query,
                                                               bool full) = 0;
  // The first of these, as many as memory holds however long their curves are: no other is read
  // once they have `max_rows` rows (CountRows). So one may go past that, and there is at least one.
  virtual absl::StatusOr<TrialPage> ReadTrialPage(const TrialQuery& query, bool full,
                                                  int64_t max_rows) = 0;
  // COMPLETED trials that are feasible: by the only objective of `definition`, the best first, ties
  // by number; of several objectives those on the Pareto front, in its order (pareto_front.h).
  // Where `definition` has repeats, the first trials of such configurations: those with the most
  // completed repeats first, then by the mean, ties by number.
  virtual absl::StatusOr<std::vector<TrialReading>> ListBestTrials(int64_t study_id,
                                                                   const v1::Study& definition,
                                                                   int32_t count, bool full) = 0;
  // All values of a metric that a trial's attempts measured, on its curve or not, by attempt and
  // step.
  virtual absl::StatusOr<std::vector<MeasurementRow>> ListMeasurements(
      int64_t trial_id, const std::string& metric) = 0;
  // By step and decision.
  virtual absl::StatusOr<std::vector<PrunerDecisionRow>> ListPrunerDecisions(int64_t trial_id) = 0;
  // By source and number.
  virtual absl::StatusOr<std::vector<WarmStartTrialRow>> ListWarmStartTrials(int64_t study_id) = 0;
  // By revision.
  virtual absl::StatusOr<std::vector<StudyRevisionRow>> ListStudyRevisions(int64_t study_id) = 0;
  // nullopt: there is no such revision.
  virtual absl::StatusOr<std::optional<StudyRevisionRow>> FindStudyRevision(int64_t study_id,
                                                                            int32_t revision) = 0;
  // Counts all rows: seconds for millions of them.
  virtual absl::StatusOr<StoreUsage> ReadUsage() = 0;
  // NOT_FOUND: there is no such file, trial or study.
  virtual absl::StatusOr<ArtifactRow> GetArtifact(int64_t study_id, int32_t number, int32_t attempt,
                                                  v1::Artifact::Kind kind, int64_t step) = 0;
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STORE_H_
