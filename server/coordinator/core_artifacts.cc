// Files of attempts: which of them count, and how an attempt goes on from a checkpoint.
//
// A file is there before its row is written and goes after its row was erased, so that no row is
// without its file at any moment.
#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/coordinator/command_validation.h"
#include "server/coordinator/core.h"
#include "server/coordinator/logs.h"
#include "storage/code_file.h"
#include "storage/curve.h"

namespace caviar::coordinator {
namespace {

// What its programs printed; some of these files may not be there.
void AddLogs(const StudyState& study, const TrialState& trial, std::set<std::string>& files) {
  if (!study.row.definition.trainer().has_command() || !trial.attempt) return;
  for (int32_t attempt = 1; attempt <= trial.attempt->number; ++attempt) {
    files.insert(LogFile(study.row.id, trial.row.number, attempt));
  }
}

bool Keeps(const StudyState& study, v1::Checkpoints::Which which) {
  const auto& kept = study.row.definition.checkpoints().keep_per_trial();
  return std::find(kept.begin(), kept.end(), which) != kept.end();
}

// Of a trial's checkpoints the one at the step with the best objective; nullptr: none has one.
const storage::ArtifactRow* BestCheckpoint(const StudyState& study, const TrialState& trial) {
  const storage::ArtifactRow* best = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const storage::ArtifactRow& row : trial.artifacts) {
    const auto value = trial.objective_values.find(row.step);
    if (row.kind != v1::Artifact::CHECKPOINT || value == trial.objective_values.end()) continue;
    const double loss = Loss(study, value->second);
    if (loss < least) {
      least = loss;
      best = &row;
    }
  }
  return best;
}

// Of attempts whose checkpoints are gone.
void ForgetNumerics(TrialState& trial) {
  std::erase_if(trial.checkpoint_numerics,
                [&trial](const auto& made) { return !trial.HasCheckpointOf(made.first); });
}

}  // namespace

std::set<std::string> Core::Files() const {
  std::set<std::string> files;
  for (const auto& [id, study] : state_.studies) {
    for (const TrialState& trial : study.trials) {
      for (const storage::ArtifactRow& row : trial.artifacts) files.insert(row.file);
      AddLogs(study, trial, files);
    }
  }
  for (const int64_t id : state_.erasing) files.insert(absl::StrCat("artifacts/", id));
  return files;
}

std::set<std::string> Core::CodeFiles() const {
  std::set<std::string> files;
  for (const auto& [id, study] : state_.studies) {
    if (const v1::CodeArchive* code = storage::CodeOf(study.row.definition)) {
      files.insert(storage::CodeFile(code->sha256()));
    }
  }
  return files;
}

absl::StatusOr<v1::UploadChunkResponse> Core::RecordArtifact(Token token,
                                                             storage::ArtifactRow row) {
  const auto holder = FindHolder(token);
  if (!holder || holder->evaluation) {
    if (const auto target = FindTarget(token); target && !target->evaluation) {
      DropFile(*target->trial, row.file);
    }
    return LeaseLost(token);
  }
  TrialState& trial = *holder->trial;
  const bool is_checkpoint = row.kind == v1::Artifact::CHECKPOINT;
  if (is_checkpoint) {
    if (const absl::Status checked = CheckCheckpoint(trial, row); !checked.ok()) {
      DropFile(trial, row.file);
      return checked;
    }
    trial.checkpoint_numerics[trial.attempt->number] = trial.attempt->numerics_fingerprint;
  }
  row.trial_id = trial.row.id;
  row.attempt = trial.attempt->number;
  row.time = WallMicros();
  // What it takes the place of: the row with its key, and any other checkpoint but the best one
  // where that is kept.
  std::vector<storage::ArtifactRow> replaced;
  const auto take_place_of = [&](const auto& is_replaced) {
    std::erase_if(trial.artifacts, [&](const storage::ArtifactRow& older) {
      if (older.kind != row.kind || !is_replaced(older)) return false;
      replaced.push_back(older);
      return true;
    });
  };
  take_place_of([&row](const storage::ArtifactRow& older) {
    return older.attempt == row.attempt && older.step == row.step;
  });
  trial.artifacts.push_back(row);
  if (is_checkpoint) {
    std::string best;
    if (Keeps(*holder->study, v1::Checkpoints::BEST)) {
      const storage::ArtifactRow* found = BestCheckpoint(*holder->study, trial);
      if (found != nullptr) best = found->file;
    }
    take_place_of([&](const storage::ArtifactRow& older) {
      return older.file != row.file && older.file != best;
    });
  }
  for (const storage::ArtifactRow& older : replaced) {
    EraseRow(older);
    DropFile(trial, older.file);
  }
  ForgetNumerics(trial);
  v1::UploadChunkResponse response;
  response.set_received(row.size);
  batch_.push_back(std::move(row));
  return response;
}

