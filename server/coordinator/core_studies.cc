// Studies: creation, states, limits, the end.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "caviar/v1/counted.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/objectives.h"
#include "server/coordinator/core.h"
#include "server/coordinator/dataset_validation.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/state_table.h"
#include "server/coordinator/study_validation.h"
#include "server/coordinator/warm_start.h"
#include "server/sampling/grid_sampler.h"

namespace caviar::coordinator {
namespace {

std::string FailureText(int32_t number, const std::string& message) {
  return absl::StrCat("trial ", number, " failed", message.empty() ? "" : ": ", message);
}

// A study's message may be of something else by now.
std::string LastFailure(const StudyState& study) {
  const TrialState* last = nullptr;
  for (const TrialState& trial : study.trials) {
    if (trial.row.state != v1::Trial::FAILED) continue;
    if (last == nullptr || trial.row.final_order > last->row.final_order) last = &trial;
  }
  return last == nullptr ? "" : FailureText(last->row.number, last->row.message);
}

// A study whose first trials all fail has a mistake in it; going on would burn a cluster's night.
constexpr int kFailuresInARow = 5;

// How often it is stored how long a study was ACTIVE: so much may be forgotten where the process
// dies. One whose time is limited may also forget this part of its limit at most.
constexpr absl::Duration kNotesApart = absl::Seconds(10);
constexpr int kNotesALimit = 100;
constexpr int kNotedABatch = 100;

// Below what could overflow.
int64_t StepsOf(const StudyState& study) {
  const int64_t most = int64_t{1} << 60;
  return std::accumulate(study.trials.begin(), study.trials.end(), int64_t{0},
                         [most](int64_t sum, const TrialState& trial) {
                           return std::min(most, sum + trial.row.last_step.value_or(0));
                         });
}

}  // namespace

absl::StatusOr<StudyState*> Core::FindStudy(const std::string& name) {
  const auto found = state_.study_ids.find(name);
  if (found == state_.study_ids.end()) {
    return absl::NotFoundError(
        absl::StrCat("there is no study '", name, "'; 'caviar study list' shows those there are"));
  }
  return &state_.studies.at(found->second);
}

v1::Study Core::Message(const StudyState& study) const {
  storage::StudyReading reading;
  reading.study = study.row;
  reading.counts = study.counts;
  if (study.best) reading.best = study.trials[*study.best].row;
  reading.evaluation = study.evaluation;
  reading.evaluated = study.evaluated;
  return ToMessage(reading, WallMicros());
}

void Core::Put(StudyState& study) {
  dirty_.insert(study.row.id);
  changed_.insert(study.row.definition.name());
  batch_.push_back(study.row);
}

absl::Duration Core::ActiveTime(const StudyState& study) const {
  absl::Duration active = absl::Microseconds(study.row.active_time);
  if (study.row.state == v1::Study::ACTIVE) active += deps_.clock.Steady() - study.active_since;
  return active;
}

void Core::NoteActiveTimes(absl::Duration now) {
  const bool all = std::exchange(notes_all_, false);
  if (now < next_note_ && !all) return;
  next_note_ = now + absl::Seconds(1);
  // Where nothing else is written, only of those that their time ends, or that get somewhere.
  const bool alone = batch_.empty();
  if (alone && !all && store_health_.doubted()) return;
  int left = all ? std::numeric_limits<int>::max() : kNotedABatch;
  for (auto& [id, study] : state_.studies) {
    if (study.row.state != v1::Study::ACTIVE) continue;
    const v1::Limits& limits = study.row.definition.limits();
    if (!all && alone && !limits.has_max_duration() && study.running.empty()) continue;
    const absl::Duration apart = std::min(
        kNotesApart, limits.has_max_duration() ? FromMessage(limits.max_duration()) / kNotesALimit
                                               : absl::InfiniteDuration());
    if (!all && study.is_noted && now - study.active_since < apart) continue;
    StartActiveTime(study);
    batch_.push_back(study.row);
    if (--left == 0) return;
  }
}

void Core::ForgetTime(absl::Duration lasted) {
  const absl::Duration now = deps_.clock.Steady();
  for (auto& [id, study] : state_.studies) {
    study.active_since = std::min(study.active_since + lasted, now);
  }
}

void Core::StartActiveTime(StudyState& study) {
  const absl::Duration active = ActiveTime(study);
  study.row.active_time = absl::ToInt64Microseconds(active);
  study.row.active_since = WallMicros();
  study.active_since = deps_.clock.Steady();
  study.is_noted = true;
}

void Core::MoveStudy(StudyState& study, v1::Study::State to, const std::string& message) {
  GOOGLE_CHECK(MayMove(study.row.state, to))
      << v1::Study::State_Name(study.row.state) << " -> " << v1::Study::State_Name(to);
  StartActiveTime(study);
  study.row.state = to;
  study.row.message = message;
  if (to != v1::Study::ACTIVE) study.row.active_since = 0;
  study.starved_since.reset();
  state_.open.insert(study.row.id);
  Put(study);
  if (to == v1::Study::ACTIVE) Activate(study);
}

void Core::Activate(StudyState& study) {
  study.failures_in_a_row = 0;
  study.final_when_activated = storage::FinalTrials(study.counts);
  batch_.push_back(storage::StudyActivationRow{study.row.id, study.final_when_activated});
}

absl::StatusOr<v1::Study> Core::CreateStudy(const v1::CreateStudyRequest& request) {
  if (auto violations = ValidateStudy(request.study()); !violations.empty()) {
    return error::InvalidFields(std::move(violations));
  }
  if (auto excess = FindExcess(request.study(), {}, options_.limits); !excess.empty()) {
    return error::InvalidFields(std::move(excess));
  }
  StudyState study;
  study.row.definition = request.study();
  FillDefaults(study.row.definition);
  v1::Study& definition = study.row.definition;
  const auto create = [&]() -> absl::StatusOr<v1::Study> {
    if (state_.study_ids.contains(definition.name())) {
      return error::WithReason(
          absl::AlreadyExistsError(absl::StrCat(
              "a study named '", definition.name(), "' exists already; change it with 'caviar ",
              "study update ", definition.name(), "', name this one otherwise with --name, keep ",
              "what is there with --if-not-exists, or 'caviar study delete ", definition.name(),
              "' first")),
          error::kNameTaken);
    }
    if (state_.studies.size() >= static_cast<size_t>(options_.limits.studies)) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "there are ", state_.studies.size(), " studies, and ",
          AtMost(options_.limits.studies, "--max-studies"), "; 'caviar study delete' makes room"));
    }
    if (!definition.sampler().has_seed()) {
      definition.mutable_sampler()->set_seed(static_cast<uint32_t>(deps_.randomness.Draw()));
    }
    auto space =
        search_space::SearchSpace::Create(definition.parameters(), definition.linear_constraints());
    if (!space.ok()) return space.status();
    auto sampler = sampling::MakeSampler(definition.sampler());
    if (!sampler.ok()) return sampler.status();
    study.space = std::make_shared<const search_space::SearchSpace>(*std::move(space));
    study.sampler = *std::move(sampler);
    study.pruner = pruning::MakePruner(definition);
    auto warm_start = TakeWarmStart(study);
    if (!warm_start.ok()) return warm_start.status();
    study.known = ListKnown(definition, *study.space);
    study.other_metrics = OtherMetrics(definition);
    study.row.state = v1::Study::ACTIVE;
    study.row.create_time = WallMicros();
    study.active_since = deps_.clock.Steady();
    StartActiveTime(study);
    const std::string grid = definition.sampler().algorithm() == v1::Sampler::GRID
                                 ? sampling::DescribeGridCost(sampling::CostOfGrid(*study.space))
                                 : "";
    const auto answer = [&](const StudyState& created) {
      v1::Study message = Message(created);
      if (!grid.empty()) message.set_sampler_reason(grid);
      return message;
    };
    if (request.validate_only()) return answer(study);

    const int64_t id = study.row.id = state_.counters.next_study_id++;
    state_.study_ids[definition.name()] = id;
    state_.open.insert(id);
    StudyState& stored = state_.studies.emplace(id, std::move(study)).first->second;
    Put(stored);
    Activate(stored);
    batch_.push_back(
        storage::StudyRevisionRow{id, 1, stored.row.definition, 0, stored.row.create_time});
    placement_changed_ = true;
    for (storage::WarmStartTrialRow& row : *warm_start) {
      row.study_id = id;
      batch_.push_back(std::move(row));
    }
    return answer(stored);
  };
  if (request.validate_only()) return create();
  return Once<v1::Study>(request, "CreateStudy", create);
}

