#include "worker/agent/wire_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace caviar::agent {
namespace {

// Bytes of the well-formed UTF-8 character at the start of `text`, which is not empty; 0: there is
// none (Unicode 15, table 3-7).
size_t CharacterSize(absl::string_view text) {
  const auto byte = [&](size_t i) -> uint8_t {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : 0;
  };
  const auto tail = [&](size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const uint8_t low = first == 0xE0 ? 0xA0 : 0x80;   // not a shorter character, written longer
    const uint8_t high = first == 0xED ? 0x9F : 0xBF;  // not a surrogate
    return byte(1) >= low && byte(1) <= high && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const uint8_t low = first == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xF4 ? 0x8F : 0xBF;  // not above U+10FFFF
    return byte(1) >= low && byte(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string ToWireText(absl::string_view text, size_t max_bytes) {
  std::string result;
  size_t last_fit = 0;  // a cut here leaves room for the dots
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    absl::StrAppend(&result, size == 0 ? absl::string_view("?") : text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
    if (result.size() <= max_bytes - 3) last_fit = result.size();
    if (result.size() > max_bytes) return absl::StrCat(result.substr(0, last_fit), "...");
  }
  return result;
}

std::string ToWireLine(absl::string_view text, size_t max_bytes) {
  std::string line = ToWireText(text, max_bytes);
  std::replace_if(line.begin(), line.end(), absl::ascii_iscntrl, ' ');
  return line;
}

}  // namespace caviar::agent
