// Where the fields of a study file stand.
#ifndef CAVIAR_CLIENT_STUDY_FILE_FIELD_LINES_H_
#define CAVIAR_CLIENT_STUDY_FILE_FIELD_LINES_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace caviar::study_file {

// Field path ("parameters.learning_rate.min", "limits.max_trials", "parameters.a.values[1]") to the
// line of its key, counted from 1. The empty path is the whole file.
class FieldLines {
 public:
  void Add(std::string path, int line);
  // The line of `path`, or else of the nearest path around it.
  int Find(absl::string_view path) const;
  const std::map<std::string, int>& all() const { return lines_; }

 private:
  std::map<std::string, int> lines_;
};

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_FIELD_LINES_H_
