// Matrix products in mixed precision: operands rounded to bfloat16 (8 bits of significand, float's
// exponents), products summed in float (Micikevicius et al. 2018; Kalamkar et al. 2019 for why
// bfloat16 needs no scaled loss).
//
// AVX512-BF16 multiplies pairs along the depth, two for float's one, so both operands are copied
// into pairs: for each two steps of the depth, the pairs of all rows (or columns) side by side.
// From there it is the float kernel's loop. Where the instructions are missing, the rounded
// operands go through the float kernel: the same sums to their last bits, and slower than without
// rounding.
#ifndef CAVIAR_WORKER_NETWORK_MIXED_PRODUCT_H_
#define CAVIAR_WORKER_NETWORK_MIXED_PRODUCT_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "worker/network/architecture.h"
#include "worker/network/eigen.h"
#include "worker/network/matrix_product.h"

// A level for AVX-512 is built for processors with and without AVX512-BF16, which g++ alone can ask
// for in one function.
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define CAVIAR_BFLOAT16_PAIRS 1
#else
#define CAVIAR_BFLOAT16_PAIRS 0
#endif

namespace caviar::network {

// To the nearest, ties to even; what is not finite stays so.
inline float RoundToBfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  constexpr uint32_t kInfinity = 0x7f800000;
  if ((bits & kInfinity) == kInfinity) {
    // A NaN whose upper bits are all zero would become an infinity.
    const bool nan = (bits & 0x7fffff) != 0;
    return std::bit_cast<float>((bits & 0xffff0000) | (nan ? 0x400000U : 0U));
  }
  return std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
}

// The operands rounded, through the float kernel.
class RoundedProduct {
 public:
  // As MatrixProduct::Compute.
  template <Operand kLhs, Operand kRhs>
  void Compute(Eigen::Index rows, Eigen::Index cols, Eigen::Index depth, const float* lhs,
               const float* rhs, float* out) {
    product_.Compute<kLhs, kRhs>(rows, cols, depth, Round(lhs, rows * depth, lhs_),
                                 Round(rhs, depth * cols, rhs_), out);
  }

 private:
  static const float* Round(const float* values, Eigen::Index size, Vector<float>& rounded) {
    if (size > rounded.size()) rounded.resize(size);
    std::transform(values, values + size, rounded.data(), RoundToBfloat16);
    return rounded.data();
  }

  MatrixProduct<float> product_;
  Vector<float> lhs_, rhs_;
};

#if CAVIAR_BFLOAT16_PAIRS
#define CAVIAR_BFLOAT16 __attribute__((target("avx512bf16")))

class PairProduct {
 public:
  static bool Supported() { return __builtin_cpu_supports("avx512bf16") != 0; }

  // As MatrixProduct::Compute.
  template <Operand kLhs, Operand kRhs>
  CAVIAR_BFLOAT16 void Compute(Eigen::Index rows, Eigen::Index cols, Eigen::Index depth,
                               const float* lhs, const float* rhs, float* out) {
    constexpr bool kPlainRight = kRhs == Operand::kPlain;
    for (Index k = 0; k < depth; k += kDepthBlock) {
      const Index block = std::min(kDepthBlock, depth - k);
      const Index pairs = (block + 1) / 2;
      const Index panels = (rows + kPanelRows - 1) / kPanelRows;
      Reserve(panels * kPanelRows * pairs, lhs_);
      for (Index i = 0; i < rows; i += kLanes) {
        uint32_t* to = lhs_.data() + i / kPanelRows * kPanelRows * pairs + i % kPanelRows;
        const Index lanes = std::min(kLanes, rows - i);
        if constexpr (kLhs == Operand::kPlain) {
          InterleaveSteps(lanes, block, lhs + k * rows + i, rows, to, kPanelRows);
        } else {
          TransposePairs(lanes, block, lhs + i * depth + k, depth, to);
        }
      }
      // Columns are whole packets in the one form, depths in the other.
      const Index step = ((kPlainRight ? pairs : cols) + kLanes - 1) / kLanes * kLanes;
      Reserve(step * (kPlainRight ? cols : pairs), rhs_);
      if constexpr (kPlainRight) {
        for (Index j = 0; j < cols; ++j) {
          RoundRow(block, rhs + j * depth + k, rhs_.data() + j * step);
        }
      } else {
        for (Index j = 0; j < cols; j += kLanes) {
          InterleaveSteps(std::min(kLanes, cols - j), block, rhs + k * cols + j, cols,
                          rhs_.data() + j, step);
        }
      }
      const Right right = kPlainRight ? Right{1, step} : Right{step, 1};
      for (Index j = 0; j < cols; j += kColumns) {
        MultiplyColumns(std::make_integer_sequence<int, kColumns>(),
                        static_cast<int>(std::min<Index>(kColumns, cols - j)), rows, pairs,
                        rhs_.data() + j * right.column_step, right, k > 0, out + j * rows);
      }
    }
  }

