// What a row's checksum tells apart.
#include "storage/row_checksum.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <vector>

#include "absl/strings/string_view.h"

namespace caviar::storage {
namespace {

using Fill = std::function<void(RowChecksum&)>;

int64_t Of(const Fill& fill) {
  RowChecksum sum;
  fill(sum);
  return sum.value();
}

TEST(RowChecksum, IsTheOneThatIsStoredInEveryDatabase) {
  EXPECT_EQ(Of([](RowChecksum& sum) {
              sum.AddNull();
              sum.AddInteger(-2);
              sum.AddReal(-0.0);
              sum.AddText("\xc3\xa4");
              sum.AddBlob(absl::string_view("\0\xff\x01", 3));
            }),
            510526621);
  EXPECT_EQ(Of([](RowChecksum&) {}), 0);
}

TEST(RowChecksum, TellsValuesAndKindsApart) {
  const std::vector<Fill> rows = {
      [](RowChecksum&) {},
      [](RowChecksum& sum) { sum.AddNull(); },
      [](RowChecksum& sum) { sum.AddNull(), sum.AddNull(); },
      [](RowChecksum& sum) { sum.AddNull(), sum.AddInteger(1); },
      [](RowChecksum& sum) { sum.AddInteger(1), sum.AddNull(); },
      [](RowChecksum& sum) { sum.AddInteger(1); },
      [](RowChecksum& sum) { sum.AddInteger(0); },
      [](RowChecksum& sum) { sum.AddInteger(1 + (int64_t{1} << 32)); },
      [](RowChecksum& sum) { sum.AddInteger(std::numeric_limits<int64_t>::min()); },
      [](RowChecksum& sum) { sum.AddReal(1); },
      [](RowChecksum& sum) { sum.AddReal(0.0); },
      [](RowChecksum& sum) { sum.AddReal(-0.0); },
      [](RowChecksum& sum) { sum.AddReal(5e-324); },
      [](RowChecksum& sum) { sum.AddText(""); },
      [](RowChecksum& sum) { sum.AddText("1"); },
      [](RowChecksum& sum) { sum.AddBlob(""); },
      [](RowChecksum& sum) { sum.AddBlob("1"); },
      [](RowChecksum& sum) { sum.AddText(absl::string_view("1\0", 2)); },
      [](RowChecksum& sum) { sum.AddText("ab"), sum.AddText("c"); },
      [](RowChecksum& sum) { sum.AddText("a"), sum.AddText("bc"); },
      [](RowChecksum& sum) { sum.AddText("abc"), sum.AddText(""); },
      [](RowChecksum& sum) { sum.AddText("abc"); },
  };
  std::map<int64_t, size_t> seen;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto [other, is_new] = seen.emplace(Of(rows[i]), i);
    EXPECT_TRUE(is_new) << "rows " << other->second << " and " << i;
  }
}

}  // namespace
}  // namespace caviar::storage
