// The checksum of files that go over the wire.
#ifndef CAVIAR_CLIENT_API_CRC32_H_
#define CAVIAR_CLIENT_API_CRC32_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace caviar::client {

// CRC-32 as zlib computes it, for any length; of what comes behind data whose checksum is `before`.
uint32_t Crc32(absl::string_view data, uint32_t before = 0);

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_CRC32_H_
