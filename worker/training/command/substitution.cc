#include "worker/training/command/substitution.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::command {
namespace {

constexpr absl::string_view kArgs = "${args}";

}  // namespace

Substitution::Substitution(const v1::Study& study, const std::vector<Parameter>& active,
                           std::map<std::string, std::string> places)
    : study_(study), active_(active), places_(std::move(places)) {}

absl::StatusOr<std::optional<std::string>> Substitution::Look(const std::string& name) const {
  for (const Parameter& parameter : active_) {
    if (parameter.name == name) return parameter.text;
  }
  std::vector<std::string> known;
  for (const v1::Parameter& parameter : study_.parameters()) {
    if (parameter.name() == name) return std::nullopt;
    known.push_back(parameter.name());
  }
  if (const auto place = places_.find(name); place != places_.end()) return place->second;
  if (name == "args") {
    return absl::InvalidArgumentError("${args} has to be an argument of its own, in run");
  }
  for (const auto& [place, value] : places_) known.push_back(place);
  const std::string nearest = vocabulary::NearestName(name, known);
  return absl::InvalidArgumentError(
      absl::StrCat("${", name, "} is no parameter of the study, and nothing else has that name",
                   nearest.empty() ? "; write $${ where ${ is meant"
                                   : absl::StrCat("; did you mean ${", nearest, "}?")));
}

absl::StatusOr<std::optional<std::string>> Substitution::Replace(absl::string_view text) const {
  std::string replaced;
  while (!text.empty()) {
    const size_t at = text.find("${");
    absl::StrAppend(&replaced, text.substr(0, at));
    if (at == text.npos) break;
    const bool escaped = at > 0 && text[at - 1] == '$';
    text.remove_prefix(at + 2);
    if (escaped) {
      replaced.append("{");
      continue;
    }
    const size_t end = text.find('}');
    if (end == text.npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"${", text.substr(0, 80), "\" has no closing }"));
    }
    const auto value = Look(std::string(text.substr(0, end)));
    if (!value.ok() || !value->has_value()) return value;
    replaced.append(**value);
    text.remove_prefix(end + 1);
  }
  return replaced;
}

std::vector<std::string> Substitution::AllArguments(v1::Command::Arguments form) const {
  if (form == v1::Command::JSON) return {places_.at("parameters_file")};
  std::vector<std::string> arguments;
  for (const Parameter& parameter : active_) {
    arguments.push_back(
        absl::StrCat(form == v1::Command::HYDRA ? "" : "--", parameter.name, "=", parameter.text));
  }
  return arguments;
}

absl::StatusOr<std::vector<std::string>> Substitution::Run(const v1::Command& command) const {
  std::vector<std::string> arguments;
  for (const std::string& text : command.run()) {
    if (text == kArgs) {
      if (command.arguments() == v1::Command::NONE) {
        return absl::InvalidArgumentError("run has ${args}, but arguments is none");
      }
      for (std::string& argument : AllArguments(command.arguments())) {
        arguments.push_back(std::move(argument));
      }
      continue;
    }
    auto argument = Replace(text);
    if (!argument.ok()) return argument.status();
    if (argument->has_value()) arguments.push_back(**std::move(argument));
  }
  if (arguments.empty() || arguments[0].empty()) {
    return absl::InvalidArgumentError("run names no program");
  }
  return arguments;
}

}  // namespace caviar::command
