#include "server/sampling/gp_loops.h"

#include <cmath>
#include <cstring>

#include "server/sampling/instruction_levels.h"

namespace caviar::sampling::gp {
namespace {

typedef double Vector __attribute__((vector_size(64), may_alias));
typedef int64_t Bits __attribute__((vector_size(64), may_alias));

constexpr double kRoot5 = 2.23606797749978969641;
constexpr int kMaxGroups = 256;  // parameters of a study

CAVIAR_INLINE Vector Load(const double* from) { return *reinterpret_cast<const Vector*>(from); }
CAVIAR_INLINE void Store(double* to, const Vector& x) { *reinterpret_cast<Vector*>(to) = x; }
CAVIAR_INLINE Vector Fill(double x) { return Vector{x, x, x, x, x, x, x, x}; }

CAVIAR_INLINE double Sum(const Vector& x) {
  return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

CAVIAR_INLINE Vector Root(const Vector& x) {
  Lanes in, out;
  Store(in.at, x);
  for (int i = 0; i < kLanes; ++i) out.at[i] = __builtin_sqrt(in.at[i]);
  return Load(out.at);
}

// x = k·ln 2 + r with |r| <= ln 2 / 2; e^-x = 2^-k·e^-r, and e^-r by its series to r^12, which is
// 1.7e-16 away at most. ln 2 in two parts, the first of which times k is exact.
CAVIAR_INLINE Vector Exp(const Vector& x) {
  constexpr double kLog2E = 1.44269504088896340736;
  constexpr double kHigh = 6.93147180369123816490e-01, kLow = 1.90821492927058770002e-10;
  constexpr double kRounder = 6755399441055744.0;  // 1.5·2^52: what is added to it is rounded
  constexpr double kSeries[] = {1.0 / 479001600,
                                1.0 / 39916800,
                                1.0 / 3628800,
                                1.0 / 362880,
                                1.0 / 40320,
                                1.0 / 5040,
                                1.0 / 720,
                                1.0 / 120,
                                1.0 / 24,
                                1.0 / 6,
                                1.0 / 2,
                                1.0,
                                1.0};
  const Vector t = x < Fill(700.0) ? x : Fill(700.0);
  const Vector shifted = t * kLog2E + kRounder;
  const Vector k = shifted - kRounder;
  const Vector r = k * kLow - (t - k * kHigh);
  Vector y = Fill(kSeries[0]);
#pragma GCC unroll 12
  for (int i = 1; i < 13; ++i) y = y * r + kSeries[i];
  const Bits exponent = (Bits)shifted - (Bits)Fill(kRounder);
  const Bits power = (1023 - exponent) << 52;
  return y * (Vector)power;
}

CAVIAR_INLINE Vector DistanceIn(bool unordered, const Vector& a, double b) {
  if (unordered) return a != b ? Fill(1.0) : Fill(0.0);
  const Vector difference = a - b;
  return difference * difference;
}

// Σ weight·D over all columns.
CAVIAR_INLINE Vector Distance(const Covariance::Column* columns, int count, const Grid& a,
                              int vector, const Grid& b, int point) {
  Vector sum = Fill(0.0);
  for (int c = 0; c < count; ++c) {
    sum += columns[c].weight *
           DistanceIn(columns[c].unordered, Load(a.row(c) + vector * kLanes), b.row(c)[point]);
  }
  return sum;
}

// r = √5·√squared in these three.
CAVIAR_INLINE Vector Matern(const Vector& squared, const Vector& r) {
  return (1.0 + r + (5.0 / 3) * squared) * Exp(r);
}

// Of M by -squared/2: 5/3·(1 + √5·r)·exp(-√5·r).
CAVIAR_INLINE Vector MaternSlope(const Vector& r) { return (5.0 / 3) * (1.0 + r) * Exp(r); }

// weight·Σ_{c in g} D_c; `c` is the group's first column and becomes the next one's. Most groups
// are one number, and need no root.
CAVIAR_INLINE Vector OwnDistance(const Covariance::Column* columns, int count,
                                 const Covariance::Term& term, const Grid& a, int vector,
                                 const Grid& b, int point, int& c, Vector& r) {
  const int group = columns[c].group;
  const Vector x = Load(a.row(c) + vector * kLanes);
  if (!columns[c].unordered && (c + 1 == count || columns[c + 1].group != group)) {
    const Vector difference = x - b.row(c)[point];
    r = (kRoot5 * term.root) * (difference < 0.0 ? -difference : difference);
    ++c;
    return term.weight * (difference * difference);
  }
  Vector sum = Fill(0.0);
  for (; c < count && columns[c].group == group; ++c) {
    sum += DistanceIn(columns[c].unordered, Load(a.row(c) + vector * kLanes), b.row(c)[point]);
  }
  sum *= term.weight;
  r = kRoot5 * Root(sum);
  return sum;
}

CAVIAR_INLINE Vector Value(const Covariance& k, const Grid& a, int vector, const Grid& b,
                           int point) {
  const Covariance::Column* columns = k.columns.data();
  const int count = static_cast<int>(k.columns.size());
  const Vector squared = Distance(columns, count, a, vector, b, point);
  Vector value = k.constant + k.variance * Matern(squared, kRoot5 * Root(squared));
  if (k.additive.empty()) return value;
  const Covariance::Term* terms = k.additive.data();
  for (int c = 0; c < count;) {
    const Covariance::Term& term = terms[columns[c].group];
    Vector r;
    const Vector own = OwnDistance(columns, count, term, a, vector, b, point, c, r);
    value += term.variance * Matern(own, r);
  }
  return value;
}

// sums[r] += Σ_{k = begin}^{end - 1} p(k, i + r)·q(k, vector).
CAVIAR_INLINE void AddProducts(const Grid& p, int i, const Grid& q, int vector, int begin, int end,
                               Vector (&sums)[kLanes]) {
  const double* left = p.row(0) + i;
  const double* right = q.row(0) + vector * kLanes;
  const ptrdiff_t left_step = p.vectors() * kLanes, right_step = q.vectors() * kLanes;
  left += begin * left_step;
  right += begin * right_step;
  for (int k = begin; k < end; ++k, left += left_step, right += right_step) {
    const Vector x = Load(right);
#pragma GCC unroll 8
    for (int r = 0; r < kLanes; ++r) sums[r] += left[r] * x;
  }
}

// sums := ((Uᵀ)⁻¹·sums) with the 8 × 8 of U that begins at (i, i).
CAVIAR_INLINE void SolveBlock(const Grid& u, int i, Vector (&sums)[kLanes]) {
#pragma GCC unroll 8
  for (int r = 0; r < kLanes; ++r) {
    sums[r] *= 1.0 / u.row(i + r)[i + r];
#pragma GCC unroll 8
    for (int below = r + 1; below < kLanes; ++below) {
      sums[below] -= u.row(i + r)[i + below] * sums[r];
    }
  }
}

CAVIAR_INLINE bool FactorizeBlock(Grid& k, int i) {
  for (int r = 0; r < kLanes; ++r) {
    double* row = k.row(i + r) + i;
    const double pivot = row[r];
    if (!(pivot > 0) || !(pivot < 1e300)) return false;
    const double root = std::sqrt(pivot);
    for (int c = r; c < kLanes; ++c) row[c] /= root;
    for (int below = r + 1; below < kLanes; ++below) {
      double* to = k.row(i + below) + i;
      for (int c = below; c < kLanes; ++c) to[c] -= row[below] * row[c];
    }
  }
  return true;
}

}  // namespace

double ExpOfMinus(double x) { return Exp(Fill(x))[0]; }

CAVIAR_FOR_EACH_LEVEL
void Covariances(const Covariance& covariance, const Grid& a, int first, int last, const Grid& b,
                 int count, Grid& out) {
  for (int vector = first; vector < last; ++vector) {
    for (int point = 0; point < count; ++point) {
      Store(out.row(point) + vector * kLanes, Value(covariance, a, vector, b, point));
    }
  }
}

CAVIAR_FOR_EACH_LEVEL
void OwnCovariances(const Covariance& covariance, const Grid& points, int count, double noise,
                    Grid& out) {
  const int padded = PaddedTo(count);
  for (int i = 0; i < count; ++i) {
    double* row = out.row(i);
    for (int vector = i / kLanes; vector < padded / kLanes; ++vector) {
      Store(row + vector * kLanes, Value(covariance, points, vector, points, i));
    }
    for (int j = count; j < padded; ++j) row[j] = 0;
    row[i] += noise;
  }
  for (int i = count; i < padded; ++i) {
    for (int j = 0; j < padded; ++j) out.row(i)[j] = i == j ? 1.0 : 0.0;
  }
}

CAVIAR_FOR_EACH_LEVEL
void Slopes(const Covariance& covariance, const Grid& a, int vector, const Grid& b, int count,
            Grid& slopes) {
  const Covariance::Column* columns = covariance.columns.data();
  const int width = static_cast<int>(covariance.columns.size());
  for (int point = 0; point < count; ++point) {
    const Vector slope = MaternSlope(kRoot5 * Root(Distance(columns, width, a, vector, b, point)));
    Store(slopes.row(point), covariance.variance * slope);
    if (covariance.additive.empty()) continue;
    for (int c = 0, group = 0; c < width; ++group) {
      const Covariance::Term& term = covariance.additive[static_cast<size_t>(group)];
      Vector r;
      OwnDistance(columns, width, term, a, vector, b, point, c, r);
      Store(slopes.row((1 + group) * count + point), term.variance * MaternSlope(r));
    }
  }
}

CAVIAR_FOR_EACH_LEVEL
void PointGradient(const Covariance& covariance, const Grid& a, int vector, const Grid& b,
                   int count, const Grid& slopes, const Grid& factors, Grid& gradient) {
  const int width = static_cast<int>(covariance.columns.size());
  for (int c = 0; c < width; ++c) {
    const Covariance::Column& column = covariance.columns[static_cast<size_t>(c)];
    Vector sum = Fill(0.0), own = Fill(0.0);
    if (!column.unordered) {
      const Vector x = Load(a.row(c) + vector * kLanes);
      const double* points = b.row(c);
      for (int point = 0; point < count; ++point) {
        sum -= Load(factors.row(point)) * Load(slopes.row(point)) * (x - points[point]);
      }
      sum *= column.weight;
      if (!covariance.additive.empty()) {
        for (int point = 0; point < count; ++point) {
          own -= Load(factors.row(point)) * Load(slopes.row((1 + column.group) * count + point)) *
                 (x - points[point]);
        }
        sum += own * covariance.additive[static_cast<size_t>(column.group)].weight;
      }
    }
    Store(gradient.row(c), sum);
  }
}

CAVIAR_FOR_EACH_LEVEL
bool Factorize(Grid& k) {
  const int rows = k.rows();
  for (int i = 0; i < rows; i += kLanes) {
    for (int vector = i / kLanes; vector < rows / kLanes; ++vector) {
      Vector sums[kLanes] = {};
      AddProducts(k, i, k, vector, 0, i, sums);
#pragma GCC unroll 8
      for (int r = 0; r < kLanes; ++r) {
        sums[r] = Load(k.row(i + r) + vector * kLanes) - sums[r];
      }
      if (vector > i / kLanes) SolveBlock(k, i, sums);
#pragma GCC unroll 8
      for (int r = 0; r < kLanes; ++r) Store(k.row(i + r) + vector * kLanes, sums[r]);
      if (vector == i / kLanes && !FactorizeBlock(k, i)) return false;
    }
  }
  return true;
}

CAVIAR_FOR_EACH_LEVEL
void InvertFactor(const Grid& u, Grid& v, Grid& transposed) {
  const int rows = u.rows();
  for (int i = 0; i < rows; i += kLanes) {
    for (int vector = 0; vector < rows / kLanes; ++vector) {
      Vector sums[kLanes] = {};
      if (vector * kLanes <= i) {
        AddProducts(u, i, v, vector, vector * kLanes, i, sums);
        for (int r = 0; r < kLanes; ++r) {
          sums[r] = -sums[r];
          if (vector * kLanes == i) sums[r][r] += 1;
        }
        SolveBlock(u, i, sums);
      }
      for (int r = 0; r < kLanes; ++r) {
        Store(v.row(i + r) + vector * kLanes, sums[r]);
        for (int c = 0; c < kLanes; ++c) transposed.row(vector * kLanes + c)[i + r] = sums[r][c];
      }
    }
  }
}

CAVIAR_FOR_EACH_LEVEL
void SquareOfFactor(const Grid& v, Grid& out) {
  const int rows = v.rows();
  for (int i = 0; i < rows; i += kLanes) {
    for (int vector = i / kLanes; vector < rows / kLanes; ++vector) {
      Vector sums[kLanes] = {};
      AddProducts(v, i, v, vector, vector * kLanes, rows, sums);
      for (int r = 0; r < kLanes; ++r) Store(out.row(i + r) + vector * kLanes, sums[r]);
    }
  }
}

CAVIAR_FOR_EACH_LEVEL
void MultiplyByFactor(const Grid& transposed, const Grid& x, Grid& out) {
  const int rows = transposed.rows();
  for (int vector = 0; vector < x.vectors(); ++vector) {
    for (int i = 0; i < rows; i += kLanes) {
      Vector sums[kLanes] = {};
      AddProducts(transposed, i, x, vector, 0, i + kLanes, sums);
      for (int r = 0; r < kLanes; ++r) Store(out.row(i + r) + vector * kLanes, sums[r]);
    }
  }
}

CAVIAR_FOR_EACH_LEVEL
void MultiplyByTransposedFactor(const Grid& v, const Grid& x, Grid& out) {
  const int rows = v.rows();
  for (int vector = 0; vector < x.vectors(); ++vector) {
    for (int i = 0; i < rows; i += kLanes) {
      Vector sums[kLanes] = {};
      AddProducts(v, i, x, vector, i, rows, sums);
      for (int r = 0; r < kLanes; ++r) Store(out.row(i + r) + vector * kLanes, sums[r]);
    }
  }
}

CAVIAR_FOR_EACH_LEVEL
void ParameterGradient(const Covariance& covariance, const Grid& points, int count,
                       const Grid& by_entry, CovarianceGradient& gradient) {
  const Covariance::Column* columns = covariance.columns.data();
  const int width = static_cast<int>(covariance.columns.size());
  const int groups = covariance.groups();
  const bool additive = !covariance.additive.empty();
  Lanes weights[kMaxGroups] = {}, own_variances[kMaxGroups] = {}, own_weights[kMaxGroups] = {};
  Vector variance = Fill(0.0);
  const Vector lane = {0, 1, 2, 3, 4, 5, 6, 7};
  double trace = 0;
  for (int i = 0; i < count; ++i) {
    trace += by_entry(i, i);
    for (int vector = i / kLanes; vector < by_entry.vectors(); ++vector) {
      // Entries above the diagonal stand for those below it too.
      const Vector j = lane + static_cast<double>(vector * kLanes);
      Vector entry = Load(by_entry.row(i) + vector * kLanes);
      entry = j > static_cast<double>(i) ? 2 * entry : Fill(0.0);
      entry = j < static_cast<double>(count) ? entry : Fill(0.0);
      const Vector squared = Distance(columns, width, points, vector, points, i);
      const Vector r = kRoot5 * Root(squared);
      const Vector decay = Exp(r);
      variance += entry * ((1.0 + r + (5.0 / 3) * squared) * decay);
      const Vector slope = entry * ((-5.0 / 6 * covariance.variance) * (1.0 + r) * decay);
      for (int c = 0; c < width; ++c) {
        double* weight = weights[columns[c].group].at;
        const Vector x = Load(points.row(c) + vector * kLanes);
        const Vector distance = DistanceIn(columns[c].unordered, x, points.row(c)[i]);
        Store(weight, Load(weight) + slope * (columns[c].weight * distance));
      }
      if (!additive) continue;
      for (int c = 0, group = 0; c < width; ++group) {
        const Covariance::Term& term = covariance.additive[static_cast<size_t>(group)];
        Vector s;
        const Vector own = OwnDistance(columns, width, term, points, vector, points, i, c, s);
        const Vector own_decay = entry * Exp(s);
        double* by_variance = own_variances[group].at;
        double* by_weight = own_weights[group].at;
        Store(by_variance, Load(by_variance) + (1.0 + s + (5.0 / 3) * own) * own_decay);
        Store(by_weight, Load(by_weight) + (1.0 + s) * own * own_decay);
      }
    }
  }
  gradient.trace = trace;
  gradient.variance = covariance.variance * (Sum(variance) + trace);
  gradient.weights.assign(static_cast<size_t>(groups), 0.0);
  gradient.additive_variances.assign(additive ? static_cast<size_t>(groups) : 0, 0.0);
  gradient.additive_weights = gradient.additive_variances;
  for (int group = 0; group < groups; ++group) {
    const auto g = static_cast<size_t>(group);
    gradient.weights[g] = Sum(Load(weights[group].at));
    if (!additive) continue;
    const double own = covariance.additive[g].variance;
    gradient.additive_variances[g] = own * (Sum(Load(own_variances[group].at)) + trace);
    gradient.additive_weights[g] = -5.0 / 6 * own * Sum(Load(own_weights[group].at));
  }
}

}  // namespace caviar::sampling::gp