absl::StatusOr<std::vector<storage::WarmStartTrialRow>> Core::TakeWarmStart(
    StudyState& study) const {
  v1::Study& definition = study.row.definition;
  std::vector<const StudyState*> earlier;
  for (int i = 0; i < definition.warm_start_size(); ++i) {
    const auto found = state_.study_ids.find(definition.warm_start(i));
    if (found == state_.study_ids.end()) {
      return absl::NotFoundError(absl::StrCat("warm_start[", i, "]: there is no study '",
                                              definition.warm_start(i),
                                              "'; 'caviar study list' shows those there are"));
    }
    earlier.push_back(&state_.studies.at(found->second));
  }
  auto rows = CopyTrials(definition, *study.space, earlier);
  if (!rows.ok() || rows->empty()) return rows;
  auto observations = ToObservations(*study.space, *rows);
  if (!observations.ok()) return observations.status();
  study.warm_start = *std::move(observations);
  return rows;
}

absl::StatusOr<v1::Study> Core::StopStudy(const v1::StopStudyRequest& request) {
  return Once<v1::Study>(request, "StopStudy", [&]() -> absl::StatusOr<v1::Study> {
    auto found = FindStudy(request.study());
    if (!found.ok()) return found.status();
    StudyState& study = **found;
    if (study.row.state == v1::Study::ENDED) {
      return absl::FailedPreconditionError(
          absl::StrCat("study '", request.study(), "' has ended already"));
    }
    if (request.end()) {
      EndStudy(study, v1::Study::PERSON, "ended by a person");
    } else if (study.row.state == v1::Study::ACTIVE) {
      MoveStudy(study, v1::Study::STOPPED, "stopped by a person");
    }
    return Message(study);
  });
}

