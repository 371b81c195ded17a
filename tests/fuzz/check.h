// What a target demands of a decoder.
#ifndef CAVIAR_TESTS_FUZZ_CHECK_H_
#define CAVIAR_TESTS_FUZZ_CHECK_H_

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"

namespace caviar::fuzz {

// Ends the process, so that the fuzzer keeps the bytes.
inline void Demand(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "demanded: %s\n", what.c_str());
  std::abort();
}

// Bad input is INVALID_ARGUMENT, with words.
inline void DemandRefusal(const absl::Status& status) {
  Demand(absl::IsInvalidArgument(status) && !status.message().empty(),
         "a refusal with words, not " + status.ToString());
}

}  // namespace caviar::fuzz

#endif  // CAVIAR_TESTS_FUZZ_CHECK_H_
