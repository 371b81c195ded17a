// The bound that no training passes: only the matrix products of an update, nothing between them.
#ifndef CAVIAR_TESTS_BENCH_GEMM_BOUND_H_
#define CAVIAR_TESTS_BENCH_GEMM_BOUND_H_

#include <string>
#include <vector>

namespace caviar::bench {

struct GemmSpeed {
  std::string library;
  // If training were nothing but its products.
  double examples_per_second = 0;
};

// Runs the products of an update of the network sizes[0]-sizes[1]-...: forward, and back to the
// weights and to each layer's inputs but the first's. For about `seconds` with each library: Eigen,
// built for this machine, and oneDNN and BLAS where their shared libraries are. The better one of
// two memory layouts of the weights counts.
std::vector<GemmSpeed> MeasureGemms(const std::vector<int>& sizes, int batch, double seconds);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_GEMM_BOUND_H_
