// Matrix products for the shapes of a training step.
//
// A block of the result stays in registers while the depth runs by: kPackets packets of rows by
// kColumns columns, and for each step of the depth kPackets packets of the left operand and one
// broadcast value of the right one a column. Libraries first copy both operands into that order,
// and add to a result that was cleared. Here only a transposed left operand is copied: a plain
// one's rows are contiguous as they are, and the right one's values are broadcast from where they
// lie. Against Eigen's kernel that is 4 % of a step in batches of 64 and 128, and nothing that
// could be measured in larger ones; copying the left operand too is slower but for one case
// (tests/bench/README.md). Nothing depends on the machine's caches: the order of every sum is that
// of the depth, in blocks of kDepthBlock, the same on all machines of one instruction set.
#ifndef CAVIAR_WORKER_NETWORK_MATRIX_PRODUCT_H_
#define CAVIAR_WORKER_NETWORK_MATRIX_PRODUCT_H_

#include <algorithm>
#include <utility>

#include "worker/network/eigen.h"

namespace caviar::network {

// How an operand is read.
enum class Operand { kPlain, kTransposed };

template <typename Scalar>
class MatrixProduct {
 public:
  // out = lhs * rhs, with out [rows x cols], lhs [rows x depth] and rhs [depth x cols] as read; a
  // transposed operand lies in memory the other way round. All are contiguous and column-major, and
  // none overlaps out. depth >= 1.
  template <Operand kLhs, Operand kRhs>
  void Compute(Eigen::Index rows, Eigen::Index cols, Eigen::Index depth, const Scalar* lhs,
               const Scalar* rhs, Scalar* out) {
    const Right right = kRhs == Operand::kPlain ? Right{1, depth} : Right{cols, 1};
    const Index whole = rows / kLanes * kLanes;
    for (Index k = 0; k < depth; k += kDepthBlock) {
      const Index block = std::min(kDepthBlock, depth - k);
      const Left left = kLhs == Operand::kPlain ? Left{lhs + k * rows, kPanelRows, rows}
                                                : Transpose(whole, block, depth, lhs + k);
      if (whole < rows) {
        const bool plain = kLhs == Operand::kPlain;
        CopyRest(rows - whole, block, plain ? lhs + k * rows + whole : lhs + whole * depth + k,
                 plain ? 1 : depth, plain ? rows : 1);
      }
      for (Index j = 0; j < cols; j += kColumns) {
        MultiplyColumns(std::make_integer_sequence<int, kColumns>(),
                        static_cast<int>(std::min<Index>(kColumns, cols - j)), left, rows, block,
                        rhs + k * right.depth_step + j * right.column_step, right, k > 0,
                        out + j * rows);
      }
    }
  }

 private:
  using Index = Eigen::Index;
  using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr Index kLanes = Eigen::internal::unpacket_traits<Packet>::size;
  // As many as there are registers for: 3 x 8 of AVX-512's 32, 2 x 6 of the 16 before.
  static constexpr bool kManyRegisters = kLanes * sizeof(Scalar) >= 64;
  static constexpr int kPackets = kManyRegisters ? 3 : 2;
  static constexpr int kColumns = kManyRegisters ? 8 : 6;
  static constexpr Index kPanelRows = kPackets * kLanes;
  static constexpr Index kDepthBlock = 512;

  // Elements from one value of the right operand to the next.
  struct Right {
    Index depth_step;
    Index column_step;
  };

  // Whole packets of the left operand's rows, panel after panel.
  struct Left {
    const Scalar* rows;
    Index panel_step;  // elements from a panel to the next
    Index depth_step;
  };

  // Rows that are contiguous, `step` elements apart, in panels of [depth x kPanelRows].
  Left Transpose(Index rows, Index depth, Index step, const Scalar* lhs) {
    const Index panels = (rows + kPanelRows - 1) / kPanelRows;
    Reserve(panels * kPanelRows * depth, panels_);
    for (Index i = 0; i < rows; i += kLanes) {
      TransposeLanes(depth, step, lhs + i * step,
                     panels_.data() + i / kPanelRows * kPanelRows * depth + i % kPanelRows);
    }
    return {panels_.data(), kPanelRows * depth, kPanelRows};
  }

  // The last rows, fewer than kLanes, filled up with zeros: [kLanes x depth].
  void CopyRest(Index rows, Index depth, const Scalar* lhs, Index row_step, Index depth_step) {
    Reserve(kLanes * depth, rest_);
    for (Index k = 0; k < depth; ++k) {
      for (Index i = 0; i < kLanes; ++i) {
        rest_[k * kLanes + i] = i < rows ? lhs[i * row_step + k * depth_step] : Scalar(0);
      }
    }
  }

