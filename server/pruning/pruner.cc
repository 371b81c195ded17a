#include "server/pruning/pruner.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/pruning/asha_pruner.h"
#include "server/pruning/hyperband_pruner.h"
#include "server/pruning/median_pruner.h"
#include "server/pruning/wilcoxon_pruner.h"

namespace caviar::pruning {
namespace {

constexpr int32_t kDefaultEta = 3;
// Learning curves cross in their first steps: a first rung at step 1 loses the best trial in a
// quarter of the searches.
constexpr int64_t kFirstRung = 3;

constexpr int kMedianWarmUp = 5;
constexpr int kWilcoxonWarmUp = 4;
constexpr double kPValue = 0.1;

AshaRules RulesOf(const v1::Pruner& pruner, int64_t max_step) {
  AshaRules rules;
  rules.eta = pruner.eta();
  rules.pause = pruner.mode() == v1::Pruner::PROMOTE;
  rules.rungs = MakeRungs(pruner.grace(), rules.eta, max_step);
  return rules;
}

void FillRungDefaults(int64_t max_step, v1::Pruner& pruner) {
  if (pruner.mode() == v1::Pruner::MODE_UNSPECIFIED) pruner.set_mode(v1::Pruner::STOP);
  if (!pruner.has_eta()) pruner.set_eta(kDefaultEta);
  if (pruner.has_grace()) return;
  const int64_t eta = pruner.eta();
  pruner.set_grace(
      std::max<int64_t>({1, std::min(kFirstRung, max_step / eta), max_step / (eta * eta * eta)}));
}

}  // namespace

int64_t MaxStep(const v1::Study& study) {
  if (study.trainer().has_batch_norm_network()) {
    return study.trainer().batch_norm_network().epochs();
  }
  return study.pruner().max_step();
}

void FillDefaults(v1::Study& study) {
  if (!study.has_pruner()) return;
  v1::Pruner& pruner = *study.mutable_pruner();
  switch (pruner.algorithm()) {
    case v1::Pruner::ALGORITHM_UNSPECIFIED:
      pruner.set_algorithm(v1::Pruner::NONE);
      break;
    case v1::Pruner::MEDIAN:
      if (!pruner.has_grace()) pruner.set_grace(1);
      if (!pruner.has_warm_up()) pruner.set_warm_up(kMedianWarmUp);
      break;
    case v1::Pruner::ASHA:
    case v1::Pruner::HYPERBAND:
      FillRungDefaults(MaxStep(study), pruner);
      break;
    case v1::Pruner::WILCOXON:
      if (!pruner.has_warm_up()) pruner.set_warm_up(kWilcoxonWarmUp);
      if (!pruner.has_p_value()) pruner.set_p_value(kPValue);
      break;
    default:
      break;
  }
}

std::unique_ptr<Pruner> MakePruner(const v1::Study& study) {
  v1::Study filled;
  *filled.mutable_trainer() = study.trainer();
  *filled.mutable_pruner() = study.pruner();
  FillDefaults(filled);
  const v1::Pruner& pruner = filled.pruner();
  const int64_t max_step = MaxStep(filled);
  const bool maximize = study.objective().goal() == v1::Objective::MAXIMIZE;
  switch (pruner.algorithm()) {
    case v1::Pruner::MEDIAN:
      return std::make_unique<MedianPruner>(MedianRules{pruner.grace(), pruner.warm_up()},
                                            maximize);
    case v1::Pruner::ASHA:
      return std::make_unique<AshaPruner>(RulesOf(pruner, max_step), maximize);
    case v1::Pruner::HYPERBAND:
      return std::make_unique<HyperbandPruner>(RulesOf(pruner, max_step), maximize);
    case v1::Pruner::WILCOXON:
      return std::make_unique<WilcoxonPruner>(WilcoxonRules{pruner.warm_up(), pruner.p_value()},
                                              maximize);
    default:
      return nullptr;
  }
}

std::string Pruner::Show(double value) const {
  return absl::StrFormat("%.6g", maximize_ ? -value : value);
}

}  // namespace caviar::pruning