absl::StatusOr<v1::Study> Core::ResumeStudy(const v1::ResumeStudyRequest& request) {
  return Once<v1::Study>(request, "ResumeStudy", [&]() -> absl::StatusOr<v1::Study> {
    auto found = FindStudy(request.study());
    if (!found.ok()) return found.status();
    StudyState& study = **found;
    if (study.row.state == v1::Study::ENDED) {
      return absl::FailedPreconditionError(
          absl::StrCat("study '", request.study(), "' has ended (",
                       v1::Study::EndReason_Name(study.row.end_reason), "); 'caviar study update ",
                       request.study(), "' with wider limits lets it go on"));
    }
    if (!MayGrow(study) && !HasOpenTrials(study)) return TooManyTrials(study);
    if (study.row.state == v1::Study::STOPPED) MoveStudy(study, v1::Study::ACTIVE, "");
    return Message(study);
  });
}

absl::StatusOr<v1::DeleteStudyResponse> Core::DeleteStudy(const v1::DeleteStudyRequest& request) {
  return Once<v1::DeleteStudyResponse>(
      request, "DeleteStudy", [&]() -> absl::StatusOr<v1::DeleteStudyResponse> {
        auto found = FindStudy(request.study());
        if (!found.ok()) return found.status();
        StudyState& study = **found;
        const int64_t id = study.row.id;
        for (int32_t number : study.running) {
          ReleaseLease(*study.trials[number].attempt);
        }
        if (study.evaluation && study.evaluation->state == v1::TestEvaluation::RUNNING) {
          ReleaseLease(*study.evaluation);
        }
        for (TrialState& trial : study.trials) {
          trial.artifacts.clear();
          DropShared(study, trial);
          if (trial.attempt) ForgetToken(state_, *trial.attempt);
        }
        if (study.evaluation) ForgetToken(state_, *study.evaluation);
        study.row.deleted = true;
        Put(study);
        dirty_.erase(id);
        state_.ending.erase(id);
        state_.open.erase(id);
        state_.study_ids.erase(request.study());
        state_.studies.erase(id);
        // Rows are there to be erased only after this commit.
        after_commit_.push_back([this, id] { state_.erasing.insert(id); });
        return v1::DeleteStudyResponse();
      });
}

