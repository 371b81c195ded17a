// In a file of its own because it is compiled for speed: it runs for every kernel and candidate.
#include "server/sampling/tpe_loops.h"

#include <cstring>

#include "server/sampling/instruction_levels.h"

namespace caviar::sampling::tpe {
namespace {

typedef double Doubles __attribute__((vector_size(kLanes * sizeof(double))));
typedef int64_t Integers __attribute__((vector_size(kLanes * sizeof(int64_t))));

// Columns are not aligned to a vector.
CAVIAR_INLINE void Load(const double* from, Doubles& to) { std::memcpy(&to, from, sizeof(to)); }

// x = exp(x) for x <= 0, with a relative error below 1e-9; below -690: 0. x = n log 2 + r with
// |r| <= log(2) / 2, and the Taylor polynomial of degree 9 in r.
CAVIAR_INLINE void Exp(Doubles& x) {
  constexpr double kLeast = -690;
  constexpr double kRound = 0x1.8p52;  // added, it leaves the nearest whole number in the low bits
  constexpr double kLogHigh = 0x1.62e42feep-1, kLogLow = 0x1.a39ef35793c76p-33;
  const Integers in_range = x > kLeast;
  x = in_range ? x : Doubles{};
  const Doubles shifted = x * 1.4426950408889634 + kRound;
  const Doubles n = shifted - kRound;
  const Doubles r = (x - n * kLogHigh) - n * kLogLow;
  Doubles p = r * (1.0 / 362880) + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  Integers bits, exponent;
  std::memcpy(&bits, &p, sizeof(bits));
  std::memcpy(&exponent, &shifted, sizeof(exponent));
  bits = (bits + (exponent << 52)) & in_range;
  std::memcpy(&x, &bits, sizeof(x));
}

}  // namespace

CAVIAR_FOR_EACH_LEVEL
double SumOfKernels(const double* weights, size_t count, const std::vector<RealFactor>& reals,
                    const std::vector<TableFactor>& tables) {
  const RealFactor* const real = reals.data();
  const TableFactor* const table = tables.data();
  const size_t real_count = reals.size(), table_count = tables.size();
  Doubles sum = {};
  for (size_t i = 0; i < count; i += kLanes) {
    Doubles product, squares = {}, x = {}, y;
    Load(weights + i, product);
    for (size_t a = 0; a < real_count; ++a) {
      Load(real[a].place + i, x);
      const Doubles distance = (x - real[a].at) * real[a].inverse;
      if (real[a].active == nullptr) {
        squares += distance * distance;
        continue;
      }
      Load(real[a].active + i, x);
      Load(real[a].scale + i, y);
      squares += distance * distance * x;
      product *= y;
    }
    for (size_t a = 0; a < table_count; ++a) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        x[lane] = table[a].factors[table[a].cell[i + lane]];
      }
      product *= x;
    }
    squares *= -0.5;
    Exp(squares);
    sum += product * squares;
  }
  double total = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) total += sum[lane];
  return total;
}

}  // namespace caviar::sampling::tpe
