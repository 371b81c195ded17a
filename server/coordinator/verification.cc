#include "server/coordinator/verification.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "caviar/v1/vocabulary.h"
#include "server/coordinator/repeats.h"
#include "server/coordinator/study_replay.h"
#include "server/coordinator/suggestion_input.h"
#include "server/coordinator/warm_start.h"
#include "server/sampling/numerics.h"
#include "server/sampling/sobol_sampler.h"

namespace caviar::coordinator {
namespace {

using search_space::Configuration;

constexpr int kTrialsAPage = 100;

std::string MakerText(int32_t version, const std::string& numerics) {
  return absl::StrCat("samplers of version ", version, ", ", numerics);
}

int32_t CountAll(const v1::TrialCounts& counts) {
  return counts.waiting() + counts.running() + counts.paused() + counts.completed() +
         counts.pruned() + counts.failed() + counts.infeasible() + counts.cancelled();
}

bool AreEqual(const v1::Value& a, const v1::Value& b) {
  return a.kind_case() == b.kind_case() && vocabulary::ValueKey(a) == vocabulary::ValueKey(b);
}

// The first parameter that differs; "": none does.
std::string FindDifferent(const Configuration& a, const Configuration& b) {
  for (const auto& [name, value] : a) {
    const auto other = b.find(name);
    if (other == b.end() || !AreEqual(value, other->second)) return name;
  }
  for (const auto& [name, value] : b) {
    if (!a.contains(name)) return name;
  }
  return "";
}

std::string ValueText(const Configuration& configuration, const std::string& parameter) {
  const auto found = configuration.find(parameter);
  return found == configuration.end() ? "none" : vocabulary::FormatValue(found->second);
}

class Verification {
 public:
  Verification(storage::Reader& reader, const storage::StudyReading& study, StudyState state,
               std::vector<storage::StudyRevisionRow> revisions)
      : reader_(reader),
        study_(study),
        metric_(vocabulary::FirstObjective(study.study.definition).metric()),
        replay_(std::move(state), std::move(revisions),
                [this](int32_t number, const std::string& stored, const std::string& computed) {
                  CheckDecision(number, stored, computed);
                }) {
    found_.set_total_trials(CountAll(study.counts));
    found_.set_this_maker(MakerText(sampling::kSamplerVersion, numerics_));
  }

  absl::StatusOr<v1::VerifyStudyResponse> Run(const OnVerified& on_verified) {
    storage::TrialQuery query;
    query.study_id = study_.study.id;
    query.limit = kTrialsAPage;
    while (found_.trials() < found_.total_trials()) {
      query.offset = found_.trials();
      auto page = reader_.ListTrials(query, /*full=*/false);
      if (!page.ok()) return page.status();
      if (page->empty()) {
        return absl::NotFoundError(absl::StrCat("study '", study_.study.definition.name(),
                                                "' was deleted while it was verified"));
      }
      for (storage::TrialReading& trial : *page) {
        if (found_.trials() == found_.total_trials()) break;
        if (!on_verified(found_)) return absl::CancelledError("the verification was ended");
        if (absl::Status status = Check(std::move(trial)); !status.ok()) return status;
      }
    }
    replay_.AdvanceTo(study_.commit);
    found_.set_done(true);
    return std::move(found_);
  }

 private:
  absl::Status Check(storage::TrialReading reading) {
    StoredTrial trial{std::move(reading.trial), std::move(reading.attempts), {}, {}};
    const storage::TrialRow& row = trial.row;
    if (row.number != found_.trials()) {
      return absl::DataLossError(absl::StrCat("study '", study_.study.definition.name(),
                                              "': trial ", found_.trials(), " is missing"));
    }
    if (replay_.HasPruner()) {
      auto measurements = reader_.ListMeasurements(row.id, metric_);
      if (!measurements.ok()) return measurements.status();
      trial.measurements = *std::move(measurements);
      auto decisions = reader_.ListPrunerDecisions(row.id);
      if (!decisions.ok()) return decisions.status();
      trial.decisions = *std::move(decisions);
    }
    // A repeat's suggestion is its first trial's.
    if (row.repeat_of.value_or(row.number) == row.number) {
      replay_.AdvanceTo(std::min(row.suggestion_commit, row.create_commit - 1));
    }
    if (absl::Status used = replay_.UseRevision(row.revision); !used.ok()) return used;
    CheckConfiguration(row);
    found_.set_trials(found_.trials() + 1);
    return replay_.Add(std::move(trial));
  }

