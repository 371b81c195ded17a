#include "worker/training/command/environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace caviar::command {
namespace {

constexpr std::array<absl::string_view, 11> kNames = {
    "PATH",  "HOME",   "LANG", "LANGUAGE",        "USER",       "LOGNAME",
    "SHELL", "TMPDIR", "TZ",   "LD_LIBRARY_PATH", "VIRTUAL_ENV"};
constexpr std::array<absl::string_view, 3> kPrefixes = {"LC_", "CONDA_", "SLURM_"};
// In Slurm's names, but a secret: it speaks for the worker's user.
constexpr absl::string_view kSlurmToken = "SLURM_JWT";
constexpr absl::string_view kOurs = "CAVIAR_";
constexpr char kDefaultPath[] = "/usr/local/bin:/usr/bin:/bin";

bool IsPassedOn(absl::string_view name) {
  if (name == kSlurmToken) return false;
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [name](absl::string_view prefix) { return absl::StartsWith(name, prefix); });
}

}  // namespace

Environment OwnEnvironment() {
  Environment own;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const absl::string_view text = *variable;
    const size_t equals = text.find('=');
    if (equals == text.npos) continue;
    own.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return own;
}

absl::StatusOr<Environment> MakeEnvironment(const Environment& own, const v1::Command& command,
                                            const Substitution& substitution,
                                            const Environment& given) {
  Environment made;
  made["PATH"] = kDefaultPath;
  // So that what a program prints is seen when it prints it.
  made["PYTHONUNBUFFERED"] = "1";
  for (const auto& [name, value] : own) {
    const bool is_asked_for = std::find(command.pass_env().begin(), command.pass_env().end(),
                                        name) != command.pass_env().end();
    if ((IsPassedOn(name) || is_asked_for) && !absl::StartsWith(name, kOurs)) made[name] = value;
  }
  for (const auto& [name, text] : command.env()) {
    if (name.empty() || absl::StrContains(name, '=') || absl::StartsWith(name, kOurs)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "env: \"", name,
          "\" cannot be set; a name is not empty, has no =, and does not start with ", kOurs));
    }
    const auto value = substitution.Replace(text);
    if (!value.ok()) return value.status();
    if (value->has_value()) made[name] = **value;
  }
  for (const auto& [name, value] : given) made[name] = value;
  return made;
}

}  // namespace caviar::command
