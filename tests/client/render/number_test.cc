#include "client/render/number.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <cstdlib>

namespace caviar::render {
namespace {

TEST(Number, IsTheShortestThatReadsBackToTheSame) {
  EXPECT_EQ(FormatNumber(0.1), "0.1");
  EXPECT_EQ(FormatNumber(64), "64");
  EXPECT_EQ(FormatNumber(1e-8), "1e-08");
  EXPECT_EQ(FormatNumber(std::nan("")), "NaN");
  EXPECT_EQ(FormatNumber(-HUGE_VAL), "-Infinity");
  EXPECT_EQ(FormatShortNumber(0.8911666870117188), "0.891167");
  EXPECT_EQ(FormatShortNumber(HUGE_VAL), "Infinity");
  ASSERT_TRUE(rc::check([](double number) {
    RC_PRE(std::isfinite(number));
    RC_ASSERT(std::strtod(FormatNumber(number).c_str(), nullptr) == number);
  }));
}

TEST(Number, DurationsAreShortForPeople) {
  EXPECT_EQ(DurationText(absl::ZeroDuration()), "0s");
  EXPECT_EQ(DurationText(absl::Seconds(-3)), "0s");
  EXPECT_EQ(DurationText(absl::Milliseconds(420)), "0.4s");
  EXPECT_EQ(DurationText(absl::Seconds(45)), "45s");
  EXPECT_EQ(DurationText(absl::Seconds(192)), "3m12s");
  EXPECT_EQ(DurationText(absl::Minutes(125)), "2h05m");
  EXPECT_EQ(DurationText(absl::Hours(28)), "1d04h");
}

TEST(Number, TimesAreRfc3339) {
  EXPECT_EQ(TimeText(absl::FromUnixSeconds(1'700'000'000)), "2023-11-14T22:13:20Z");
}

TEST(Number, ValuesAreAsInAStudyFile) {
  v1::Value value;
  EXPECT_EQ(FormatValue(value), "");
  value.set_double_value(0.12345678901);
  EXPECT_EQ(FormatValue(value), "0.12345678901");
  EXPECT_EQ(FormatValue(value, /*is_short=*/true), "0.123457");
  value.set_bool_value(true);
  EXPECT_EQ(FormatValue(value), "true");
  value.set_int_value(-3);
  EXPECT_EQ(FormatValue(value), "-3");
}

TEST(BytesText, ChoosesTheUnit) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1536), "1.5 KiB");
  EXPECT_EQ(BytesText((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(BytesText(int64_t{5} << 40), "5.0 TiB");
}

}  // namespace
}  // namespace caviar::render