  void CheckConfiguration(const storage::TrialRow& row) {
    const StudyState& study = replay_.study();
    switch (row.origin) {
      case v1::Trial::ADDED:
        return found_.set_added(found_.added() + 1);
      case v1::Trial::REPEAT: {
        const int32_t first = row.repeat_of.value_or(row.number);
        if (first >= row.number) return Differ(row.number, "", "a repeat", "of no trial before it");
        const storage::TrialRow& repeated = study.trials[static_cast<size_t>(first)].row;
        return Compare(row, repeated.parameters, &v1::VerifyStudyResponse::set_equal_repeats,
                       found_.equal_repeats());
      }
      case v1::Trial::KNOWN:
      case v1::Trial::DEFAULT:
        if (study.known_made >= study.known.size()) {
          return Differ(row.number, "", "a configuration of the study's definition", "none");
        }
        return Compare(row, study.known[study.known_made].configuration,
                       &v1::VerifyStudyResponse::set_equal_known, found_.equal_known());
      default:
        return CheckSuggestion(row);
    }
  }

  void CheckSuggestion(const storage::TrialRow& row) {
    if (row.sampler_version != sampling::kSamplerVersion || row.numerics_fingerprint != numerics_) {
      not_comparable_.insert(row.number);
      found_.set_not_comparable(found_.not_comparable() + 1);
      if (found_.other_maker().empty()) {
        found_.set_other_maker(MakerText(row.sampler_version, row.numerics_fingerprint));
      }
      return;
    }
    const StudyState& study = replay_.study();
    const bool stands_in = row.origin == v1::Trial::STAND_IN;
    if (!stands_in && NeedsHistory(study) && row.suggestion_commit >= row.create_commit) {
      return Differ(row.number, "", absl::StrCat("the sampler saw commit ", row.suggestion_commit),
                    absl::StrCat("the trial is there since commit ", row.create_commit));
    }
    const auto index = static_cast<int32_t>(study.configurations.size());
    const sampling::SamplerInput input = MakeInput(study, index);
    sampling::SobolSampler sobol;
    sampling::Sampler& sampler =
        stands_in ? static_cast<sampling::Sampler&>(sobol) : *study.sampler;
    const auto computed = sampling::Suggest(sampler, *study.space, input);
    if (!computed) {
      return Differ(row.number, "", "a configuration", "none: all were tried");
    }
    if (stands_in) {
      Compare(row, *computed, &v1::VerifyStudyResponse::set_equal_stand_ins,
              found_.equal_stand_ins());
    } else {
      Compare(row, *computed, &v1::VerifyStudyResponse::set_equal, found_.equal());
    }
  }

  void Compare(const storage::TrialRow& row, const Configuration& computed,
               void (v1::VerifyStudyResponse::*set_equal)(int32_t), int32_t equal) {
    const std::string different = FindDifferent(row.parameters, computed);
    if (different.empty()) return (found_.*set_equal)(equal + 1);
    Differ(row.number, different, ValueText(row.parameters, different),
           ValueText(computed, different));
  }

  void CheckDecision(int32_t number, const std::string& stored, const std::string& computed) {
    if (not_comparable_.contains(number)) return;
    if (stored == computed) return found_.set_equal_decisions(found_.equal_decisions() + 1);
    Differ(number, "", stored.empty() ? "no decision of the pruner" : stored,
           computed.empty() ? "no decision of the pruner" : computed);
  }

  void Differ(int32_t number, const std::string& parameter, const std::string& stored,
              const std::string& computed) {
    found_.set_differences(found_.differences() + 1);
    if (found_.has_first_difference()) return;
    v1::StoredDifference& first = *found_.mutable_first_difference();
    first.set_trial(number);
    first.set_parameter(parameter);
    first.set_stored(stored);
    first.set_computed(computed);
  }

  storage::Reader& reader_;
  const storage::StudyReading& study_;
  const std::string metric_;
  const std::string numerics_ = sampling::NumericsFingerprint();
  v1::VerifyStudyResponse found_;
  std::set<int32_t> not_comparable_;
  StudyReplay replay_;
};

}  // namespace

absl::StatusOr<v1::VerifyStudyResponse> VerifyStudy(storage::Reader& reader,
                                                    const storage::StudyReading& study,
                                                    const OnVerified& on_verified) {
  auto revisions = reader.ListStudyRevisions(study.study.id);
  if (!revisions.ok()) return revisions.status();
  storage::StudyRow first = study.study;
  if (!revisions->empty()) first.definition = revisions->front().definition;
  auto state = MakeStudyState(std::move(first));
  if (!state.ok()) return state.status();
  const auto rows = reader.ListWarmStartTrials(study.study.id);
  if (!rows.ok()) return rows.status();
  if (!rows->empty()) {
    auto warm_start = ToObservations(*state->space, *rows);
    if (!warm_start.ok()) return warm_start.status();
    state->warm_start = *std::move(warm_start);
  }
  return Verification(reader, study, *std::move(state), *std::move(revisions)).Run(on_verified);
}

}  // namespace caviar::coordinator
