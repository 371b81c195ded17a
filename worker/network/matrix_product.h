// Matrix products whose packing buffers are kept from call to call.
//
// Eigen's own operator allocates them anew for each product; over a training that costs page faults
// worth up to 40 % of the time. So this calls Eigen's kernel, one level below the operator.
#ifndef CAVIAR_WORKER_NETWORK_MATRIX_PRODUCT_H_
#define CAVIAR_WORKER_NETWORK_MATRIX_PRODUCT_H_

#include <algorithm>

#include "worker/network/eigen.h"

namespace caviar::network {

// How an operand is read.
enum class Operand : int { kPlain = Eigen::ColMajor, kTransposed = Eigen::RowMajor };

template <typename Scalar>
class MatrixProduct {
 public:
  // out = lhs * rhs, with out [rows x cols], lhs [rows x depth] and rhs [depth x cols] as read; a
  // transposed operand lies in memory the other way round. All are contiguous and column-major.
  template <Operand kLhs, Operand kRhs>
  void Compute(Eigen::Index rows, Eigen::Index cols, Eigen::Index depth, const Scalar* lhs,
               const Scalar* rhs, Scalar* out) {
    Blocking blocking(rows, cols, depth);
    lhs_packed_.Reserve(blocking.lhs_size());
    rhs_packed_.Reserve(blocking.rhs_size());
    blocking.Use(lhs_packed_.data(), rhs_packed_.data());
    MatrixView<Scalar>(out, rows, cols).setZero();
    Eigen::internal::general_matrix_matrix_product<
        Eigen::Index, Scalar, static_cast<int>(kLhs), false, Scalar, static_cast<int>(kRhs), false,
        Eigen::ColMajor, 1>::run(rows, cols, depth, lhs, kLhs == Operand::kPlain ? rows : depth,
                                 rhs, kRhs == Operand::kPlain ? depth : cols, out, 1, rows,
                                 Scalar(1), blocking, nullptr);
  }

 private:
  // Eigen's block sizes, with buffers from outside.
  class Blocking : public Eigen::internal::level3_blocking<Scalar, Scalar> {
   public:
    Blocking(Eigen::Index rows, Eigen::Index cols, Eigen::Index depth) {
      this->m_mc = rows;
      this->m_nc = cols;
      this->m_kc = depth;
      Eigen::internal::computeProductBlockingSizes<Scalar, Scalar, 1>(this->m_kc, this->m_mc,
                                                                      this->m_nc, Eigen::Index{1});
    }
    Eigen::Index lhs_size() const { return this->m_mc * this->m_kc; }
    Eigen::Index rhs_size() const { return this->m_kc * this->m_nc; }
    void Use(Scalar* lhs, Scalar* rhs) {
      this->m_blockA = lhs;
      this->m_blockB = rhs;
    }
  };

  // Memory that only grows.
  class Buffer {
   public:
    void Reserve(Eigen::Index size) {
      if (size > values_.size()) values_.resize(size);
    }
    Scalar* data() { return values_.data(); }

   private:
    Vector<Scalar> values_;
  };

  Buffer lhs_packed_;
  Buffer rhs_packed_;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_MATRIX_PRODUCT_H_
