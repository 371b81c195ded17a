#include "caviar/v1/code_hash.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/escaping.h"

namespace caviar::vocabulary {

std::string CodeHash(absl::string_view archive) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  if (EVP_Digest(archive.data(), archive.size(), digest.data(), &size, EVP_sha256(), nullptr) !=
      1) {
    return "";  // no memory; equals no hash
  }
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace caviar::vocabulary
