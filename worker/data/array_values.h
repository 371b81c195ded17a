// The values of an array, one by one. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_ARRAY_VALUES_H_
#define CAVIAR_WORKER_DATA_ARRAY_VALUES_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/data/array.h"

namespace caviar::data {

// A number as it stands in a file.
template <typename T>
T LoadNumber(const uint8_t* bytes, bool big_endian) {
  if constexpr (sizeof(T) == 1) {
    return static_cast<T>(*bytes);
  } else {
    T number;
    uint8_t ordered[sizeof(T)];
    const bool reversed = big_endian != (std::endian::native == std::endian::big);
    for (size_t i = 0; i < sizeof(T); ++i) ordered[i] = bytes[reversed ? sizeof(T) - 1 - i : i];
    std::memcpy(&number, ordered, sizeof(T));
    return number;
  }
}

// Calls use(T()) with the type of the header's numbers; a bool is a uint8_t.
template <typename Use>
auto WithNumberType(const ArrayHeader& header, Use use) {
  using Kind = ArrayHeader::Kind;
  const bool is_signed = header.kind == Kind::kSigned;
  if (header.kind == Kind::kReal) return header.width == 4 ? use(float{}) : use(double{});
  switch (header.width) {
    case 1:
      return is_signed ? use(int8_t{}) : use(uint8_t{});
    case 2:
      return is_signed ? use(int16_t{}) : use(uint16_t{});
    case 4:
      return is_signed ? use(int32_t{}) : use(uint32_t{});
    default:
      return is_signed ? use(int64_t{}) : use(uint64_t{});
  }
}

absl::Status CutOff(const InputFile& file, const ArrayHeader& header, int64_t bytes);

// Calls take(bytes, index of the first, count) for all values in the file's order, and checks that
// the file ends where they do.
template <typename Take>
absl::Status ReadValues(InputFile& file, const ArrayHeader& header, Take take) {
  constexpr int64_t kChunkBytes = int64_t{1} << 18;
  const int64_t width = header.width;
  const int64_t in_chunk = std::max<int64_t>(kChunkBytes / width, 1);
  std::vector<uint8_t> chunk(static_cast<size_t>(std::min(in_chunk, header.values) * width));
  for (int64_t done = 0; done < header.values;) {
    const int64_t count = std::min(in_chunk, header.values - done);
    const auto wanted = static_cast<size_t>(count * width);
    const auto read = ReadFully(file, chunk.data(), wanted);
    if (!read.ok()) return read.status();
    if (*read < wanted) return CutOff(file, header, done * width + static_cast<int64_t>(*read));
    absl::Status status = take(chunk.data(), done, count);
    if (!status.ok()) return status;
    done += count;
  }
  uint8_t extra = 0;
  const auto read = file.Read(&extra, 1);
  if (!read.ok()) return read.status();
  if (*read == 0) return absl::OkStatus();
  return file.Wrong(absl::StrCat("has bytes after its last value: its header says ",
                                 ShapeText(header.shape), " values"));
}

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_ARRAY_VALUES_H_