  static void TransposeLanes(Index depth, Index step, const Scalar* from, Scalar* to) {
    Index k = 0;
    for (; k + kLanes <= depth; k += kLanes) {
      Eigen::internal::PacketBlock<Packet, kLanes> block;
      for (Index i = 0; i < kLanes; ++i) {
        block.packet[i] = Eigen::internal::ploadu<Packet>(from + i * step + k);
      }
      Eigen::internal::ptranspose(block);
      for (Index i = 0; i < kLanes; ++i) {
        Eigen::internal::pstoreu(to + (k + i) * kPanelRows, block.packet[i]);
      }
    }
    for (; k < depth; ++k) {
      for (Index i = 0; i < kLanes; ++i) to[k * kPanelRows + i] = from[i * step + k];
    }
  }

  // Calls the code for that many columns.
  template <int... kFewer>
  void MultiplyColumns(std::integer_sequence<int, kFewer...>, int columns, const Left& left,
                       Index rows, Index depth, const Scalar* rhs, const Right& right, bool add,
                       Scalar* out) const {
    ((columns == kFewer + 1 ? MultiplyPanels<kFewer + 1>(left, rows, depth, rhs, right, add, out)
                            : void()),
     ...);
  }

  template <int kCount>
  void MultiplyPanels(const Left& left, Index rows, Index depth, const Scalar* rhs,
                      const Right& right, bool add, Scalar* out) const {
    const Scalar* panel = left.rows;
    Index i = 0;
    for (; i + kPanelRows <= rows; i += kPanelRows, panel += left.panel_step) {
      Multiply<kPackets, kCount>(panel, left.depth_step, depth, rhs, right, add, rows, out + i);
    }
    if constexpr (kPackets > 2) {
      if (i + 2 * kLanes <= rows) {
        Multiply<2, kCount>(panel, left.depth_step, depth, rhs, right, add, rows, out + i);
        panel += 2 * kLanes;
        i += 2 * kLanes;
      }
    }
    if (i + kLanes <= rows) {
      Multiply<1, kCount>(panel, left.depth_step, depth, rhs, right, add, rows, out + i);
      i += kLanes;
    }
    if (i < rows) MultiplyRest<kCount>(rows - i, depth, rhs, right, add, rows, out + i);
  }

  // The last rows go through a block of a whole packet.
  template <int kCount>
  void MultiplyRest(Index rows, Index depth, const Scalar* rhs, const Right& right, bool add,
                    Index step, Scalar* out) const {
    alignas(64) Scalar block[kLanes * kCount] = {};
    for (int j = 0; add && j < kCount; ++j) {
      std::copy_n(out + j * step, rows, block + j * kLanes);
    }
    Multiply<1, kCount>(rest_.data(), kLanes, depth, rhs, right, add, kLanes, block);
    for (int j = 0; j < kCount; ++j) {
      std::copy_n(block + j * kLanes, rows, out + j * step);
    }
  }

  // out [kRows packets x kCount] = lhs * rhs, or += where `add`. Its columns are out_step apart.
  template <int kRows, int kCount>
  static void Multiply(const Scalar* lhs, Index lhs_step, Index depth, const Scalar* rhs,
                       const Right& right, bool add, Index out_step, Scalar* out) {
    using Eigen::internal::ploadu;
    Packet sum[kRows][kCount];
    for (int j = 0; j < kCount; ++j) {
      for (int i = 0; i < kRows; ++i) {
        sum[i][j] = add ? ploadu<Packet>(out + j * out_step + i * kLanes)
                        : Eigen::internal::pzero(Packet());
      }
    }
    for (Index k = 0; k < depth; ++k, lhs += lhs_step, rhs += right.depth_step) {
      Packet left[kRows];
      for (int i = 0; i < kRows; ++i) left[i] = ploadu<Packet>(lhs + i * kLanes);
      for (int j = 0; j < kCount; ++j) {
        const Packet value = Eigen::internal::pset1<Packet>(rhs[j * right.column_step]);
        for (int i = 0; i < kRows; ++i) {
          sum[i][j] = Eigen::internal::pmadd(left[i], value, sum[i][j]);
        }
      }
    }
    for (int j = 0; j < kCount; ++j) {
      for (int i = 0; i < kRows; ++i) {
        Eigen::internal::pstoreu(out + j * out_step + i * kLanes, sum[i][j]);
      }
    }
  }

  // Memory that only grows.
  static void Reserve(Index size, Vector<Scalar>& buffer) {
    if (size > buffer.size()) buffer.resize(size);
  }

  Vector<Scalar> panels_;
  Vector<Scalar> rest_;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_MATRIX_PRODUCT_H_
