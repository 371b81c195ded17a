#include "worker/network/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <limits>

#include "tests/worker/network/examples.h"
#include "worker/network/initialization.h"
#include "worker/network/network.h"

namespace caviar::network {
namespace {

using testing::HasSubstr;

constexpr int kWeightExamples = 20;

std::unique_ptr<Network> NetworkOf(const Architecture& architecture) {
  auto network = CreateNetwork(architecture, UpdateRule(), kWeightExamples);
  EXPECT_TRUE(network.ok()) << network.status();
  FillNormal(1, int64_t{architecture.inputs} * kWeightExamples, (*network)->inputs());
  FillLabels(2, kWeightExamples, architecture.classes, (*network)->labels());
  return *std::move(network);
}

// A network after some updates.
Weights Trained(const Architecture& architecture, Network& network) {
  network.SetState(InitialState(architecture, Initialization::kHe, 5, 6));
  for (int i = 0; i < 5; ++i) network.Update(kWeightExamples, 0.01);
  Weights weights;
  weights.architecture = architecture;
  weights.mean.assign(static_cast<size_t>(architecture.inputs), 0.25f);
  weights.inverse_deviation.assign(static_cast<size_t>(architecture.inputs), 4.0f);
  weights.class_names = {"T-shirt", "", "a b", "\xff\n", std::string(5000, 'x')};
  network.GetState(weights.state);
  return weights;
}

std::string Small() {
  const Architecture architecture = SmallArchitecture({3});
  const auto network = NetworkOf(architecture);
  Weights weights = Trained(architecture, *network);
  weights.class_names.back() = "bag";
  return SerializeWeights(weights);
}

// `file` with the checksum that its changed bytes ask for.
std::string Sealed(std::string file) {
  const size_t body = file.size() - 4;
  const uint32_t crc =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(file.data()), body));
  std::memcpy(file.data() + body, &crc, 4);
  return file;
}

template <typename T>
std::string With(std::string file, size_t offset, T value) {
  std::memcpy(file.data() + offset, &value, sizeof(value));
  return Sealed(std::move(file));
}

TEST(Weights, GiveExactlyTheSameLogitsWhenLoaded) {
  for (const BatchNormPosition position :
       {BatchNormPosition::kNone, BatchNormPosition::kBeforeActivation,
        BatchNormPosition::kAfterActivation}) {
    for (const std::vector<int>& hidden : {std::vector<int>{}, {17, 9}}) {
      const Architecture architecture = SmallArchitecture(hidden, Activation::kTanh, position);
      const auto trained = NetworkOf(architecture);
      const Weights saved = Trained(architecture, *trained);
      const auto read = ParseWeights(SerializeWeights(saved));
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->architecture, architecture);
      EXPECT_EQ(read->mean, saved.mean);
      EXPECT_EQ(read->inverse_deviation, saved.inverse_deviation);
      EXPECT_EQ(read->class_names[3], "\xff\n");
      EXPECT_EQ(read->class_names[4], std::string(4096, 'x'));
      EXPECT_EQ(read->state.parameters, saved.state.parameters);
      EXPECT_EQ(read->state.statistics, saved.state.statistics);
      EXPECT_EQ(read->state.updates, 5);

      const auto loaded = NetworkOf(read->architecture);
      loaded->SetState(read->state);
      const BatchResult expected = trained->Evaluate(kWeightExamples);
      EXPECT_EQ(loaded->Evaluate(kWeightExamples).loss, expected.loss);
      EXPECT_EQ(
          std::memcmp(loaded->logits(), trained->logits(),
                      sizeof(float) * kWeightExamples * static_cast<size_t>(architecture.classes)),
          0);
    }
  }
}

TEST(Weights, AreRefusedWhereverTheyAreTruncated) {
  const std::string file = Small();
  ASSERT_TRUE(ParseWeights(file).ok());
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_EQ(ParseWeights(absl::string_view(file).substr(0, length)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << length;
    // And where the rest is sealed with a checksum that fits.
    if (length < 16) continue;
    EXPECT_FALSE(ParseWeights(Sealed(file.substr(0, length))).ok()) << length;
  }
  EXPECT_FALSE(ParseWeights(file + "x").ok());
  EXPECT_FALSE(ParseWeights(Sealed(file + "xxxx")).ok());
}

TEST(Weights, AreRefusedWhateverByteIsFlipped) {
  const std::string file = Small();
  for (size_t i = 0; i < file.size(); ++i) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    EXPECT_FALSE(ParseWeights(damaged).ok()) << "byte " << i;
  }
}

TEST(Weights, HostileNumbersWithARightChecksumAreReadOrRefusedButNeverBelieved) {
  const std::string file = Small();
  for (size_t offset = 8; offset + 8 <= file.size(); ++offset) {
    for (const uint32_t value : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
      const auto read = ParseWeights(With(file, offset, value));
      if (read.ok()) {
        EXPECT_TRUE(CheckSize(read->architecture, 1).ok());
        EXPECT_EQ(MakeLayout(read->architecture).parameters,
                  static_cast<int64_t>(read->state.parameters.size()));
      }
    }
  }
}

TEST(Weights, SayWhatIsWrong) {
  const std::string file = Small();
  const auto message = [](const std::string& bytes) {
    return std::string(ParseWeights(bytes).status().message());
  };
  EXPECT_THAT(message("PK\x03\x04"), HasSubstr("does not start with"));
  EXPECT_THAT(message(With(file, 8, uint32_t{2})), HasSubstr("version is 2"));
  EXPECT_THAT(message(file.substr(0, file.size() - 1)), HasSubstr("checksum"));
  EXPECT_THAT(message(With(file, 12, uint32_t{0})), HasSubstr("0 inputs"));
  EXPECT_THAT(message(With(file, 20, uint32_t{6})), HasSubstr("activation 6"));
  EXPECT_THAT(message(With(file, 24, uint32_t{3})), HasSubstr("position 3"));
  EXPECT_THAT(message(With(file, 28, uint32_t{2})), HasSubstr("bias correction 2"));
  EXPECT_THAT(message(With(file, 32, std::numeric_limits<double>::quiet_NaN())),
              HasSubstr("momentum nan"));
  EXPECT_THAT(message(With(file, 40, -1.0)), HasSubstr("epsilon -1"));
  EXPECT_THAT(message(With(file, 48, uint32_t{1000000})), HasSubstr("list of hidden layers"));
  EXPECT_THAT(message(With(file, 52, uint32_t{60000})), HasSubstr("numbers"));
}

}  // namespace
}  // namespace caviar::network
