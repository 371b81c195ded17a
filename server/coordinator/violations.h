// What is wrong with a study, collected field by field. Internal to this room.
#ifndef CAVIAR_SERVER_COORDINATOR_VIOLATIONS_H_
#define CAVIAR_SERVER_COORDINATOR_VIOLATIONS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "caviar/v1/request.pb.h"

namespace caviar::coordinator {

class Violations {
 public:
  void Add(absl::string_view field, std::string description);
  // UTF-8 of at most `max` bytes without NUL.
  void CheckText(absl::string_view field, const std::string& text, size_t max);
  // Numbers from `min` to `max`.
  void CheckRange(absl::string_view field, int64_t number, int64_t min, int64_t max);

  std::vector<v1::FieldViolation>& all() { return violations_; }

 private:
  std::vector<v1::FieldViolation> violations_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_VIOLATIONS_H_
