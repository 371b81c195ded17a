// Checkpoints come from other workers, over the coordinator.
#include <cstring>

#include "tests/fuzz/check.h"
#include "tests/fuzz/targets.h"
#include "worker/network/byte_stream.h"
#include "worker/training/checkpoint.h"

namespace caviar::fuzz {
namespace {

training::Checkpoint Example() {
  training::Checkpoint checkpoint;
  checkpoint.identity = "fuzz";
  checkpoint.network.network.parameters = {1, 2, 3};
  checkpoint.network.network.statistics = {4};
  checkpoint.network.first = {5, 6, 7};
  checkpoint.network.second = {8, 9, 10};
  checkpoint.network.steps = 1;
  return checkpoint;
}

}  // namespace

void TrainingCheckpoint(absl::string_view bytes) {
  const training::Checkpoint expected = Example();
  // Nothing that is fuzzed would get past the checksum.
  std::string file(bytes);
  const uint32_t crc32 = network::Crc32(file);
  file.append(reinterpret_cast<const char*>(&crc32), sizeof(crc32));
  for (const std::string& candidate : {std::string(bytes), file}) {
    const auto read = training::ParseCheckpoint(candidate, expected.identity, expected.network);
    if (!read.ok()) {
      DemandRefusal(read.status());
      continue;
    }
    Demand(training::SerializeCheckpoint(*read) == candidate, "it is written as it was read");
  }
}

}  // namespace caviar::fuzz
