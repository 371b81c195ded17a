// Text on a terminal: how wide it is, what is safe to print, and colours.
#ifndef CAVIAR_CLIENT_RENDER_TEXT_H_
#define CAVIAR_CLIENT_RENDER_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace caviar::render {

// Columns that UTF-8 text takes: 2 for wide East Asian characters and emoji, 0 for combining marks.
int DisplayWidth(absl::string_view text);

// The longest start of `text` that is at most `width` columns wide; cut text ends with "…".
std::string Truncate(absl::string_view text, int width);

// On one line and without control characters: names and messages come from other machines and must
// not move the cursor. Each run of them becomes one blank.
std::string Printable(absl::string_view text);

enum class Color { kNone, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// `text` in a colour where `enabled`, else as it is.
std::string Paint(absl::string_view text, Color color, bool enabled);

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_TEXT_H_
