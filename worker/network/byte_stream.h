// Numbers and strings as little-endian bytes without padding: what files of this room, and of the
// trainer, are made of.
#ifndef CAVIAR_WORKER_NETWORK_BYTE_STREAM_H_
#define CAVIAR_WORKER_NETWORK_BYTE_STREAM_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"

namespace caviar::network {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

// CRC-32 as zlib computes it.
uint32_t Crc32(absl::string_view bytes);

class ByteWriter {
 public:
  template <typename T>
  void Write(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void WriteFloats(const float* values, int64_t count) {
    bytes_.append(reinterpret_cast<const char*>(values),
                  static_cast<size_t>(count) * sizeof(float));
  }
  // Their count, then the numbers or bytes themselves.
  void WriteCounted(const std::vector<float>& values) {
    Write(static_cast<uint64_t>(values.size()));
    WriteFloats(values.data(), static_cast<int64_t>(values.size()));
  }
  void WriteCounted(absl::string_view bytes) {
    Write(static_cast<uint32_t>(bytes.size()));
    WriteBytes(bytes);
  }
  void WriteBytes(absl::string_view bytes) { bytes_.append(bytes.data(), bytes.size()); }
  void Reserve(size_t bytes) { bytes_.reserve(bytes); }

  const std::string& bytes() const { return bytes_; }
  // All of it with its CRC-32 behind.
  std::string TakeWithChecksum() {
    Write(Crc32(bytes_));
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

// Reads from the front of bytes that must outlive it, never past their end: what would need more
// reads nothing and returns false.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  bool Read(T& value) {
    static_assert(std::is_arithmetic_v<T>);
    if (bytes_.size() < sizeof(T)) return false;
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
    return true;
  }
  bool ReadBytes(uint64_t count, std::string& value) {
    if (bytes_.size() < count) return false;
    value.assign(bytes_.data(), static_cast<size_t>(count));
    bytes_.remove_prefix(static_cast<size_t>(count));
    return true;
  }
  bool ReadFloats(float* values, uint64_t count) {
    if (bytes_.size() / sizeof(float) < count) return false;
    if (count > 0) std::memcpy(values, bytes_.data(), static_cast<size_t>(count) * sizeof(float));
    bytes_.remove_prefix(static_cast<size_t>(count) * sizeof(float));
    return true;
  }
  bool ReadCounted(std::vector<float>& values) {
    uint64_t count = 0;
    if (!Read(count) || bytes_.size() / sizeof(float) < count) return false;
    values.resize(static_cast<size_t>(count));
    return ReadFloats(values.data(), count);
  }
  bool ReadCounted(std::string& value) {
    uint32_t size = 0;
    return Read(size) && ReadBytes(size, value);
  }

  uint64_t remaining() const { return bytes_.size(); }

 private:
  absl::string_view bytes_;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_BYTE_STREAM_H_
