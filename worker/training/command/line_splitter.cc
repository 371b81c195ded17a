#include "worker/training/command/line_splitter.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace caviar::command {

void LineSplitter::Add(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    AddToLine(bytes.substr(0, end));
    if (end == bytes.npos) return;
    on_line_(line_);
    line_.clear();
    returned_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::AddToLine(absl::string_view piece) {
  if (piece.empty()) return;
  // At the end it may be half of "\r\n": only what comes next goes over the line.
  const bool returns = piece.back() == '\r';
  while (absl::ConsumeSuffix(&piece, "\r")) {
  }
  const size_t last = piece.rfind('\r');
  if (last != piece.npos || (returned_ && !piece.empty())) line_.clear();
  if (last != piece.npos) piece.remove_prefix(last + 1);
  absl::StrAppend(&line_, piece.substr(0, kMaxBytes - line_.size()));
  returned_ = returns || (returned_ && piece.empty());
}

void LineSplitter::Finish() {
  if (!line_.empty()) on_line_(line_);
  line_.clear();
}

}  // namespace caviar::command
