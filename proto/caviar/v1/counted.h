// Counts in messages.
#ifndef CAVIAR_PROTO_CAVIAR_V1_COUNTED_H_
#define CAVIAR_PROTO_CAVIAR_V1_COUNTED_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace caviar::vocabulary {

// (1, "trial") -> "1 trial"; (2, "trial") -> "2 trials". `what`: a word whose plural has an s more.
std::string Counted(int64_t count, absl::string_view what);

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_COUNTED_H_
