#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/command_line.h"
#include "client/study_file/draft.h"
#include "client/study_file/presets.h"

namespace caviar::commands {
namespace {

struct InitArguments {
  std::string preset;
  std::vector<std::string> words;
};

int Init(const InitArguments& arguments, Session& session) {
  if (arguments.preset.empty() == arguments.words.empty()) {
    return session.FailUsage(
        "give either --preset, or -- and the command line of a program of your own: `caviar study "
        "init -- python3 train.py --lr 0.01 --layers 3`");
  }
  const auto text = arguments.words.empty() ? study_file::Preset(arguments.preset)
                                            : study_file::DraftStudyFile(arguments.words);
  if (!text.ok()) return session.FailUsage(text.status().message());
  session.out() << *text;
  return kDone;
}

}  // namespace

void AddStudyInit(Command study, CommandLine& line) {
  auto arguments = std::make_shared<InitArguments>();
  Command command =
      line.AddLocal(study, "init", "Print a study file to start from",
                    [arguments](Session& session) { return Init(*arguments, session); });
  command.AddOption("--preset", arguments->preset,
                    absl::StrCat("One of: ", absl::StrJoin(study_file::PresetNames(), ", ")));
  command.AddOption("COMMAND", arguments->words,
                    "Behind --: a program and its arguments, as you run it by hand; their values "
                    "become ranges");
}

}  // namespace caviar::commands
