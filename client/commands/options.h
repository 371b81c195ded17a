// What a command takes. CLI11 itself is in the .cc: each file that includes it compiles it, for
// seconds.
#ifndef CAVIAR_CLIENT_COMMANDS_OPTIONS_H_
#define CAVIAR_CLIENT_COMMANDS_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace caviar::commands {

// The largest number of a trial, and all else that messages have as int32.
inline constexpr int64_t kLargestInt = std::numeric_limits<int32_t>::max();

// Each function returns the option again. What a word has to be is checked when the command line is
// parsed.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option Required() const;
  // Wrong usage without that one, or with it.
  Option Needs(Option other) const;
  Option Excludes(Option other) const;
  Option OneOf(const std::vector<std::string>& words) const;
  // A whole number; both bounds are included.
  Option Within(int64_t least, int64_t most) const;
  Option ExistingFolder() const;
  // `complaint` says what is wrong with a word: "" nothing.
  Option Check(const std::function<std::string(const std::string&)>& complaint) const;

 private:
  CLI::Option* option_;
};

// A command, or a group of them, of an OptionParser.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  // "--name", or "NAME" for one without a name; what is given goes into `value`, which has to live
  // on. The .cc names the types of values that there are.
  template <typename Value>
  Option AddOption(const std::string& name, Value& value, const std::string& about) const;
  Option AddFlag(const std::string& name, bool& value, const std::string& about) const;
  // A command of this group, and what is done where it was asked for.
  Command AddCommand(const std::string& name, const std::string& about,
                     const std::function<void()>& run) const;
  // A group, of whose commands one has to be asked for.
  Command AddGroup(const std::string& name, const std::string& about) const;
  // "--name" of each option and the name of each command, those of its commands among them.
  std::vector<std::string> Names() const;

 private:
  CLI::App* app_;
};

class OptionParser {
 public:
  // `version` and `footer` are printed as they are, the latter at the end of the help.
  OptionParser(const std::string& program, const std::string& about, const std::string& version,
               const std::string& footer);
  ~OptionParser();
  OptionParser(const OptionParser&) = delete;
  OptionParser& operator=(const OptionParser&) = delete;

  // The program, as the group of all its commands.
  Command top() const { return Command(app_.get()); }
  // Whether a command was asked for, and run; false: its help or the version, which is now on
  // `out`. INVALID_ARGUMENT: wrong usage. Called once.
  absl::StatusOr<bool> Parse(int argc, const char* const* argv, std::ostream& out);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_OPTIONS_H_
