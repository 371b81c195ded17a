#include "client/commands/log_text.h"

#include "absl/strings/strip.h"
#include "client/render/text.h"

namespace caviar::commands {

absl::string_view LastLines(absl::string_view text, int count) {
  if (text.empty() || count <= 0) return text.substr(text.size());
  size_t start = text.size() - (text.back() == '\n' ? 1 : 0);
  for (; count > 0; --count) {
    start = start == 0 ? absl::string_view::npos : text.rfind('\n', start - 1);
    if (start == absl::string_view::npos) return text;
  }
  return text.substr(start + 1);
}

std::string ShownLine(absl::string_view line) {
  absl::ConsumeSuffix(&line, "\r");
  const size_t restart = line.rfind('\r');
  return render::Printable(restart == absl::string_view::npos ? line : line.substr(restart + 1));
}

}  // namespace caviar::commands
