// The secret by which a coordinator knows who calls, as its files and its callers have it. Each
// call carries it as gRPC metadata: "authorization: Bearer TOKEN".
//
// All functions are thread safe.
#ifndef CAVIAR_PROTO_CAVIAR_V1_TOKEN_H_
#define CAVIAR_PROTO_CAVIAR_V1_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::vocabulary {

inline constexpr char kTokenMetadata[] = "authorization";
inline constexpr absl::string_view kBearer = "Bearer ";

// Where a user's coordinators leave their token for the same user's tools:
// ${XDG_STATE_HOME:-$HOME/.local/state}/caviar/token. "": neither is set to an absolute path.
std::string UserTokenFile();

// Whether it can be one: 16 to 512 printable ASCII characters, none of them a space.
bool IsToken(absl::string_view text);

// The first line of the file. NOT_FOUND: there is no such file. FAILED_PRECONDITION: it cannot be
// read, or, where it has to be private, others than this user can read it, or wrote it.
// INVALID_ARGUMENT: there is no token in it. No message has any of what is in it.
absl::StatusOr<std::string> ReadTokenFile(const std::string& path, bool has_to_be_private);

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_TOKEN_H_
