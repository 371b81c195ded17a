#include "client/study_file/scalar.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace caviar::study_file {
namespace {

TEST(Scalar, NumbersAreThoseOfYaml12) {
  const std::pair<const char*, double> floats[] = {{"1e-4", 1e-4}, {"1.0", 1},       {".5", 0.5},
                                                   {"5.", 5},      {"+1.5E+2", 150}, {"-0.0", 0}};
  for (const auto& [text, number] : floats) {
    EXPECT_EQ(ResolvePlain(text).kind, Scalar::Kind::kFloat) << text;
    EXPECT_EQ(ResolvePlain(text).number, number) << text;
  }
  const std::pair<const char*, int64_t> ints[] = {{"0", 0},   {"-12", -12}, {"+7", 7},
                                                  {"007", 7}, {"0o17", 15}, {"0xfF", 255}};
  for (const auto& [text, number] : ints) {
    EXPECT_EQ(ResolvePlain(text).kind, Scalar::Kind::kInt) << text;
    EXPECT_EQ(ResolvePlain(text).integer, number) << text;
  }
  EXPECT_TRUE(std::isnan(ResolvePlain(".NaN").number));
  EXPECT_EQ(ResolvePlain("-.inf").number, -HUGE_VAL);
  EXPECT_EQ(ResolvePlain("1e999").number, HUGE_VAL);
  EXPECT_EQ(ResolvePlain("99999999999999999999").kind, Scalar::Kind::kFloat);
}

TEST(Scalar, WordsThatOnlyLookLikeSomethingElseAreTexts) {
  for (const char* text :
       {"on", "yes", "y",    "off", "1_000", "1:30", "1e",    "e5",   ".",  "-",
        "+",  "--1", "0b11", "0x",  "nan",   "inf",  "1.2.3", "tRue", "1 ", "0o8"}) {
    EXPECT_EQ(ResolvePlain(text).kind, Scalar::Kind::kText) << text;
  }
}

TEST(Scalar, DurationsAreSumsOfNumbersWithUnits) {
  const std::pair<const char*, absl::Duration> cases[] = {
      {"90s", absl::Seconds(90)},      {"30m", absl::Minutes(30)},
      {"2h30m", absl::Minutes(150)},   {"1d", absl::Hours(24)},
      {"1.5h", absl::Minutes(90)},     {"250ms", absl::Milliseconds(250)},
      {"1m0.5s", absl::Seconds(60.5)},
  };
  for (const auto& [text, duration] : cases) {
    ASSERT_TRUE(ParseDuration(text).ok()) << text;
    EXPECT_EQ(*ParseDuration(text), duration) << text;
  }
  for (const char* text :
       {"", "90", "s", "1x", "-1s", "1s ", "1.s", "1h 30m", "1e3s", "99999999999d"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(Scalar, AWrittenDurationIsReadBackTheSame) {
  ASSERT_TRUE(rc::check([](uint32_t seconds, uint32_t nanoseconds) {
    const absl::Duration duration =
        absl::Seconds(seconds) + absl::Nanoseconds(nanoseconds % 1'000'000'000);
    const auto read = ParseDuration(WriteDuration(duration));
    RC_ASSERT(read.ok());
    RC_ASSERT(*read - duration < absl::Nanoseconds(1));
    RC_ASSERT(duration - *read < absl::Nanoseconds(1));
  }));
}

}  // namespace
}  // namespace caviar::study_file
