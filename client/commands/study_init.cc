#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/command_line.h"
#include "client/study_file/presets.h"

namespace caviar::commands {

void AddStudyInit(CLI::App& study, CommandLine& line) {
  auto preset = std::make_shared<std::string>();
  CLI::App& command =
      line.AddLocal(study, "init", "Print a study file to start from", [preset](Session& session) {
        const auto text = study_file::Preset(*preset);
        if (!text.ok()) return session.FailUsage(text.status().message());
        session.out() << *text;
        return kDone;
      });
  command
      .add_option("--preset", *preset,
                  absl::StrCat("One of: ", absl::StrJoin(study_file::PresetNames(), ", ")))
      ->required();
}

}  // namespace caviar::commands
