#include "worker/training/checkpoint.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "worker/network/byte_stream.h"

namespace caviar::training {
namespace {

Checkpoint Example() {
  Checkpoint checkpoint;
  checkpoint.identity = "trial 3";
  checkpoint.epoch = 5;
  checkpoint.updates = 7;
  checkpoint.sums = {1.5, 42, 0.25};
  checkpoint.choice = {4, 0.9};
  checkpoint.plateau = {0.8, 2};
  checkpoint.network.network.parameters = {1, 2, 3};
  checkpoint.network.network.statistics = {4};
  checkpoint.network.network.updates = 47;
  checkpoint.network.first = {5, 6, 7};
  checkpoint.network.steps = 47;
  checkpoint.kept.emplace(checkpoint.network.network).updates = 40;
  return checkpoint;
}

TEST(Checkpoint, ComesBackAsItWas) {
  for (const bool kept : {true, false}) {
    Checkpoint written = Example();
    if (!kept) {
      written.kept.reset();
      written.choice.step.reset();
      written.plateau.best.reset();
    }
    const auto read =
        ParseCheckpoint(SerializeCheckpoint(written), written.identity, written.network);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->epoch, 5);
    EXPECT_EQ(read->updates, 7);
    EXPECT_EQ(read->sums.loss, 1.5);
    EXPECT_EQ(read->sums.correct, 42);
    EXPECT_EQ(read->sums.gradient_norm, 0.25);
    EXPECT_EQ(read->choice.step, written.choice.step);
    EXPECT_EQ(read->choice.value, 0.9);
    EXPECT_EQ(read->plateau.best, written.plateau.best);
    EXPECT_EQ(read->plateau.epochs_without_gain, 2);
    EXPECT_EQ(read->network.network.parameters, written.network.network.parameters);
    EXPECT_EQ(read->network.network.statistics, written.network.network.statistics);
    EXPECT_EQ(read->network.network.updates, 47);
    EXPECT_EQ(read->network.first, written.network.first);
    EXPECT_TRUE(read->network.second.empty());
    EXPECT_EQ(read->network.steps, 47);
    ASSERT_EQ(read->kept.has_value(), kept);
    if (kept) {
      EXPECT_EQ(read->kept->updates, 40);
    }
  }
}

TEST(Checkpoint, ANumberThatIsSaidNotToBeThereIsRefused) {
  Checkpoint example = Example();
  example.choice.step.reset();
  example.plateau.best.reset();
  std::string file = SerializeCheckpoint(example);
  file.resize(file.size() - sizeof(uint32_t));
  const size_t position = 8 + sizeof(uint32_t) + sizeof(uint32_t) + example.identity.size();
  const size_t step = position + 5 * sizeof(int64_t) + sizeof(uint32_t);
  const size_t best = step + 2 * sizeof(int64_t) + sizeof(uint32_t);
  for (const size_t offset : {step, best}) {
    std::string odd = file;
    odd[offset] = 1;
    const uint32_t crc32 = network::Crc32(odd);
    odd.append(reinterpret_cast<const char*>(&crc32), sizeof(crc32));
    EXPECT_FALSE(ParseCheckpoint(odd, example.identity, example.network).ok()) << offset;
  }
}

TEST(Checkpoint, HostileNumbersWithARightChecksumAreNeverBelieved) {
  const Checkpoint example = Example();
  const std::string file = SerializeCheckpoint(example);
  for (size_t offset = 8; offset + 12 <= file.size(); ++offset) {
    for (const uint64_t value : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}, uint64_t{1} << 63,
                                 uint64_t{1} << 62, uint64_t{0x7fffffff}}) {
      std::string hostile = file.substr(0, file.size() - 4);
      std::memcpy(hostile.data() + offset, &value, sizeof(value));
      const uint32_t crc32 = network::Crc32(hostile);
      hostile.append(reinterpret_cast<const char*>(&crc32), sizeof(crc32));
      const auto read = ParseCheckpoint(hostile, example.identity, example.network);
      if (!read.ok()) continue;
      EXPECT_EQ(read->network.network.parameters.size(), 3u) << "offset " << offset;
      EXPECT_EQ(read->network.first.size(), 3u);
      EXPECT_GE(read->epoch, 1);
    }
  }
}

}  // namespace
}  // namespace caviar::training
