// spec = file NUL folder NUL cgroup NUL max_memory NUL argument-count NUL {argument NUL}
//        {variable NUL}
#include "worker/training/command/program_spec.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::command {
namespace {

constexpr size_t kFixedFields = 5;

}  // namespace

absl::StatusOr<std::string> Serialize(const ProgramSpec& spec) {
  std::vector<std::string> fields = {spec.file, spec.folder, spec.cgroup,
                                     absl::StrCat(spec.max_memory),
                                     absl::StrCat(spec.arguments.size())};
  fields.insert(fields.end(), spec.arguments.begin(), spec.arguments.end());
  fields.insert(fields.end(), spec.environment.begin(), spec.environment.end());
  std::string text;
  for (const std::string& field : fields) {
    if (field.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          vocabulary::Quoted(field), " has a NUL: no argument and no variable can hold that"));
    }
    text.append(field).push_back('\0');
  }
  return text;
}

absl::StatusOr<ProgramSpec> ParseProgramSpec(absl::string_view text) {
  std::vector<std::string> fields = absl::StrSplit(text, '\0');
  size_t arguments = 0;
  ProgramSpec spec;
  const bool valid = fields.size() > kFixedFields && fields.back().empty() &&
                     absl::SimpleAtoi(fields[3], &spec.max_memory) &&
                     absl::SimpleAtoi(fields[4], &arguments) &&
                     arguments < fields.size() - kFixedFields;
  if (!valid) return absl::InvalidArgumentError("that says no program");
  fields.pop_back();
  spec.file = fields[0];
  spec.folder = fields[1];
  spec.cgroup = fields[2];
  const auto first = fields.begin() + kFixedFields;
  const auto end = first + static_cast<int64_t>(arguments);
  spec.arguments.assign(first, end);
  spec.environment.assign(end, fields.end());
  return spec;
}

}  // namespace caviar::command
