// How names may look. Internal to this room.
#ifndef CAVIAR_SERVER_COORDINATOR_NAMES_H_
#define CAVIAR_SERVER_COORDINATOR_NAMES_H_

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"

namespace caviar::coordinator {

// Letters, digits, `_`, `.` and `-` after a first byte that `first` accepts.
template <typename First>
bool IsName(const std::string& name, First first) {
  return !name.empty() && first(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
  });
}

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_NAMES_H_
