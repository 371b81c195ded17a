// Whether bytes are text.
#ifndef CAVIAR_CLIENT_STUDY_FILE_TEXT_CHECK_H_
#define CAVIAR_CLIENT_STUDY_FILE_TEXT_CHECK_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace caviar::study_file {

struct BadText {
  int line = 0;
  std::string what;
};

// The first place that is not UTF-8 (as RFC 3629 has it), or a control character other than tab and
// line ends; nothing where all is well.
std::optional<BadText> FindBadText(absl::string_view text);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_TEXT_CHECK_H_
