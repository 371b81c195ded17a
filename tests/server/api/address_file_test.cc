#include "server/api/address_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"

namespace caviar::server_api {
namespace {

TEST(AdvertisedAddress, IsWhatIsServedWithThisMachinesNameForEveryAddress) {
  EXPECT_EQ(*AdvertisedAddress("127.0.0.1:7461", "", "head"), "127.0.0.1:7461");
  EXPECT_EQ(*AdvertisedAddress("0.0.0.0:40001", "", "head"), "head:40001");
  EXPECT_EQ(*AdvertisedAddress("[::]:40001", "", "head"), "head:40001");
  EXPECT_EQ(*AdvertisedAddress("[::1]:1", "", "head"), "[::1]:1");
}

TEST(AdvertisedAddress, IsWhatWasAskedForWithThePortThatIsServed) {
  EXPECT_EQ(*AdvertisedAddress("0.0.0.0:40001", "login.example", "head"), "login.example:40001");
  EXPECT_EQ(*AdvertisedAddress("0.0.0.0:40001", "login.example:80", "head"), "login.example:80");
  EXPECT_EQ(*AdvertisedAddress("0.0.0.0:40001", "[fd00::7]:80", "head"), "[fd00::7]:80");
  for (const char* wrong : {"0.0.0.0", "login:0", "fd00::7", ":80"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(AdvertisedAddress("0.0.0.0:1", wrong, "head").status()))
        << wrong;
  }
}

class AddressFileTest : public testing::Test {
 protected:
  AddressFileTest() { std::filesystem::create_directory(folder_); }
  ~AddressFileTest() override { std::filesystem::remove_all(folder_); }
  std::string Read() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const std::string folder_ = absl::StrCat(testing::TempDir(), "address-", getpid());
  const std::string path_ = folder_ + "/address";
};

TEST_F(AddressFileTest, IsThereWhileItsOwnerServes) {
  {
    const auto file = AddressFile::Write(path_, "head:1");
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(Read(), "head:1\n");
    EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0600));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "no temporary file is left either";
}

TEST_F(AddressFileTest, OfAnotherCoordinatorIsLeftAlone) {
  auto first = AddressFile::Write(path_, "head:1");
  const auto second = AddressFile::Write(path_, "other:2");
  first->reset();
  EXPECT_EQ(Read(), "other:2\n");
}

TEST_F(AddressFileTest, SaysWhereItCannotBeWritten) {
  const auto file = AddressFile::Write(folder_ + "/no/address", "head:1");
  ASSERT_TRUE(absl::IsFailedPrecondition(file.status()));
  EXPECT_EQ(file.status().message(),
            absl::StrCat("cannot write --address-file ", folder_,
                         "/no/address: No such file or directory; its folder must be there, and "
                         "writable"));
}

}  // namespace
}  // namespace caviar::server_api