 private:
  using Index = Eigen::Index;
  static constexpr Index kLanes = 16;
  static constexpr int kPackets = 3;
  static constexpr int kColumns = 8;
  static constexpr Index kPanelRows = kPackets * kLanes;
  static constexpr Index kDepthBlock = 1024;

  // Pairs from one of the right operand to the next.
  struct Right {
    Index depth_step;
    Index column_step;
  };

  static __mmask16 First(Index lanes) { return static_cast<__mmask16>((1U << lanes) - 1); }

  // For each two of `depth` steps, `step` values apart, the pairs of `lanes` values side by side,
  // filled up to a packet, and the depth to a pair, with zeros.
  CAVIAR_BFLOAT16 static void InterleaveSteps(Index lanes, Index depth, const float* from,
                                              Index step, uint32_t* to, Index to_step) {
    const __mmask16 mask = First(lanes);
    // cvtne2ps leaves the first step's 16 values before the second's.
    alignas(64) uint16_t places[32];
    for (int i = 0; i < 32; ++i) places[i] = static_cast<uint16_t>(i / 2 + i % 2 * 16);
    const __m512i order = _mm512_load_si512(places);
    for (Index k = 0; k < depth; k += 2, to += to_step) {
      const __m512 first = _mm512_maskz_loadu_ps(mask, from + k * step);
      const __m512 second =
          k + 1 < depth ? _mm512_maskz_loadu_ps(mask, from + (k + 1) * step) : _mm512_setzero_ps();
      const __m512i both = std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
      _mm512_storeu_si512(to, _mm512_permutexvar_epi16(order, both));
    }
  }

  // `depth` values in their order, which are pairs already; filled up with zeros.
  CAVIAR_BFLOAT16 static void RoundRow(Index depth, const float* from, uint32_t* to) {
    for (Index k = 0; k < depth; k += 2 * kLanes, to += kLanes) {
      _mm512_storeu_si512(to, Round(depth - k, from + k));
    }
  }

