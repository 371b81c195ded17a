// Numbers, times and values as people read them.
#ifndef CAVIAR_CLIENT_RENDER_NUMBER_H_
#define CAVIAR_CLIENT_RENDER_NUMBER_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "caviar/v1/search_space.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace caviar::render {

// The shortest text that reads back to the same double; "NaN", "Infinity", "-Infinity".
std::string FormatNumber(double number);
// At most 6 significant digits, for tables.
std::string FormatShortNumber(double number);

// A value as it would be written in a study file; `is_short`: doubles as FormatShortNumber.
std::string FormatValue(const v1::Value& value, bool is_short = false);

// "0.4s", "45s", "3m12s", "2h05m", "1d04h". Negative ones as "0s".
std::string DurationText(absl::Duration duration);
// "812 B", "1.5 KiB", "34.0 MiB", "2.1 GiB": in units of 1024, one digit after the point.
std::string BytesText(int64_t bytes);
// RFC 3339 in UTC, to the second: "2026-03-01T12:00:03Z".
std::string TimeText(absl::Time time);

absl::Duration ToDuration(const google::protobuf::Duration& duration);
absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

}  // namespace caviar::render

#endif  // CAVIAR_CLIENT_RENDER_NUMBER_H_