void Core::EndStudy(StudyState& study, v1::Study::EndReason reason, const std::string& message) {
  study.row.end_reason = reason;
  study.row.end_time = WallMicros();
  MoveStudy(study, v1::Study::ENDED, message);
  study.ready.clear();
  study.requested.clear();
  study.waiting_for_fresh.reset();
  state_.ending.insert(study.row.id);
  GoOnEnding(study, 200);
}

void Core::BeginEvaluation(StudyState& study) {
  if (!MayHaveTestSet(study.row.definition) || !study.best) return;
  const int32_t evaluated = BestRepeat(study, *study.best);
  // It went on after an end, and found nothing better: the test set has been asked about that one.
  const bool known = study.evaluation && study.evaluated == evaluated &&
                     study.evaluation->state == v1::TestEvaluation::COMPLETED;
  if (known) return;
  if (study.evaluation && study.evaluation->token_counter > 0) {
    ForgetToken(state_, *study.evaluation);
  }
  state_.open.insert(study.row.id);
  study.evaluated = evaluated;
  storage::EvaluationRow evaluation;
  evaluation.study_id = study.row.id;
  evaluation.time = WallMicros();
  const auto& best = study.trials[*study.evaluated];
  evaluation.trial_id = best.row.id;
  const storage::ArtifactRow* weights = best.Newest(v1::Artifact::WEIGHTS);
  if (weights == nullptr || weights->attempt != best.attempt->number ||
      weights->step != best.row.objective_step) {
    evaluation.state = v1::TestEvaluation::FAILED;
    evaluation.message = absl::StrCat("the weights of trial ", best.row.number, " at step ",
                                      *best.row.objective_step, " were not stored");
  }
  study.evaluation = evaluation;
  batch_.push_back(std::move(evaluation));
}

void Core::GoOnEnding(StudyState& study, int limit) {
  CancelTrials(study, limit);
  SettleRest(study, limit);
  changed_.insert(study.row.definition.name());  // also where only what repeats came to is said
  if (IsEnding(study)) return;
  state_.ending.erase(study.row.id);
  // Not before: what the end cuts short may still be the best of a study with repeats.
  BeginEvaluation(study);
  if (options_.tell_ends) TellEnd(study);
}

void Core::SettleRest(StudyState& study, int limit) {
  for (const int32_t index : study.to_repeat) {
    if (limit == 0) return;
    if (IsSettled(study, index)) continue;
    Settle(study, index, std::nullopt);
    --limit;
  }
}

void Core::CancelTrials(StudyState& study, int& limit) {
  const std::string message =
      absl::StrCat("the study ended: ", v1::Study::EndReason_Name(study.row.end_reason));
  for (; limit > 0 && HasOpenTrials(study); --limit) {
    const std::set<int32_t>& numbers = !study.running.empty()   ? study.running
                                       : !study.waiting.empty() ? study.waiting
                                                                : study.paused;
    TrialState& trial = study.trials[*numbers.begin()];
    if (trial.row.state == v1::Trial::RUNNING) {
      CloseAttempt(trial, v1::Attempt::CANCELLED, message);
    }
    if (trial.row.state == v1::Trial::PAUSED) {
      // Why it paused is why it is no better.
      MoveTrial(study, trial, v1::Trial::PRUNED, absl::StrCat(trial.row.message, "; ", message));
    } else {
      MoveTrial(study, trial, v1::Trial::CANCELLED, message);
    }
  }
}

