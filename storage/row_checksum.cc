#include "storage/row_checksum.h"

#include <zlib.h>

#include <bit>
#include <cstring>

namespace caviar::storage {
namespace {

uint32_t Extend(uint32_t sum, const void* bytes, size_t size) {
  return static_cast<uint32_t>(::crc32_z(sum, static_cast<const Bytef*>(bytes), size));
}

}  // namespace

void RowChecksum::AddNull() {
  const unsigned char kind = 0;
  sum_ = Extend(sum_, &kind, 1);
}

void RowChecksum::AddInteger(int64_t value) { AddNumber(1, static_cast<uint64_t>(value)); }

void RowChecksum::AddReal(double value) { AddNumber(2, std::bit_cast<uint64_t>(value)); }

void RowChecksum::AddText(absl::string_view text) { AddBytes(3, text); }

void RowChecksum::AddBlob(absl::string_view bytes) { AddBytes(4, bytes); }

void RowChecksum::AddNumber(unsigned char kind, uint64_t bits) {
  static_assert(std::endian::native == std::endian::little, "the file's numbers are little endian");
  unsigned char written[9] = {kind};
  std::memcpy(written + 1, &bits, sizeof(bits));
  sum_ = Extend(sum_, written, sizeof(written));
}

void RowChecksum::AddBytes(unsigned char kind, absl::string_view bytes) {
  AddNumber(kind, bytes.size());
  // zlib takes no bytes at no address for a new start.
  if (!bytes.empty()) sum_ = Extend(sum_, bytes.data(), bytes.size());
}

}  // namespace caviar::storage
