// Averages of gradients that are zero decay through the denormal numbers, which some processors
// compute a hundred times slower. While a FlushDenormals lives, this thread takes them as zero.
#ifndef CAVIAR_WORKER_NETWORK_DENORMALS_H_
#define CAVIAR_WORKER_NETWORK_DENORMALS_H_

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace caviar::network {

class FlushDenormals {
 public:
#ifdef __SSE2__
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kAreZero); }
  ~FlushDenormals() { _mm_setcsr(before_); }
#else
  FlushDenormals() = default;
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

#ifdef __SSE2__

 private:
  // Bits of the control register: results, and operands.
  static constexpr unsigned kFlushToZero = 0x8000;
  static constexpr unsigned kAreZero = 0x0040;
  unsigned before_;
#endif
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_DENORMALS_H_
