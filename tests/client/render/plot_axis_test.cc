#include "client/render/plot_axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace caviar::render {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

std::vector<std::string> Labels(const PlotAxis& axis) {
  std::vector<std::string> labels;
  for (const double tick : axis.ticks()) labels.push_back(axis.Label(tick));
  return labels;
}

TEST(PlotAxis, HasRoundTicksBetweenItsEnds) {
  EXPECT_THAT(Labels(PlotAxis(0.79, 0.911, 5)), ElementsAre("0.80", "0.85", "0.90"));
  EXPECT_THAT(Labels(PlotAxis(-1, 1, 5)), ElementsAre("-1.0", "-0.5", "0.0", "0.5", "1.0"));
  EXPECT_THAT(Labels(PlotAxis(0, 47, 5)), ElementsAre("0", "10", "20", "30", "40"));
  EXPECT_THAT(Labels(PlotAxis(2e7, 3e7, 5)),
              ElementsAre("2e+07", "2.2e+07", "2.4e+07", "2.6e+07", "2.8e+07", "3e+07"));
}

TEST(PlotAxis, IsLogarithmicOverMoreThanTwoPowersOfTen) {
  const PlotAxis axis(0.03, 30, 5);
  EXPECT_THAT(Labels(axis), ElementsAre("0.1", "1", "10"));
  EXPECT_THAT(axis.Place(std::sqrt(0.03 * 30)), DoubleNear(0.5, 1e-12));
  EXPECT_THAT(Labels(PlotAxis(1e-20, 1, 5)), ElementsAre("1e-20", "1e-15", "1e-10", "1e-05", "1"));
  EXPECT_THAT(PlotAxis(-0.03, 30, 5).Place(15), DoubleNear(0.5, 0.01))
      << "not with what is below 0";
}

TEST(PlotAxis, PlacesItsEndsAndWhatIsBetween) {
  const PlotAxis axis(2, 4, 5);
  EXPECT_EQ(axis.Place(2), 0);
  EXPECT_EQ(axis.Place(3), 0.5);
  EXPECT_EQ(axis.Place(4), 1);
}

TEST(PlotAxis, OfOneValueHasItInTheMiddle) {
  for (const double value : {0.0, 0.5, -7.0, 1e250}) {
    const PlotAxis axis(value, value, 5);
    EXPECT_THAT(axis.Place(value), DoubleNear(0.5, 1e-6)) << value;
    EXPECT_FALSE(axis.ticks().empty()) << value;
  }
}

TEST(PlotAxis, TakesWhateverNumbersThereAre) {
  std::mt19937_64 random(20231103);
  std::uniform_real_distribution<double> exponent(-320, 300);
  for (int i = 0; i < 20000; ++i) {
    const auto draw = [&] {
      return (random() % 2 == 0 ? 1 : -1) *
             (random() % 8 == 0 ? 0 : std::pow(10, exponent(random)));
    };
    const double a = draw();
    const double b = random() % 4 == 0 ? std::nextafter(a, HUGE_VAL) : draw();
    const PlotAxis axis(std::min(a, b), std::max(a, b), 5);
    EXPECT_LE(axis.ticks().size(), 21u) << a << ", " << b;
    for (const double value : {a, b}) {
      EXPECT_GE(axis.Place(value), 0) << a << ", " << b;
      EXPECT_LE(axis.Place(value), 1) << a << ", " << b;
    }
  }
}

}  // namespace
}  // namespace caviar::render
