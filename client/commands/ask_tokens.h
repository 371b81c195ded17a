// The tokens of asked trials, kept between `ask`, `report` and `tell` in the user's state folder:
// ${XDG_STATE_HOME:-~/.local/state}/caviar/asks/ADDRESS/STUDY/NUMBER.json
#ifndef CAVIAR_CLIENT_COMMANDS_ASK_TOKENS_H_
#define CAVIAR_CLIENT_COMMANDS_ASK_TOKENS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caviar/v1/trial.pb.h"
#include "client/commands/environment.h"

namespace caviar::commands {

// The files of one study on one coordinator. A token is the right to write a trial, so folders are
// 0700 and files 0600. Not thread safe; several processes may use a folder at once.
class AskTokens {
 public:
  // FAILED_PRECONDITION where neither XDG_STATE_HOME nor HOME says where.
  static absl::StatusOr<AskTokens> Open(const Environment& environment, const std::string& address,
                                        const std::string& study);

  // Makes the folder, so that a trial is not asked for in vain.
  absl::Status Prepare() const;
  // Atomically: there is the old file, or the new one.
  absl::Status Save(int number, const v1::FencingToken& token) const;
  // NOT_FOUND where this user did not ask for the trial.
  absl::StatusOr<v1::FencingToken> Load(int number) const;
  // Missing files are no error.
  void Remove(int number) const;

 private:
  AskTokens(std::string folder, std::string study)
      : folder_(std::move(folder)), study_(std::move(study)) {}
  std::string PathOf(int number) const;

  std::string folder_;
  std::string study_;
};

// `text` as the name of a file: all but letters, digits, `_`, `-` and inner dots as %XX.
std::string FileNameOf(const std::string& text);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_ASK_TOKENS_H_
