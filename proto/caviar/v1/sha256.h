// SHA-256, as CodeArchive.sha256 and the checkpoints in a shared store have it.
#ifndef CAVIAR_PROTO_CAVIAR_V1_SHA256_H_
#define CAVIAR_PROTO_CAVIAR_V1_SHA256_H_

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace caviar::vocabulary {

// 64 lower-case hex digits.
std::string Sha256(absl::string_view bytes);

// The same piece by piece.
class Sha256Sum {
 public:
  Sha256Sum();
  void Add(absl::string_view bytes);
  // Of all that was added; nothing can be added after.
  std::string Finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_SHA256_H_
