// Amounts of memory and disk as a study file has them: 2GiB, 512MB, 1048576.
#ifndef CAVIAR_CLIENT_STUDY_FILE_BYTE_SIZE_H_
#define CAVIAR_CLIENT_STUDY_FILE_BYTE_SIZE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::study_file {

// A number and its unit: B, KiB, MiB, GiB, TiB (powers of 1024), KB, MB, GB, TB (of 1000); without
// one it is bytes. At most 2^53 bytes. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<int64_t> ParseByteSize(absl::string_view text);
// The shortest form that ParseByteSize reads back to the same: the largest unit of which `bytes` is
// a multiple.
std::string WriteByteSize(int64_t bytes);
// The pattern of what ParseByteSize reads, as an ECMA-262 regular expression.
inline constexpr absl::string_view kByteSizePattern =
    "^[0-9]+(\\.[0-9]+)? ?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$";

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_BYTE_SIZE_H_
