#include "client/commands/options.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"

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

Option Option::Required() const { return Option(option_->required()); }

Option Option::Needs(Option other) const { return Option(option_->needs(other.option_)); }

Option Option::Excludes(Option other) const { return Option(option_->excludes(other.option_)); }

Option Option::OneOf(const std::vector<std::string>& words) const {
  return Option(option_->check(CLI::IsMember(words)));
}

// CLI11's own check speaks of doubles, and its conversion makes the largest number of one that is
// larger, so that a refusal would name what nobody wrote.
Option Option::Within(int64_t least, int64_t most) const {
  const auto check = [least, most](const std::string& text) {
    int64_t number = 0;
    if (absl::SimpleAtoi(text, &number) && number >= least && number <= most) return std::string();
    return absl::StrCat(vocabulary::Quoted(text), " is not a whole number from ", least, " to ",
                        most);
  };
  const std::string range = absl::StrCat("in [", least, " - ", most, "]");
  return Option(option_->check(CLI::Validator(check, range)));
}

Option Option::ExistingFolder() const { return Option(option_->check(CLI::ExistingDirectory)); }

Option Option::Check(const std::function<std::string(const std::string&)>& complaint) const {
  return Option(option_->check(complaint));
}

template <typename Value>
Option Command::AddOption(const std::string& name, Value& value, const std::string& about) const {
  return Option(app_->add_option(name, value, about));
}

template Option Command::AddOption(const std::string&, int&, const std::string&) const;
template Option Command::AddOption(const std::string&, std::optional<int>&,
                                   const std::string&) const;
template Option Command::AddOption(const std::string&, std::optional<int64_t>&,
                                   const std::string&) const;
template Option Command::AddOption(const std::string&, std::optional<double>&,
                                   const std::string&) const;
template Option Command::AddOption(const std::string&, std::string&, const std::string&) const;
template Option Command::AddOption(const std::string&, std::vector<int>&, const std::string&) const;
template Option Command::AddOption(const std::string&, std::vector<std::string>&,
                                   const std::string&) const;

Option Command::AddFlag(const std::string& name, bool& value, const std::string& about) const {
  return Option(app_->add_flag(name, value, about));
}

Command Command::AddCommand(const std::string& name, const std::string& about,
                            const std::function<void()>& run) const {
  CLI::App& command = *app_->add_subcommand(name, about);
  command.callback(run);
  return Command(&command);
}

Command Command::AddGroup(const std::string& name, const std::string& about) const {
  CLI::App& group = *app_->add_subcommand(name, about);
  group.require_subcommand(1);
  return Command(&group);
}

std::vector<std::string> Command::Names() const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app_->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (CLI::App* command : app_->get_subcommands([](CLI::App*) { return true; })) {
    names.push_back(command->get_name());
    const std::vector<std::string> inner = Command(command).Names();
    names.insert(names.end(), inner.begin(), inner.end());
  }
  return names;
}

OptionParser::OptionParser(const std::string& program, const std::string& about,
                           const std::string& version, const std::string& footer)
    : app_(std::make_unique<CLI::App>(about, program)) {
  app_->require_subcommand(1);
  app_->set_help_flag("-h,--help", "Print this help and exit");
  app_->set_version_flag("--version", version);
  app_->footer(footer);
}

OptionParser::~OptionParser() = default;

absl::StatusOr<bool> OptionParser::Parse(int argc, const char* const* argv, std::ostream& out) {
  try {
    app_->parse(argc, argv);
    return true;
  } catch (const CLI::Success& success) {
    app_->exit(success, out, out);
    return false;
  } catch (const CLI::ParseError& error) {
    const std::string unknown = UnknownCommand(*app_, argc, argv);
    return absl::InvalidArgumentError(unknown.empty() ? error.what() : unknown);
  }
}

}  // namespace caviar::commands
