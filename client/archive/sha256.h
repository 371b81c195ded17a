// SHA-256, piece by piece. Internal to this room.
#ifndef CAVIAR_CLIENT_ARCHIVE_SHA256_H_
#define CAVIAR_CLIENT_ARCHIVE_SHA256_H_

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace caviar::archive {

class Sha256Sum {
 public:
  Sha256Sum();
  void Add(absl::string_view bytes);
  // 64 lower-case hex digits, of all that was added; nothing can be added after.
  std::string Finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace caviar::archive

#endif  // CAVIAR_CLIENT_ARCHIVE_SHA256_H_
