#include "server/coordinator/pruner_validation.h"

#include <limits>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/pruning/pruner.h"

namespace caviar::coordinator {
namespace {

constexpr int64_t kMaxStep = int64_t{1} << 53;

class PrunerCheck {
 public:
  PrunerCheck(const v1::Study& study, Violations& violations)
      : study_(study), pruner_(study.pruner()), violations_(violations) {}

  void Run() {
    using v1::Pruner;
    const Pruner::Algorithm algorithm = pruner_.algorithm();
    if (!Pruner::Algorithm_IsValid(algorithm)) {
      return violations_.Add("pruner.algorithm",
                             "is unknown: none, median, asha, hyperband or wilcoxon");
    }
    const bool rungs = algorithm == Pruner::ASHA || algorithm == Pruner::HYPERBAND;
    const bool median = algorithm == Pruner::MEDIAN, wilcoxon = algorithm == Pruner::WILCOXON;
    Belongs("mode", pruner_.mode() != Pruner::MODE_UNSPECIFIED, rungs);
    Belongs("eta", pruner_.has_eta(), rungs);
    Belongs("grace", pruner_.has_grace(), rungs || median);
    Belongs("warm_up", pruner_.has_warm_up(), median || wilcoxon);
    Belongs("p_value", pruner_.has_p_value(), wilcoxon);
    Belongs("max_step", pruner_.has_max_step(), rungs);
    if (rungs) CheckRungs();
    if (median && pruner_.has_grace()) {
      violations_.CheckRange("pruner.grace", pruner_.grace(), 1, kMaxStep);
    }
    if (pruner_.has_warm_up()) {
      violations_.CheckRange("pruner.warm_up", pruner_.warm_up(), wilcoxon ? 2 : 1,
                             std::numeric_limits<int32_t>::max());
    }
    // Written so that NaN is refused.
    if (pruner_.has_p_value() && !(pruner_.p_value() > 0 && pruner_.p_value() <= 0.5)) {
      violations_.Add("pruner.p_value",
                      absl::StrCat(pruner_.p_value(), " is out of range; above 0 and at most 0.5"));
    }
    if (wilcoxon && study_.trainer().has_batch_norm_network()) {
      violations_.Add("pruner.algorithm",
                      "wilcoxon compares instances that are measured one by one; the built-in "
                      "trainer's steps are epochs: median, asha or hyperband");
    }
  }

 private:
  void Belongs(const std::string& field, bool given, bool belongs) {
    if (!given || belongs) return;
    const std::string name = absl::AsciiStrToLower(v1::Pruner::Algorithm_Name(pruner_.algorithm()));
    violations_.Add("pruner." + field, absl::StrCat("has no meaning for the pruner ", name));
  }

  void CheckRungs() {
    if (!v1::Pruner::Mode_IsValid(pruner_.mode())) {
      violations_.Add("pruner.mode", "is unknown: stop or promote");
    }
    if (pruner_.mode() == v1::Pruner::PROMOTE && study_.trainer().has_external()) {
      violations_.Add("pruner.mode",
                      "promote pauses trials and lets them go on from a checkpoint, which asked "
                      "trials do not have: stop");
    }
    if (pruner_.mode() == v1::Pruner::PROMOTE && study_.trainer().has_command() &&
        !study_.trainer().command().resumable()) {
      violations_.Add(
          "pruner.mode",
          "promote pauses trials and lets them go on from a checkpoint: a program that "
          "writes and reads them says so by trainer.command.resumable: true; else stop");
    }
    if (pruner_.has_eta()) violations_.CheckRange("pruner.eta", pruner_.eta(), 2, 100);
    if (pruner_.has_max_step() && study_.trainer().has_batch_norm_network()) {
      return violations_.Add("pruner.max_step", "is the trainer's epochs, and not said again here");
    }
    const int64_t max_step = pruning::MaxStep(study_);
    if (!study_.trainer().has_batch_norm_network()) {
      if (!pruner_.has_max_step()) {
        return violations_.Add("pruner.max_step",
                               "is missing: the longest training, in steps as your program counts "
                               "them");
      }
      violations_.CheckRange("pruner.max_step", max_step, 2, kMaxStep);
    }
    if (max_step < 2) {
      return violations_.Add("pruner.algorithm",
                             absl::StrCat("trials of ", max_step,
                                          " step leave nothing to prune; raise the epochs, or "
                                          "write none"));
    }
    if (pruner_.has_grace()) {
      violations_.CheckRange("pruner.grace", pruner_.grace(), 1, max_step - 1);
    }
  }

  const v1::Study& study_;
  const v1::Pruner& pruner_;
  Violations& violations_;
};

}  // namespace

void CheckPruner(const v1::Study& study, Violations& violations) {
  PrunerCheck(study, violations).Run();
}

}  // namespace caviar::coordinator
