#include "client/render/text.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

namespace caviar::render {
namespace {

struct Character {
  uint32_t code = 0;
  size_t bytes = 1;
};

// The character at the start of `text`, which is not empty. Bytes that are no UTF-8 count as one
// character each.
Character First(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  const size_t bytes = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (bytes == 1 || text.size() < bytes) return {first, 1};
  uint32_t code = first & (0xFF >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {first, 1};
    code = code << 6 | (byte(i) & 0x3F);
  }
  return {code, bytes};
}

int WidthOf(uint32_t code) {
  // Combining marks, zero-width characters, variation selectors.
  constexpr std::pair<uint32_t, uint32_t> kZero[] = {
      {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x200B, 0x200F},
      {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
  // East Asian wide and fullwidth forms, emoji.
  constexpr std::pair<uint32_t, uint32_t> kWide[] = {
      {0x1100, 0x115F}, {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},  {0x4E00, 0x9FFF},
      {0xA000, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},  {0xFF00, 0xFF60},
      {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
  for (const auto& [low, high] : kZero) {
    if (code >= low && code <= high) return 0;
  }
  for (const auto& [low, high] : kWide) {
    if (code >= low && code <= high) return 2;
  }
  return 1;
}

bool IsControl(const Character& character) {
  return character.code < 0x20 || character.code == 0x7F ||
         (character.bytes == 2 && character.code < 0xA0);
}

}  // namespace

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character character = First(text);
    width += WidthOf(character.code);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string Truncate(absl::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width <= 0) return "";
  size_t end = 0;
  int used = 0;
  while (true) {
    const Character character = First(text.substr(end));
    used += WidthOf(character.code);
    if (used > width - 1) break;
    end += character.bytes;
  }
  return absl::StrCat(text.substr(0, end), "…");
}

std::string Printable(absl::string_view text) {
  std::string printable;
  bool in_blank = false;
  while (!text.empty()) {
    const Character character = First(text);
    const bool control = IsControl(character);
    if (!control) {
      printable.append(text.data(), character.bytes);
    } else if (!in_blank) {
      printable += ' ';
    }
    in_blank = control;
    text.remove_prefix(character.bytes);
  }
  return printable;
}

std::string Paint(absl::string_view text, Color color, bool enabled) {
  if (!enabled || color == Color::kNone || text.empty()) return std::string(text);
  const char* code = "";
  switch (color) {
    case Color::kNone:
      break;
    case Color::kBold:
      code = "1";
      break;
    case Color::kDim:
      code = "2";
      break;
    case Color::kRed:
      code = "31";
      break;
    case Color::kGreen:
      code = "32";
      break;
    case Color::kYellow:
      code = "33";
      break;
    case Color::kCyan:
      code = "36";
      break;
  }
  return absl::StrCat("\033[", code, "m", text, "\033[0m");
}

}  // namespace caviar::render