absl::Status Core::CheckCheckpoint(const TrialState& trial, const storage::ArtifactRow& row) const {
  if (trial.attempt->worker_id.empty()) {
    return absl::FailedPreconditionError("an asked trial keeps no checkpoints");
  }
  const int64_t measured =
      std::max(trial.row.last_step.value_or(0), trial.attempt->resumed_from_step);
  if (row.step > measured) {
    return absl::FailedPreconditionError(
        absl::StrCat("a checkpoint at step ", row.step,
                     " is taken only when all measurements up to that step "
                     "are stored, and the last one stored is of step ",
                     measured, "; report first"));
  }
  const storage::ArtifactRow* newest = trial.Newest(v1::Artifact::CHECKPOINT);
  if (newest != nullptr && row.step < newest->step) {
    return absl::FailedPreconditionError(absl::StrCat("a checkpoint at step ", row.step,
                                                      " is older than the one at step ",
                                                      newest->step, " that is stored already"));
  }
  return absl::OkStatus();
}

void Core::DropFile(const TrialState& trial, const std::string& file) {
  after_commit_.push_back([this, id = trial.row.study_id, number = trial.row.number, file] {
    // The same bytes sent twice are one file, and they may have come again in this batch.
    const auto study = state_.studies.find(id);
    if (study != state_.studies.end()) {
      const auto& rows = study->second.trials[number].artifacts;
      if (std::any_of(rows.begin(), rows.end(),
                      [&file](const storage::ArtifactRow& row) { return row.file == file; })) {
        return;
      }
    }
    deps_.on_file_erased(file);
  });
}

void Core::EraseRow(const storage::ArtifactRow& row) {
  batch_.push_back(storage::EraseArtifact{row.trial_id, row.attempt, row.kind, row.step});
}

void Core::EraseFiles(StudyState& study, TrialState& trial) {
  if (!trial.attempt || trial.attempt->worker_id.empty()) return;
  std::set<std::string> kept;
  const bool keeps_checkpoints = trial.row.state == v1::Trial::COMPLETED &&
                                 study.row.definition.checkpoints().keep_trials() > 0;
  const storage::ArtifactRow* newest =
      keeps_checkpoints ? trial.Newest(v1::Artifact::CHECKPOINT) : nullptr;
  const std::string last =
      newest != nullptr && Keeps(study, v1::Checkpoints::LAST) ? newest->file : "";
  const storage::ArtifactRow* best_row = keeps_checkpoints && Keeps(study, v1::Checkpoints::BEST)
                                             ? BestCheckpoint(study, trial)
                                             : nullptr;
  const std::string best = best_row != nullptr ? best_row->file : "";
  std::erase_if(trial.artifacts, [&](const storage::ArtifactRow& row) {
    // Nothing goes on from here: only the network of the objective is of use, and checkpoints where
    // the study wants them.
    const bool is_kept =
        row.kind == v1::Artifact::CHECKPOINT
            ? keeps_checkpoints && (row.file == last || row.file == best)
            : row.attempt == trial.attempt->number && trial.row.objective_step == row.step;
    if (is_kept) {
      kept.insert(row.file);
    } else {
      EraseRow(row);
    }
    return !is_kept;
  });
  AddLogs(study, trial, kept);
  after_commit_.push_back([this, id = study.row.id, number = trial.row.number, kept] {
    deps_.on_files_final(id, number, kept);
  });
  DropShared(study, trial);
  if (keeps_checkpoints) ForgetCheckpointsOfWorse(study);
}

