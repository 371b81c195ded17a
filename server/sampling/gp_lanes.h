// Storage for the Gaussian process's inner loops: rows of doubles in whole vectors.
#ifndef CAVIAR_SERVER_SAMPLING_GP_LANES_H_
#define CAVIAR_SERVER_SAMPLING_GP_LANES_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace caviar::sampling::gp {

inline constexpr int kLanes = 8;

// What one AVX-512 register holds.
struct alignas(64) Lanes {
  double at[kLanes];
};

constexpr int PaddedTo(int count) { return (count + kLanes - 1) / kLanes * kLanes; }

// A matrix whose rows begin at a multiple of 64 bytes. What is beyond the columns in the last
// vector of a row is padding that the loops read and write too.
class Grid {
 public:
  Grid() = default;
  // Zeros.
  Grid(int rows, int columns) { Resize(rows, columns); }

  // All zeros after it.
  void Resize(int rows, int columns) {
    Reshape(rows, columns);
    lanes_.assign(lanes_.size(), Lanes{});
  }
  // What it holds after it is not said; for scratch that is written before it is read.
  void Reshape(int rows, int columns) {
    rows_ = rows;
    vectors_ = PaddedTo(columns) / kLanes;
    // One vector at least, so that every row has an address where there are no points.
    lanes_.resize(std::max<size_t>(1, static_cast<size_t>(rows) * static_cast<size_t>(vectors_)));
  }

  int rows() const { return rows_; }
  // Vectors a row.
  int vectors() const { return vectors_; }
  double* row(int i) { return lanes_.data()[Offset(i)].at; }
  const double* row(int i) const { return lanes_.data()[Offset(i)].at; }
  double& operator()(int i, int j) { return row(i)[j]; }
  double operator()(int i, int j) const { return row(i)[j]; }

 private:
  size_t Offset(int i) const { return static_cast<size_t>(i) * static_cast<size_t>(vectors_); }

  int rows_ = 0;
  int vectors_ = 0;
  std::vector<Lanes> lanes_;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_LANES_H_
