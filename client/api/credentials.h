// By what a coordinator knows who calls, and by what its callers know the coordinator.
#ifndef CAVIAR_CLIENT_API_CREDENTIALS_H_
#define CAVIAR_CLIENT_API_CREDENTIALS_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/api/coordinator_address.h"

namespace caviar::client {

// As a person gives them; what is empty stands in the environment, or is not needed.
struct Credentials {
  // A file with the token ($CAVIAR_TOKEN_FILE). Where neither this nor $CAVIAR_TOKEN is there, the
  // file that the user's own coordinators leave for their tools (vocabulary::UserTokenFile): it is
  // sent to coordinators that are known to be the user's own, and to no other.
  std::string token_file;
  // PEM files. With an authority ($CAVIAR_TLS_CA) the connection is encrypted, and the coordinator
  // has to have a certificate that it vouches for, with the name or address that is called.
  std::string tls_authority;
  // The caller's own ($CAVIAR_TLS_CERT, $CAVIAR_TLS_KEY), for coordinators that ask for one.
  std::string tls_certificate, tls_key;
};

// The same with what the environment says.
Credentials WithEnvironment(Credentials credentials);

// INVALID_ARGUMENT: they cannot be what was meant; the message names the option and its variable. A
// certificate without its key, or without an authority (the connection would not be encrypted); a
// file that cannot be read; a $CAVIAR_TOKEN that is none. A token file that is not there is right:
// a coordinator's first start writes it, and a worker may be there before.
absl::Status CheckCredentials(const Credentials& credentials);

// Some words for people: where tokens are looked for.
std::string WhereTokensAre();

// The token of a channel, read again now and then: a coordinator's first start writes it, and a
// worker may be there before. Thread safe.
class TokenSource {
 public:
  // For calls to this coordinator.
  TokenSource(const Credentials& credentials, CoordinatorAddress address)
      : token_file_(credentials.token_file), address_(std::move(address)) {}
  // "": there is none that may be sent there.
  std::string Get();

 private:
  // Whether the token that the user's own coordinators share may be sent.
  bool MaySendOwn() const;
  // "": none may be sent; nullopt: it cannot be read now.
  std::optional<std::string> Read() const;

  const std::string token_file_;
  const CoordinatorAddress address_;
  absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time read_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_CREDENTIALS_H_
