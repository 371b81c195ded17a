// Unzips bytes in memory, piece by piece, and holds them to their checksum. Internal to this room.
#ifndef CAVIAR_CLIENT_ARCHIVE_GUNZIP_H_
#define CAVIAR_CLIENT_ARCHIVE_GUNZIP_H_

#include <zlib.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::archive {

class Gunzip {
 public:
  // The bytes outlive it: one gzip member and nothing behind it.
  explicit Gunzip(absl::string_view packed);
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // The next unpacked bytes, good until the next call. Empty: there are no more, and all was sound.
  // INVALID_ARGUMENT: damaged.
  absl::StatusOr<absl::string_view> Next();

 private:
  void Feed();

  absl::string_view left_;  // not given to zlib yet: it counts in 32 bits
  z_stream stream_ = {};
  bool ended_ = false;
  std::vector<unsigned char> buffer_;
};

}  // namespace caviar::archive

#endif  // CAVIAR_CLIENT_ARCHIVE_GUNZIP_H_
