#include "client/study_file/field_lines.h"

#include <utility>

namespace caviar::study_file {

void FieldLines::Add(std::string path, int line) { lines_.emplace(std::move(path), line); }

int FieldLines::Find(absl::string_view path) const {
  while (true) {
    const auto found = lines_.find(std::string(path));
    if (found != lines_.end()) return found->second;
    if (path.empty()) return 1;
    const size_t end = path.find_last_of(".[");
    path = end == absl::string_view::npos ? absl::string_view() : path.substr(0, end);
  }
}

}  // namespace caviar::study_file
