// Revisions: a study that is defined anew while it goes on, or after it has ended.
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/coordinator/core.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/study_changes.h"
#include "server/coordinator/study_validation.h"

namespace caviar::coordinator {
namespace {

// What an update may write of its own at once.
constexpr size_t kMostToSettle = 20'000;

// As the creator's word was completed; what warm_start came to is no creator's word.
v1::Study Complete(const v1::Study& now, v1::Study next) {
  FillDefaults(next);
  *next.mutable_warm_start_trials() = now.warm_start_trials();
  *next.mutable_warm_start_completed() = now.warm_start_completed();
  return next;
}

// "MAX_TRIALS: trial 3 was the last".
template <typename End>
std::string TextOf(const End& end) {
  return absl::StrCat(v1::Study::EndReason_Name(end.reason), end.message.empty() ? "" : ": ",
                      end.message);
}

std::vector<v1::FieldViolation> FindForbidden(const std::string& study, const v1::Study& next,
                                              const std::vector<v1::FieldChange>& changes) {
  std::vector<v1::FieldViolation> violations;
  const auto refuse = [&violations](const std::string& field, std::string why) {
    v1::FieldViolation& violation = violations.emplace_back();
    violation.set_field(field);
    violation.set_description(std::move(why));
  };
  for (const v1::FieldChange& change : changes) {
    if (!MayChange(change.field())) {
      refuse(
          change.field(),
          absl::StrCat("cannot change from ", change.before().empty() ? "nothing" : change.before(),
                       " to ", change.after().empty() ? "nothing" : change.after(),
                       ": the trials of '", study, "' would mean something else; create a new ",
                       "study with warm_start: [", study, "], which learns from them"));
    } else if (change.field() == "sampler.algorithm" &&
               next.sampler().algorithm() == v1::Sampler::GRID) {
      refuse(
          change.field(),
          "cannot become grid: a grid is counted from a study's first trial; create a new study");
    }
  }
  return violations;
}

}  // namespace

std::optional<Core::End> Core::FindNextEnd(StudyState& study, const v1::Study& next) {
  const bool same_sampler =
      next.sampler().algorithm() == study.row.definition.sampler().algorithm();
  const bool exhausted = study.row.end_reason == v1::Study::EXHAUSTED && same_sampler;
  const bool was_exhausted = std::exchange(study.exhausted, exhausted);
  // Another pruner holds none back that the one of now let pause.
  std::set<int32_t> released =
      HaveSamePruner(study.row.definition, next) ? study.released : study.paused;
  released.swap(study.released);
  v1::Study now = std::exchange(study.row.definition, next);
  auto end = FindEnd(study);
  study.row.definition = std::move(now);
  study.released = std::move(released);
  study.exhausted = was_exhausted;
  return end;
}

absl::Status Core::CheckUpdate(StudyState& study, const v1::UpdateStudyRequest& request,
                               const v1::Study& next, const std::vector<v1::FieldChange>& changes) {
  const std::string& name = study.row.definition.name();
  if (request.revision() != 0 && request.revision() != study.row.revision) {
    return error::WithReason(
        absl::AbortedError(absl::StrCat("study '", name, "' was changed meanwhile: it is at ",
                                        "revision ", study.row.revision, ", not ",
                                        request.revision(), "; look at it and try again")),
        error::kRevisionChanged);
  }
  if (auto forbidden = FindForbidden(name, next, changes); !forbidden.empty()) {
    return error::InvalidFields(std::move(forbidden));
  }
  if (changes.empty() || study.row.state != v1::Study::ENDED) return absl::OkStatus();
  if (IsEnding(study)) {
    return absl::UnavailableError(
        absl::StrCat("study '", name, "' is still ending; try again in a moment"));
  }
  if (study.to_repeat.size() > kMostToSettle) {
    return absl::FailedPreconditionError(absl::StrCat(
        "study '", name, "' ended with ", study.to_repeat.size(),
        " configurations that have not all of their repeats, and goes on with ", kMostToSettle,
        " at most; create another study that learns from it (warm_start)"));
  }
  if (const auto end = FindNextEnd(study, next)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "study '", name, "' would end again at once (", TextOf(*end), "); widen that too"));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::UpdateStudyResponse> Core::UpdateStudy(const v1::UpdateStudyRequest& request) {
  const auto decide = [&]() -> absl::StatusOr<v1::UpdateStudyResponse> {
    auto found = FindStudy(request.study());
    if (!found.ok()) return found.status();
    StudyState& study = **found;
    v1::Study next = TakeOver(study.row.definition, request.definition());
    if (auto violations = ValidateStudy(next); !violations.empty()) {
      return error::InvalidFields(std::move(violations));
    }
    if (auto excess = FindExcess(next, study.row.definition, options_.limits); !excess.empty()) {
      return error::InvalidFields(std::move(excess));
    }
    next = Complete(study.row.definition, std::move(next));
    const auto changes = CompareDefinitions(study.row.definition, next);
    if (const absl::Status checked = CheckUpdate(study, request, next, changes); !checked.ok()) {
      return checked;
    }
    v1::UpdateStudyResponse response;
    if (!changes.empty() && study.row.state != v1::Study::ENDED) {
      if (const auto end = FindNextEnd(study, next)) response.set_ends(TextOf(*end));
    }
    if (!changes.empty() && !request.validate_only()) {
      const absl::Status applied = ApplyUpdate(study, std::move(next));
      if (!applied.ok()) return applied;
    }
    *response.mutable_study() = Message(study);
    response.mutable_changes()->Add(changes.begin(), changes.end());
    return response;
  };
  if (request.validate_only()) return decide();
  return Once<v1::UpdateStudyResponse>(request, "UpdateStudy", decide);
}

absl::Status Core::ApplyUpdate(StudyState& study, v1::Study next) {
  auto sampler = sampling::MakeSampler(next.sampler());
  if (!sampler.ok()) return sampler.status();
  const bool same_pruner = HaveSamePruner(study.row.definition, next);
  std::shared_ptr<pruning::Pruner> pruner = study.pruner;
  if (!same_pruner) {
    pruner = pruning::MakePruner(next);
    const absl::Status shown =
        pruner ? ShowPruner(study, ValuesOfBatch(), *pruner) : absl::OkStatus();
    if (!shown.ok()) return shown;
  }
  // Nothing is refused from here on.
  next.set_owner(study.row.definition.owner());
  study.row.definition = std::move(next);
  ++study.row.revision;
  if (!same_pruner) {
    study.pruner = std::move(pruner);
    study.pruner_since = Here();
    study.released = study.paused;
    for (TrialState& trial : study.trials) trial.pausing.reset();
    RefreshRungs(study);
  }
  batch_.push_back(storage::StudyRevisionRow{study.row.id, study.row.revision, study.row.definition,
                                             static_cast<int32_t>(study.trials.size()),
                                             WallMicros()});
  // A sampler may remember what it was shown before.
  study.sampler = *std::move(sampler);
  study.ready.clear();
  study.requested.clear();
  study.waiting_for_fresh.reset();
  study.exhausted = false;
  placement_changed_ = true;
  if (study.row.state == v1::Study::ENDED) {
    Reopen(study);
  } else {
    Put(study);
  }
  // limits.max_attempts may be less than before.
  for (const int32_t number : std::set<int32_t>(study.waiting)) {
    TrialState& trial = study.trials[static_cast<size_t>(number)];
    if (trial.row.lost_leases > 0) FailIfLostTooOften(study, trial);
  }
  return absl::OkStatus();
}

void Core::Reopen(StudyState& study) {
  study.row.end_reason = v1::Study::END_REASON_UNSPECIFIED;
  study.row.end_time = 0;
  MoveStudy(study, v1::Study::ACTIVE, "");
  CallOffEvaluation(study);
  if (study.to_repeat.empty()) return;
  // What the end had cut short goes on, and is no result until then.
  for (const int32_t index : std::set<int32_t>(study.to_repeat)) {
    Settle(study, index, std::nullopt);
  }
  study.best.reset();
  for (const ConfigurationState& configuration : study.configurations) {
    NoteBest(study, configuration.trials.front());
  }
}

void Core::CallOffEvaluation(StudyState& study) {
  if (!study.evaluation) return;
  storage::EvaluationRow& row = *study.evaluation;
  const bool open =
      row.state == v1::TestEvaluation::WAITING || row.state == v1::TestEvaluation::RUNNING;
  if (!open) return;
  if (row.state == v1::TestEvaluation::RUNNING) ReleaseLease(row);
  row.state = v1::TestEvaluation::FAILED;
  row.message = "the study went on before the test set was asked";
  row.time = WallMicros();
  batch_.push_back(row);
}

}  // namespace caviar::coordinator
