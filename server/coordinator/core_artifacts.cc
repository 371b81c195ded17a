// Files of attempts: which of them count, and how an attempt goes on from a checkpoint.
//
// A file is there before its row is written and goes after its row was erased, so that no row is
// without its file at any moment.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/coordinator/core.h"
#include "storage/curve.h"

namespace caviar::coordinator {

std::set<std::string> Core::Files() const {
  std::set<std::string> files;
  for (const auto& [id, study] : state_.studies) {
    for (const TrialState& trial : study.trials) {
      for (const storage::ArtifactRow& row : trial.artifacts) files.insert(row.file);
    }
  }
  for (const int64_t id : state_.erasing) files.insert(absl::StrCat("artifacts/", id));
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
    trial.checkpoint_numerics = trial.attempt->numerics_fingerprint;
  }
  row.trial_id = trial.row.id;
  row.attempt = trial.attempt->number;
  row.time = WallMicros();
  // What it takes the place of: the row with its key, and any other checkpoint.
  std::vector<storage::ArtifactRow> replaced;
  std::erase_if(trial.artifacts, [&](const storage::ArtifactRow& older) {
    const bool same_key = older.attempt == row.attempt && older.step == row.step;
    if (older.kind != row.kind || !(is_checkpoint || same_key)) return false;
    replaced.push_back(older);
    return true;
  });
  trial.artifacts.push_back(row);
  for (const storage::ArtifactRow& older : replaced) {
    EraseRow(older);
    DropFile(trial, older.file);
  }
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

void Core::EraseFiles(const StudyState& study, TrialState& trial) {
  if (!trial.attempt || trial.attempt->worker_id.empty()) return;
  std::set<std::string> kept;
  std::erase_if(trial.artifacts, [&](const storage::ArtifactRow& row) {
    // Nothing goes on from here, and only the network of the objective is of use.
    if (row.kind != v1::Artifact::CHECKPOINT && row.attempt == trial.attempt->number &&
        trial.row.objective_step == row.step) {
      kept.insert(row.file);
      return false;
    }
    EraseRow(row);
    return true;
  });
  after_commit_.push_back([this, id = study.row.id, number = trial.row.number, kept] {
    deps_.on_files_final(id, number, kept);
  });
}

void Core::ForgetCheckpoint(TrialState& trial) {
  const storage::ArtifactRow* newest = trial.Newest(v1::Artifact::CHECKPOINT);
  if (newest == nullptr || newest->attempt != trial.attempt->parent_attempt ||
      newest->step != trial.attempt->resumed_from_step) {
    return;
  }
  const storage::ArtifactRow row = *newest;
  std::erase_if(trial.artifacts,
                [](const auto& artifact) { return artifact.kind == v1::Artifact::CHECKPOINT; });
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
    attempt.numerics_changed = attempt.numerics_fingerprint != trial.checkpoint_numerics;
    // Until now they are of the last attempt's curve. It made this checkpoint or went on from it
    // too, so that up to this step its curve is the parent's.
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
