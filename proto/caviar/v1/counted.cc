#include "caviar/v1/counted.h"

#include "absl/strings/str_cat.h"

namespace caviar::vocabulary {

std::string Counted(int64_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

}  // namespace caviar::vocabulary
