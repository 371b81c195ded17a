#include "tests/bench/names_and_seeds.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/bench/search_problem.h"

namespace caviar::bench {

v1::Sampler SamplerOf(const std::string& name) {
  v1::Sampler::Algorithm algorithm;
  if (!v1::Sampler::Algorithm_Parse(absl::AsciiStrToUpper(name), &algorithm)) {
    Fail("there is no sampler " + name);
  }
  v1::Sampler sampler;
  sampler.set_algorithm(algorithm);
  return sampler;
}

std::vector<uint32_t> SeedsOf(const std::string& text) {
  std::vector<uint32_t> seeds;
  for (const auto part : absl::StrSplit(text, ',')) {
    const std::vector<std::string> ends = absl::StrSplit(part, '-');
    uint32_t first, last;
    if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) ||
        !absl::SimpleAtoi(ends.back(), &last)) {
      Fail("seeds are like 0-9,20, not " + text);
    }
    for (uint32_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
  }
  return seeds;
}

}  // namespace caviar::bench