  CAVIAR_BFLOAT16 static __m512i Round(Index count, const float* from) {
    const __mmask16 low = First(std::min<Index>(count, kLanes));
    const __mmask16 high = First(std::clamp<Index>(count - kLanes, 0, kLanes));
    return std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, from + kLanes),
                                                      _mm512_maskz_loadu_ps(low, from)));
  }

  // The pairs of `lanes` rows, each contiguous and `step` values apart, into a panel.
  CAVIAR_BFLOAT16 static void TransposePairs(Index lanes, Index depth, const float* from,
                                             Index step, uint32_t* to) {
    const Index pairs = (depth + 1) / 2;
    for (Index k = 0; k < pairs; k += kLanes) {
      Eigen::internal::PacketBlock<Eigen::internal::Packet16f, kLanes> block;
      for (Index i = 0; i < kLanes; ++i) {
        block.packet[i] = i < lanes
                              ? std::bit_cast<__m512>(Round(depth - 2 * k, from + i * step + 2 * k))
                              : _mm512_setzero_ps();
      }
      Eigen::internal::ptranspose(block);
      const Index count = std::min(kLanes, pairs - k);
      for (Index i = 0; i < count; ++i) {
        _mm512_storeu_ps(to + (k + i) * kPanelRows, block.packet[i]);
      }
    }
  }

  // Calls the code for that many columns.
  template <int... kFewer>
  void MultiplyColumns(std::integer_sequence<int, kFewer...>, int columns, Index rows, Index pairs,
                       const uint32_t* rhs, const Right& right, bool add, float* out) const {
    ((columns == kFewer + 1 ? MultiplyPanels<kFewer + 1>(rows, pairs, rhs, right, add, out)
                            : void()),
     ...);
  }

  template <int kCount>
  void MultiplyPanels(Index rows, Index pairs, const uint32_t* rhs, const Right& right, bool add,
                      float* out) const {
    for (Index i = 0; i < rows; i += kPanelRows) {
      const uint32_t* lhs = lhs_.data() + i * pairs;
      const Index left = std::min(kPanelRows, rows - i);
      if (left > 2 * kLanes) {
        Multiply<3, kCount>(lhs, pairs, rhs, right, add, First(left - 2 * kLanes), rows, out + i);
      } else if (left > kLanes) {
        Multiply<2, kCount>(lhs, pairs, rhs, right, add, First(left - kLanes), rows, out + i);
      } else {
        Multiply<1, kCount>(lhs, pairs, rhs, right, add, First(left), rows, out + i);
      }
    }
  }

  // out [kRows packets x kCount] = lhs * rhs, or += where `add`; of the last packet the lanes of
  // `last`. Its columns are out_step apart.
  template <int kRows, int kCount>
  CAVIAR_BFLOAT16 static void Multiply(const uint32_t* lhs, Index pairs, const uint32_t* rhs,
                                       const Right& right, bool add, __mmask16 last, Index out_step,
                                       float* out) {
    __m512 sum[kRows][kCount];
    for (int j = 0; j < kCount; ++j) {
      for (int i = 0; i < kRows; ++i) {
        const __mmask16 mask = i + 1 < kRows ? First(kLanes) : last;
        sum[i][j] = add ? _mm512_maskz_loadu_ps(mask, out + j * out_step + i * kLanes)
                        : _mm512_setzero_ps();
      }
    }
    for (Index k = 0; k < pairs; ++k, lhs += kPanelRows, rhs += right.depth_step) {
      __m512bh left[kRows];
      for (int i = 0; i < kRows; ++i) {
        left[i] = std::bit_cast<__m512bh>(_mm512_loadu_si512(lhs + i * kLanes));
      }
      for (int j = 0; j < kCount; ++j) {
        const auto pair = static_cast<int>(rhs[j * right.column_step]);
        const auto value = std::bit_cast<__m512bh>(_mm512_set1_epi32(pair));
        for (int i = 0; i < kRows; ++i) {
          sum[i][j] = _mm512_dpbf16_ps(sum[i][j], left[i], value);
        }
      }
    }
    for (int j = 0; j < kCount; ++j) {
      for (int i = 0; i < kRows; ++i) {
        _mm512_mask_storeu_ps(out + j * out_step + i * kLanes, i + 1 < kRows ? First(kLanes) : last,
                              sum[i][j]);
      }
    }
  }

  // Memory that only grows.
  static void Reserve(Index size, Vector<uint32_t>& buffer) {
    if (size > buffer.size()) buffer.resize(size);
  }

  // Panels of [pairs x kPanelRows].
  Vector<uint32_t> lhs_;
  Vector<uint32_t> rhs_;
};

#undef CAVIAR_BFLOAT16
#endif  // CAVIAR_BFLOAT16_PAIRS

// The products of a training step, in the precision that was asked for; of doubles, plain ones.
template <typename Scalar>
class TrainingProduct {
 public:
  explicit TrainingProduct(Precision precision) : precision_(precision) {}

  // As MatrixProduct::Compute.
  template <Operand kLhs, Operand kRhs>
  void Compute(Eigen::Index rows, Eigen::Index cols, Eigen::Index depth, const Scalar* lhs,
               const Scalar* rhs, Scalar* out) {
    if constexpr (std::is_same_v<Scalar, float>) {
      if (precision_ == Precision::kMixed) {
#if CAVIAR_BFLOAT16_PAIRS
        if (has_pairs_) return pairs_.Compute<kLhs, kRhs>(rows, cols, depth, lhs, rhs, out);
#endif
        return rounded_.Compute<kLhs, kRhs>(rows, cols, depth, lhs, rhs, out);
      }
    }
    plain_.template Compute<kLhs, kRhs>(rows, cols, depth, lhs, rhs, out);
  }

 private:
  Precision precision_;
  MatrixProduct<Scalar> plain_;
  RoundedProduct rounded_;
#if CAVIAR_BFLOAT16_PAIRS
  PairProduct pairs_;
  bool has_pairs_ = PairProduct::Supported();
#endif
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_MIXED_PRODUCT_H_
