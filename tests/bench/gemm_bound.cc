// Built for the machine that builds it (CMakeLists.txt), and the only file here that sees Eigen.
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes the value of its own _mm512_undefined_ps() for a mistake (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "tests/bench/gemm_bound.h"

#include <dlfcn.h>

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace caviar::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// c [m x n] = op(a) * op(b), all row by row; a transposed operand lies the other way round.
using Gemm = std::function<void(bool transpose_a, bool transpose_b, int m, int n, int k,
                                const float* a, const float* b, float* c)>;

void EigenGemm(bool transpose_a, bool transpose_b, int m, int n, int k, const float* a,
               const float* b, float* c) {
  const Eigen::Map<const Matrix> left(a, transpose_a ? k : m, transpose_a ? m : k);
  const Eigen::Map<const Matrix> right(b, transpose_b ? n : k, transpose_b ? k : n);
  Eigen::Map<Matrix> out(c, m, n);
  if (transpose_a) {
    out.noalias() = left.transpose() * right;
  } else if (transpose_b) {
    out.noalias() = left * right.transpose();
  } else {
    out.noalias() = left * right;
  }
}

// A function of a shared library, if there is one.
template <typename Function>
Function Find(const char* library, const char* name) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  return handle == nullptr ? nullptr : reinterpret_cast<Function>(dlsym(handle, name));
}

Gemm OneDnnGemm() {
  using Function = int (*)(char, char, int64_t, int64_t, int64_t, float, const float*, int64_t,
                           const float*, int64_t, float, float*, int64_t);
  const auto sgemm = Find<Function>("libdnnl.so.2", "dnnl_sgemm");
  if (sgemm == nullptr) return nullptr;
  return [sgemm](bool ta, bool tb, int m, int n, int k, const float* a, const float* b, float* c) {
    sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
  };
}

Gemm BlasGemm() {
  using Function = void (*)(int, int, int, int, int, int, float, const float*, int, const float*,
                            int, float, float*, int);
  const auto sgemm = Find<Function>("libblas.so.3", "cblas_sgemm");
  if (sgemm == nullptr) return nullptr;
  return [sgemm](bool ta, bool tb, int m, int n, int k, const float* a, const float* b, float* c) {
    constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;
    sgemm(kRowMajor, ta ? kTransposed : kPlain, tb ? kTransposed : kPlain, m, n, k, 1, a,
          ta ? m : k, b, tb ? k : n, 0, c, n);
  };
}

// The arrays of a network: [batch x units] values and their gradients, weights and theirs.
class Products {
 public:
  Products(const std::vector<int>& sizes, int batch) : sizes_(sizes), batch_(batch) {
    for (size_t i = 0; i < sizes.size(); ++i) {
      values_.push_back(Matrix::Random(batch, sizes[i]));
      gradients_.push_back(Matrix::Random(batch, sizes[i]));
      if (i == 0) continue;
      weights_.push_back(Matrix::Random(sizes[i - 1], sizes[i]));
      weight_gradients_.push_back(Matrix::Random(sizes[i - 1], sizes[i]));
    }
  }

  // Weights lie as [inputs][units], or as [units][inputs].
  void Update(const Gemm& gemm, bool units_first) {
    for (size_t i = 0; i < weights_.size(); ++i) {
      gemm(false, units_first, batch_, sizes_[i + 1], sizes_[i], values_[i].data(),
           weights_[i].data(), values_[i + 1].data());
    }
    for (size_t i = weights_.size(); i-- > 0;) {
      const int inputs = sizes_[i], units = sizes_[i + 1];
      const float* d = gradients_[i + 1].data();
      if (units_first) {
        gemm(true, false, units, inputs, batch_, d, values_[i].data(), weight_gradients_[i].data());
      } else {
        gemm(true, false, inputs, units, batch_, values_[i].data(), d, weight_gradients_[i].data());
      }
      if (i == 0) break;
      gemm(false, !units_first, batch_, inputs, units, d, weights_[i].data(), gradients_[i].data());
    }
  }

 private:
  const std::vector<int> sizes_;
  const int batch_;
  std::vector<Matrix> values_, gradients_, weights_, weight_gradients_;
};

// Examples a second.
double Speed(Products& products, const Gemm& gemm, bool units_first, int batch, double seconds) {
  for (int i = 0; i < 3; ++i) products.Update(gemm, units_first);
  const auto start = Clock::now();
  int64_t examples = 0;
  double passed = 0;
  while (passed < seconds) {
    products.Update(gemm, units_first);
    examples += batch;
    passed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return static_cast<double>(examples) / passed;
}

}  // namespace

std::vector<GemmSpeed> MeasureGemms(const std::vector<int>& sizes, int batch, double seconds) {
  static const std::vector<std::pair<std::string, Gemm>> libraries = {
      {"Eigen", EigenGemm}, {"oneDNN", OneDnnGemm()}, {"BLAS", BlasGemm()}};
  Products products(sizes, batch);
  std::vector<GemmSpeed> speeds;
  for (const auto& [name, gemm] : libraries) {
    if (gemm == nullptr) continue;
    speeds.push_back({name, std::max(Speed(products, gemm, false, batch, seconds / 2),
                                     Speed(products, gemm, true, batch, seconds / 2))});
  }
  return speeds;
}

}  // namespace caviar::bench
