#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/data/zip.h"
#include "worker/data/npy.h"

namespace caviar::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Inputs() { return Npy("|u1", "(2, 2)", Bytes({1, 2, 3, 4})); }
std::string NpzLabels() { return Npy("<U1", "(2,)", Values<uint32_t>({'b', 'a'})); }

class Npz : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const LabeledTable>> Read(const std::string& archive) {
    return ReadNpz(folder_.Write("file.npz", archive), {"x_train", "y_train"});
  }
  std::string Message(const std::string& archive) {
    return std::string(Read(archive).status().message());
  }
  TestFolder folder_;
};

TEST_F(Npz, ReadsTwoArraysByName) {
  for (const bool deflated : {false, true}) {
    ZipForm form;
    form.deflated = deflated;
    const auto read = Read(
        Zip({{"y_train.npy", NpzLabels()}, {"more.npy", "?"}, {"x_train.npy", Inputs()}}, form));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_THAT(std::get<std::vector<uint8_t>>((*read)->table.values), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT((*read)->labels, ElementsAre(0, 1));
    EXPECT_THAT((*read)->label_names, ElementsAre("b", "a"));
  }
}

TEST_F(Npz, ErrorsNameFileAndArray) {
  EXPECT_THAT(Message(Zip({{"x_train.npy", Inputs() + "x"}, {"y_train.npy", NpzLabels()}})),
              HasSubstr("file.npz\", array \"x_train\" has bytes after its last value"));
  EXPECT_THAT(Message(Zip({{"x_train.npy", Inputs()}, {"y_train.npy", "text"}})),
              HasSubstr("file.npz\", array \"y_train\" is not an .npy file"));
  ZipForm form;
  form.checksum_xor = 1;
  EXPECT_THAT(Message(Zip({{"x_train.npy", Inputs()}, {"y_train.npy", NpzLabels()}}, form)),
              HasSubstr("array \"x_train\" is damaged: its checksum does not match"));
  EXPECT_THAT(
      Message(Zip({{"x_train.npy", Npy("|u1", "(3, 2)", "abcdef")}, {"y_train.npy", NpzLabels()}})),
      HasSubstr("array \"y_train\" holds 2 labels, but \""));
}

TEST_F(Npz, AnArrayThatIsNotThereIsAnsweredWithThoseThatAre) {
  EXPECT_THAT(Message(Zip({{"X_train.npy", Inputs()}, {"y.npy", NpzLabels()}, {"z", ""}})),
              HasSubstr("file.npz\" has no array \"x_train\"; did you mean \"X_train\"? It has "
                        "\"X_train\", \"y\""));
  EXPECT_THAT(Message(Zip({})), HasSubstr("holds no arrays: was it made by numpy.savez?"));
}

TEST_F(Npz, ClaimsThatTheArchiveCannotHoldAreRefused) {
  ZipForm form;
  form.deflated = true;
  form.bytes = int64_t{7} << 30;
  for (const bool fortran : {false, true}) {
    const std::string inputs = Npy("|u1", "(900000000, 8)", "abc", fortran);
    EXPECT_THAT(Message(Zip({{"x_train.npy", inputs}, {"y_train.npy", NpzLabels()}}, form)),
                HasSubstr("array \"x_train\" "));
  }
}

TEST_F(Npz, TheTestPartIsFoundByItsUsualNamesWhereBothAreThere) {
  const auto find = [&](const std::vector<std::string>& names, const v1::NpzFile& spec) {
    std::vector<std::pair<std::string, std::string>> files;
    for (const std::string& name : names) files.emplace_back(name + ".npy", NpzLabels());
    return FindNpzPair(folder_.Write("file.npz", Zip(files)), spec, true).value();
  };
  v1::NpzFile spec;
  EXPECT_TRUE(find({"x_train", "y_train", "x_test", "y_test"}, spec));
  EXPECT_FALSE(find({"x_train", "y_train", "x_test"}, spec));
  EXPECT_FALSE(find({"x_train", "y_train"}, spec));
  spec.set_test_inputs("a");
  spec.set_test_labels("b");
  const auto pair = find({"x_train", "y_train"}, spec);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->inputs, "a");
  EXPECT_EQ(pair->labels, "b");
}

}  // namespace
}  // namespace caviar::data
