// How much a coordinator takes in: bounds that whoever runs it may move, below those that the
// vocabulary and the samplers set.
//
// They are for what is new. What is stored already is read, replayed and goes on, also where a
// limit was lowered below it; it only grows no more.
#ifndef CAVIAR_SERVER_COORDINATOR_LIMITS_H_
#define CAVIAR_SERVER_COORDINATOR_LIMITS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "caviar/v1/request.pb.h"
#include "caviar/v1/study.pb.h"

namespace caviar::coordinator {

// All > 0. Past one of them callers get RESOURCE_EXHAUSTED without a delay to retry after, because
// waiting does not help, or INVALID_ARGUMENT where a field alone is too large.
struct Limits {
  int studies = 10'000;  // deleted ones do not count
  // That are registered. Those that fell silent make room for others; where none did, the caller is
  // told to try again.
  int workers = 20'000;
  int trials = 1'000'000;            // of a study, whatever became of them, with repeats
  int parameters = 256;              // of a study; samplers know no more than these
  int metrics = 1'000;               // that a study names, and different ones that a trial reports
  int64_t measurements = 1'000'000;  // values of metrics that a trial reports, in all its attempts
  int64_t file_bytes = int64_t{1} << 30;   // of a checkpoint, of weights, of a model
  int64_t code_bytes = int64_t{50} << 20;  // of a study's archive
};

// Of one answer that brings a part of a file or of a list, in bytes; nobody moves this one.
inline constexpr int kLargestChunk = 1 << 20;

// For messages: "at most 100 are taken; the coordinator's --max-studies says so".
std::string AtMost(int64_t most, absl::string_view flag);

// What is too much in a study that is asked for, where it is more than it has `now` (a study
// without anything: it is to be created).
std::vector<v1::FieldViolation> FindExcess(const v1::Study& asked, const v1::Study& now,
                                           const Limits& limits);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_LIMITS_H_
