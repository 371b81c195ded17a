// What was once worth keeping, and its neighbours, through every target.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/targets.h"

namespace caviar::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> Files(absl::string_view target) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(CORPUS) / std::string(target))) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A few bytes changed, doubled or cut.
std::string Neighbour(std::string bytes, std::mt19937& random) {
  const auto below = [&random](size_t end) { return random() % std::max<size_t>(1, end); };
  for (size_t i = below(4) + 1; i > 0 && !bytes.empty(); --i) {
    const size_t at = below(bytes.size());
    switch (below(4)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.insert(at, bytes.substr(below(bytes.size()), below(9)));
        break;
      case 2:
        bytes.erase(at, below(9));
        break;
      default:
        bytes[at] ^= static_cast<char>(1 << below(8));
    }
  }
  return bytes;
}

class Corpus : public ::testing::TestWithParam<Target> {};

TEST_P(Corpus, PassesWithItsNeighbours) {
  constexpr int kNeighbours = 30;
  const std::vector<fs::path> files = Files(GetParam().name);
  ASSERT_FALSE(files.empty());
  for (const fs::path& path : files) {
    SCOPED_TRACE(path);
    const std::string bytes = Read(path);
    GetParam().run(bytes);
    std::mt19937 random(20231103);
    for (int i = 0; i < kNeighbours; ++i) GetParam().run(Neighbour(bytes, random));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Corpus, ::testing::ValuesIn(AllTargets()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace caviar::fuzz