void Core::DropShared(const StudyState& study, const TrialState& trial) {
  const v1::Checkpoints& checkpoints = study.row.definition.checkpoints();
  if (!IsShared(checkpoints) || !trial.attempt) return;
  storage::SharedCheckpoints rest;
  rest.store = checkpoints.store();
  rest.study = study.row.definition.name();
  rest.number = trial.row.number;
  for (const storage::ArtifactRow& row : trial.artifacts) {
    if (row.kind == v1::Artifact::CHECKPOINT) rest.keep.emplace(row.attempt, row.step);
  }
  after_commit_.push_back([this, rest] { deps_.on_shared_checkpoints(rest); });
}

void Core::ForgetCheckpointsOfWorse(StudyState& study) {
  std::vector<TrialState*> kept;
  for (TrialState& trial : study.trials) {
    if (trial.row.state == v1::Trial::COMPLETED && trial.Newest(v1::Artifact::CHECKPOINT)) {
      kept.push_back(&trial);
    }
  }
  const auto best = static_cast<size_t>(study.row.definition.checkpoints().keep_trials());
  if (kept.size() <= best) return;
  const auto rank = [&study](const TrialState* trial) {
    return std::tuple(trial->row.feasible == false, Loss(study, *trial->row.objective),
                      trial->row.number);
  };
  std::sort(kept.begin(), kept.end(),
            [&rank](const TrialState* a, const TrialState* b) { return rank(a) < rank(b); });
  for (size_t i = best; i < kept.size(); ++i) {
    std::erase_if(kept[i]->artifacts, [&](const storage::ArtifactRow& row) {
      if (row.kind != v1::Artifact::CHECKPOINT) return false;
      EraseRow(row);
      DropFile(*kept[i], row.file);
      return true;
    });
    DropShared(study, *kept[i]);
  }
}

void Core::ForgetCheckpoint(TrialState& trial) {
  const storage::ArtifactRow* newest = trial.Newest(v1::Artifact::CHECKPOINT);
  if (newest == nullptr || newest->attempt != trial.attempt->parent_attempt ||
      newest->step != trial.attempt->resumed_from_step) {
    return;
  }
  const storage::ArtifactRow row = *newest;
  // The best one, where that is kept as well, is now the newest: each checkpoint was made on the
  // curve of those before it.
  trial.artifacts.erase(trial.artifacts.begin() + (newest - trial.artifacts.data()));
  ForgetNumerics(trial);
  EraseRow(row);
  DropFile(trial, row.file);
}

void Core::BeginCurve(StudyState& study, TrialState& trial, storage::AttemptRow& attempt) const {
  const storage::ArtifactRow* checkpoint = trial.Newest(v1::Artifact::CHECKPOINT);
  if (checkpoint == nullptr) {
    trial.objective_values.clear();
    trial.other_values.clear();
  } else {
    attempt.parent_attempt = checkpoint->attempt;
    attempt.resumed_from_step = checkpoint->step;
    attempt.numerics_changed =
        attempt.numerics_fingerprint != trial.checkpoint_numerics[checkpoint->attempt];
    // Until now they are of the last attempt's curve. It made this checkpoint, or went on from it
    // or from a later one, so that up to this step its curve is the parent's.
    const auto cut = [checkpoint](Curve& curve) {
      curve.erase(curve.upper_bound(checkpoint->step), curve.end());
    };
    cut(trial.objective_values);
    for (auto& [metric, curve] : trial.other_values) cut(curve);
  }
  trial.row.last_step = storage::LastStepOfCurve(attempt, std::nullopt);
  if (study.pruner) {
    study.pruner->Rewind(trial.row.number, checkpoint == nullptr ? -1 : checkpoint->step);
  }
}

}  // namespace caviar::coordinator
