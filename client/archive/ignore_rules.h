// Patterns in the form of .gitignore. Internal to this room.
#ifndef CAVIAR_CLIENT_ARCHIVE_IGNORE_RULES_H_
#define CAVIAR_CLIENT_ARCHIVE_IGNORE_RULES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace caviar::archive {

// As in git, the last pattern that matches decides, and nothing below an ignored folder comes back:
// whoever walks a tree does not enter it.
class IgnoreRules {
 public:
  // The text of such a file; none: nothing is ignored.
  explicit IgnoreRules(absl::string_view text = "");

  // `path` is relative to the file's folder: "src/data.bin".
  bool Ignores(const std::string& path, bool is_folder) const;

 private:
  struct Rule {
    std::vector<std::string> segments;
    bool ignores = true;  // false: it began with "!"
    bool only_folders = false;
  };
  void AddLine(absl::string_view line);

  std::vector<Rule> rules_;
};

}  // namespace caviar::archive

#endif  // CAVIAR_CLIENT_ARCHIVE_IGNORE_RULES_H_
