#include "client/archive/gunzip.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace caviar::archive {
namespace {

constexpr int kOnlyGzip = 16 + MAX_WBITS;

}  // namespace

Gunzip::Gunzip(absl::string_view packed) : left_(packed), buffer_(size_t{64} << 10) {
  inflateInit2(&stream_, kOnlyGzip);
}

Gunzip::~Gunzip() { inflateEnd(&stream_); }

void Gunzip::Feed() {
  if (stream_.avail_in > 0) return;
  const size_t size = std::min(left_.size(), size_t{1} << 30);
  // zlib does not write there; it is from before const.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(left_.data()));
  stream_.avail_in = static_cast<uInt>(size);
  left_.remove_prefix(size);
}

absl::StatusOr<absl::string_view> Gunzip::Next() {
  if (ended_) return absl::string_view();
  stream_.next_out = buffer_.data();
  stream_.avail_out = static_cast<uInt>(buffer_.size());
  while (stream_.avail_out == buffer_.size() && !ended_) {
    Feed();
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) {
      return absl::InvalidArgumentError(
          absl::StrCat("the archive is damaged or cut: ",
                       stream_.msg == nullptr ? "it ends too early" : stream_.msg));
    }
    ended_ = result == Z_STREAM_END;
  }
  if (ended_ && (stream_.avail_in > 0 || !left_.empty())) {
    return absl::InvalidArgumentError("the archive is damaged: something is behind its end");
  }
  return absl::string_view(reinterpret_cast<const char*>(buffer_.data()),
                           buffer_.size() - stream_.avail_out);
}

}  // namespace caviar::archive
