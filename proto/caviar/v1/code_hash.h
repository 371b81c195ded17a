// CodeArchive.sha256, computed.
#ifndef CAVIAR_PROTO_CAVIAR_V1_CODE_HASH_H_
#define CAVIAR_PROTO_CAVIAR_V1_CODE_HASH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace caviar::vocabulary {

// SHA-256 as 64 lower-case hex digits.
std::string CodeHash(absl::string_view archive);

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_CODE_HASH_H_
