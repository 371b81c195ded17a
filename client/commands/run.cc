#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "client/commands/command_line.h"
#include "client/commands/environment.h"
#include "client/commands/session.h"

namespace caviar::commands {
namespace {

// What is wrong with the name of a command, if that is what is wrong: "" otherwise.
std::string UnknownCommand(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* group = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.empty() && word[0] == '-') return "";  // its value could be any word
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const CLI::App* command : group->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
      if (command->get_name() == word) next = command;
    }
    if (names.empty()) return "";
    if (next == nullptr) {
      const std::string near = vocabulary::NearestName(word, names);
      return absl::StrCat("there is no command \"", word, "\"",
                          near.empty() ? "" : absl::StrCat("; did you mean \"", near, "\"?"));
    }
    group = next;
  }
  return "";
}

}  // namespace

int RunCaviar(int argc, const char* const* argv, Environment& environment) {
  CommandLine line;
  Session session(environment, line.options());
  try {
    line.app().parse(argc, argv);
  } catch (const CLI::Success& success) {
    return line.app().exit(success, environment.out, environment.err);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = UnknownCommand(line.app(), argc, argv);
    session.Complain(unknown.empty() ? error.what() : unknown);
    session.Complain("`caviar --help`, also behind a command, says what there is");
    return kWrongUsage;
  }
  const int code = line.run()(session);
  environment.out.flush();
  if (!environment.out && code == kDone) {
    session.Complain("not everything could be written to standard output");
    return kFailed;
  }
  return code;
}

}  // namespace caviar::commands
