#include "client/commands/pruner_arguments.h"

#include "absl/strings/ascii.h"

namespace caviar::commands {

Option AddPrunerOptions(Command command, PrunerArguments& arguments) {
  Option pruner =
      command
          .AddOption("--pruner", arguments.algorithm, "none, median, asha, hyperband or wilcoxon")
          .OneOf({"none", "median", "asha", "hyperband", "wilcoxon"});
  command.AddOption("--mode", arguments.mode, "Of asha and hyperband: stop (default) or promote")
      .Needs(pruner)
      .OneOf({"stop", "promote"});
  command
      .AddOption("--grace", arguments.grace,
                 "First rung; of median, the first step at which a trial may end")
      .Needs(pruner);
  command.AddOption("--eta", arguments.eta, "At a rung the best 1/eta go on; default: 3")
      .Needs(pruner);
  command
      .AddOption("--warm-up", arguments.warm_up,
                 "Of median: trials that complete before any is ended; of wilcoxon: instances in "
                 "common")
      .Needs(pruner);
  command.AddOption("--p-value", arguments.p_value, "Of wilcoxon, in (0, 0.5]; default: 0.1")
      .Needs(pruner);
  command
      .AddOption("--max-step", arguments.max_step,
                 "The longest training, in steps, of a loop of one's own")
      .Needs(pruner);
  return pruner;
}

v1::Pruner ToPruner(const PrunerArguments& arguments) {
  v1::Pruner pruner;
  v1::Pruner::Algorithm algorithm = v1::Pruner::NONE;
  v1::Pruner::Algorithm_Parse(absl::AsciiStrToUpper(arguments.algorithm), &algorithm);
  pruner.set_algorithm(algorithm);
  v1::Pruner::Mode mode = v1::Pruner::MODE_UNSPECIFIED;
  if (!arguments.mode.empty()) {
    v1::Pruner::Mode_Parse(absl::AsciiStrToUpper(arguments.mode), &mode);
  }
  pruner.set_mode(mode);
  if (arguments.grace) pruner.set_grace(*arguments.grace);
  if (arguments.eta) pruner.set_eta(*arguments.eta);
  if (arguments.warm_up) pruner.set_warm_up(*arguments.warm_up);
  if (arguments.p_value) pruner.set_p_value(*arguments.p_value);
  if (arguments.max_step) pruner.set_max_step(*arguments.max_step);
  return pruner;
}

}  // namespace caviar::commands
