// ${name} in a study's texts.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_SUBSTITUTION_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_SUBSTITUTION_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/study.pb.h"
#include "worker/training/command/parameters.h"

namespace caviar::command {

class Substitution {
 public:
  // `places`: what names beside the parameters stand for, such as output_dir. A parameter of such a
  // name hides it. Both arguments outlive it.
  Substitution(const v1::Study& study, const std::vector<Parameter>& active,
               std::map<std::string, std::string> places);

  // `text` with each ${name} replaced, and $${ as ${. nullopt: it names a parameter that is
  // inactive, so that there is nothing to say. INVALID_ARGUMENT: a name that nothing has, with the
  // nearest one that something has.
  absl::StatusOr<std::optional<std::string>> Replace(absl::string_view text) const;

  // Of `run`: as Replace, with the argument ${args} replaced by all active parameters. Arguments
  // that name an inactive parameter are left out.
  absl::StatusOr<std::vector<std::string>> Run(const v1::Command& command) const;

 private:
  absl::StatusOr<std::optional<std::string>> Look(const std::string& name) const;
  std::vector<std::string> AllArguments(v1::Command::Arguments form) const;

  const v1::Study& study_;
  const std::vector<Parameter>& active_;
  const std::map<std::string, std::string> places_;
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_SUBSTITUTION_H_