void Core::NoteFailure(StudyState& study, int32_t number, const std::string& message) {
  // An asker decides for itself when to give up.
  if (!study.row.definition.trainer().has_external() && study.counts.completed() == 0) {
    ++study.failures_in_a_row;
  }
  // A STOPPED study's message says why it stopped, and how it goes on.
  if (study.row.state != v1::Study::ACTIVE) return;
  study.row.message = FailureText(number, message);
  Put(study);
}

bool Core::StepsAreUsedUp(const StudyState& study) {
  const v1::Limits& limits = study.row.definition.limits();
  return limits.has_max_steps() && StepsOf(study) >= limits.max_steps();
}

std::optional<Core::End> Core::FindEnd(const StudyState& study) const {
  const v1::Limits& limits = study.row.definition.limits();
  const v1::Objective& objective = study.row.definition.objective();
  const bool repeats = RepeatsOf(study.row.definition) > 1;
  if (study.best && objective.has_target()) {
    const double best = *ObjectiveOf(study, *study.best);
    if (vocabulary::Loss(objective, best) <= vocabulary::Loss(objective, objective.target())) {
      return End{v1::Study::TARGET,
                 absl::StrFormat("trial %d%s reached the target: %g", *study.best,
                                 repeats ? " and its repeats, in the mean," : "", best)};
    }
  }
  if (limits.has_max_failed() && study.counts.failed() >= limits.max_failed()) {
    return End{v1::Study::MAX_FAILED,
               absl::StrCat(vocabulary::Counted(study.counts.failed(), "trial"),
                            " failed; the last: ", LastFailure(study))};
  }
  if (limits.has_no_gain() && study.best) {
    const int64_t since = static_cast<int64_t>(study.history.size()) -
                          study.configurations[ConfigurationOf(study, *study.best)].place;
    if (since >= limits.no_gain().trials()) {
      return End{v1::Study::NO_GAIN,
                 absl::StrCat("none of the ", since, repeats ? " configurations" : " trials",
                              " that ended after trial ", *study.best,
                              repeats ? " and its repeats" : "", " was better (limits.no_gain)")};
    }
  }
  // The last one may have trained all and not said yet how it ended.
  if (limits.has_max_steps() && (StepsOf(study) > limits.max_steps() ||
                                 (StepsOf(study) == limits.max_steps() && study.running.empty()))) {
    return End{v1::Study::MAX_STEPS,
               absl::StrCat("its trials trained ", vocabulary::Counted(StepsOf(study), "step"),
                            " in all")};
  }
  if (NothingIsNew(study) && study.running.empty() && study.waiting.empty() &&
      !MayGoOnByPromotion(study)) {
    if (AllHandedOut(study)) return End{v1::Study::MAX_TRIALS, ""};
    return End{v1::Study::EXHAUSTED,
               absl::StrCat("all ", study.configurations.size(), " configurations were tried")};
  }
  if (limits.has_max_duration() && ActiveTime(study) >= FromMessage(limits.max_duration())) {
    return End{v1::Study::MAX_DURATION, ""};
  }
  return std::nullopt;
}

void Core::CheckLimits(StudyState& study) {
  if (study.row.state == v1::Study::ENDED) return;
  if (const auto end = FindEnd(study)) return EndStudy(study, end->reason, end->message);
  GoOnByPromotion(study);
  if (study.row.state == v1::Study::ACTIVE && study.failures_in_a_row >= kFailuresInARow) {
    MoveStudy(study, v1::Study::STOPPED,
              absl::StrCat(study.failures_in_a_row,
                           " trials failed and none succeeded; the last: ", LastFailure(study),
                           ". Mend it, then: caviar study resume ", study.row.definition.name()));
  }
  // Not its own limit, so not its end: with room for more it goes on.
  if (study.row.state == v1::Study::ACTIVE && IsFull(study)) {
    MoveStudy(study, v1::Study::STOPPED,
              absl::StrCat(TooManyTrials(study).message(), ". With room for more: caviar study ",
                           "resume ", study.row.definition.name()));
  }
}

}  // namespace caviar::coordinator
