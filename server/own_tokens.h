// The tokens of whoever runs this coordinator.
#ifndef CAVIAR_SERVER_OWN_TOKENS_H_
#define CAVIAR_SERVER_OWN_TOKENS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace caviar {

// What lies in the data directory, and what the user's state folder has for the user's tools
// (vocabulary::UserTokenFile): the same one, unless the data directory came from elsewhere. Either
// file is written where it is missing, as the other one or newly drawn: a user's coordinators share
// a token. FAILED_PRECONDITION: the data directory's cannot be read or written, or is open to
// others. That of the state folder is done without where there is none, and `warn` is called then.
absl::StatusOr<std::vector<std::string>> FindOwnTokens(const std::string& data_directory,
                                                       void (*warn)(const absl::Status&));

// The name of the user that runs this process.
std::string OwnUserName();

}  // namespace caviar

#endif  // CAVIAR_SERVER_OWN_TOKENS_H_
