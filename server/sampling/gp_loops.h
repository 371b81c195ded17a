// The Gaussian process's inner loops: covariances, triangular factors and their products, in
// vectors of eight doubles. The only file of the room that is compiled for several instruction
// sets; each of them does the same operations in the same order, without fused products, so that
// all give the same bits.
//
// Matrices of n × n have PaddedTo(n) rows; where they are padded, they are the identity's.
#ifndef CAVIAR_SERVER_SAMPLING_GP_LOOPS_H_
#define CAVIAR_SERVER_SAMPLING_GP_LOOPS_H_

#include <cstdint>
#include <vector>

#include "server/sampling/gp_lanes.h"

namespace caviar::sampling::gp {

// A covariance over points of several columns. Columns come in groups (all that one axis is), the
// columns of a group one after the other. With D_c the squared difference of two points in column
// c, or whether they differ there at all where the column is `unordered`, and M the Matérn-5/2
// function M(r) = (1 + √5·r + 5/3·r²)·exp(-√5·r), the covariance is
//   variance·M(√(Σ_c weight_c·D_c)) + Σ_g variance_g·M(√(weight_g·Σ_{c in g} D_c)),
// the second sum (Duvenaud et al. 2011, of first order) only where `additive` is not empty.
struct Covariance {
  struct Column {
    int group = 0;
    bool unordered = false;
    double weight = 1;  // 1 / length²
  };
  struct Term {
    double variance = 0;
    double weight = 1;  // 1 / length²
    double root = 1;    // of the weight
  };
  std::vector<Column> columns;
  double variance = 1;
  double constant = 0;         // of a mean that is not known, added to all
  std::vector<Term> additive;  // one a group, or none

  int groups() const { return columns.empty() ? 0 : columns.back().group + 1; }
  // Of a point with itself.
  double Prior() const {
    double sum = variance + constant;
    for (const Term& term : additive) sum += term.variance;
    return sum;
  }
};

// e^-x for x >= 0, to the last bit or two; 0 or near it past 700.
double ExpOfMinus(double x);

// out(b, a) = covariance of points a and b, for vectors first..last-1 of `a` and for points
// 0..count-1 of `b`. Points stand in columns: [columns × points].
void Covariances(const Covariance& covariance, const Grid& a, int first, int last, const Grid& b,
                 int count, Grid& out);

// The upper triangle of a point set's own: out(i, j) for j >= i, with `noise` on the diagonal.
void OwnCovariances(const Covariance& covariance, const Grid& points, int count, double noise,
                    Grid& out);

// What the derivatives by the coordinates of vector `vector` of `a` need: slopes(b, 0..7) is that
// of the first term by -Σ weight·D / 2, slopes((1 + g)·rows + b, ...) the same of group g's.
void Slopes(const Covariance& covariance, const Grid& a, int vector, const Grid& b, int count,
            Grid& slopes);

// gradient(c, lane) = Σ_b factors(b, lane)·∂covariance(a, b)/∂a_c, for the eight points of that
// vector; zero for unordered columns.
void PointGradient(const Covariance& covariance, const Grid& a, int vector, const Grid& b,
                   int count, const Grid& slopes, const Grid& factors, Grid& gradient);

// In place, of the upper triangle: K = Uᵀ·U. What is below the diagonal is not defined.
// False: not positive definite.
bool Factorize(Grid& k);

// V = (Uᵀ)⁻¹, lower triangular, and its transpose; K⁻¹ = Vᵀ·V.
void InvertFactor(const Grid& u, Grid& v, Grid& transposed);

// The upper triangle, by blocks of 8 × 8, of Vᵀ·V.
void SquareOfFactor(const Grid& v, Grid& out);

// out = V·x and out = Vᵀ·x for all columns of x. `transposed` is Vᵀ.
void MultiplyByFactor(const Grid& transposed, const Grid& x, Grid& out);
void MultiplyByTransposedFactor(const Grid& v, const Grid& x, Grid& out);

// Derivatives of a function by the logarithms of the covariance's parameters, from the symmetric
// matrix of its derivatives by the entries, of which the upper triangle is given.
struct CovarianceGradient {
  double variance = 0;
  std::vector<double> weights;  // by group
  std::vector<double> additive_variances, additive_weights;
  double trace = 0;
};
void ParameterGradient(const Covariance& covariance, const Grid& points, int count,
                       const Grid& by_entry, CovarianceGradient& gradient);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_LOOPS_H_
