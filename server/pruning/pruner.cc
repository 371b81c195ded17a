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

AshaRules RulesOf(const v1::Pruner& pruner, int64_t max_step) {
  AshaRules rules;
  rules.eta = pruner.has_eta() ? pruner.eta() : kDefaultEta;
  rules.pause = pruner.mode() == v1::Pruner::PROMOTE;
  const int64_t eta = rules.eta;
  const int64_t grace = pruner.has_grace()
                            ? pruner.grace()
                            : std::max<int64_t>({1, std::min(kFirstRung, max_step / eta),
                                                 max_step / (eta * eta * eta)});
  rules.rungs = MakeRungs(grace, rules.eta, max_step);
  return rules;
}

}  // namespace

int64_t MaxStep(const v1::Study& study) {
  if (study.trainer().has_batch_norm_network()) {
    return study.trainer().batch_norm_network().epochs();
  }
  return study.pruner().max_step();
}

std::unique_ptr<Pruner> MakePruner(const v1::Study& study) {
  const v1::Pruner& pruner = study.pruner();
  const bool maximize = study.objective().goal() == v1::Objective::MAXIMIZE;
  switch (pruner.algorithm()) {
    case v1::Pruner::MEDIAN: {
      MedianRules rules;
      if (pruner.has_grace()) rules.grace = pruner.grace();
      if (pruner.has_warm_up()) rules.warm_up = pruner.warm_up();
      return std::make_unique<MedianPruner>(rules, maximize);
    }
    case v1::Pruner::ASHA:
      return std::make_unique<AshaPruner>(RulesOf(pruner, MaxStep(study)), maximize);
    case v1::Pruner::HYPERBAND:
      return std::make_unique<HyperbandPruner>(RulesOf(pruner, MaxStep(study)), maximize);
    case v1::Pruner::WILCOXON: {
      WilcoxonRules rules;
      if (pruner.has_warm_up()) rules.warm_up = pruner.warm_up();
      if (pruner.has_p_value()) rules.p_value = pruner.p_value();
      return std::make_unique<WilcoxonPruner>(rules, maximize);
    }
    default:
      return nullptr;
  }
}

std::string Pruner::Show(double value) const {
  return absl::StrFormat("%.6g", maximize_ ? -value : value);
}

}  // namespace caviar::pruning
