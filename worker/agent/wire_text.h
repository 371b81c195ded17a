// Text for people as a message may carry it.
#ifndef CAVIAR_WORKER_AGENT_WIRE_TEXT_H_
#define CAVIAR_WORKER_AGENT_WIRE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace caviar::agent {

// `text` as valid UTF-8 of at most `max_bytes` (at least 3): bytes that are none (a trainer may
// quote a damaged file) become "?", what is too long ends in "...".
std::string ToWireText(absl::string_view text, size_t max_bytes = 4096);

// The same in one line: control characters become spaces.
std::string ToWireLine(absl::string_view text, size_t max_bytes);

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_WIRE_TEXT_H_
