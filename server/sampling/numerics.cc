#include "server/sampling/numerics.h"

#include <gnu/libc-version.h>

#include <Eigen/Core>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace caviar::sampling {
namespace {

constexpr size_t kMaxBytes = 100;

#ifdef __OPTIMIZE__
constexpr char kOptimized[] = "optimized";
#else
constexpr char kOptimized[] = "not optimized";
#endif

// What glibc chooses the variants of exp, log, sin and cos by.
std::string Dispatch() {
  std::string dispatch;
#ifdef __x86_64__
  if (__builtin_cpu_supports("fma")) absl::StrAppend(&dispatch, " fma");
  if (__builtin_cpu_supports("fma4")) absl::StrAppend(&dispatch, " fma4");
  if (__builtin_cpu_supports("avx2")) absl::StrAppend(&dispatch, " avx2");
#endif
  return dispatch;
}

}  // namespace

std::string NumericsFingerprint() {
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  return absl::StrCat("compiler ", __VERSION__, " ", kOptimized, ", Eigen ", EIGEN_WORLD_VERSION,
                      ".", EIGEN_MAJOR_VERSION, ".", EIGEN_MINOR_VERSION, ", glibc ",
                      gnu_get_libc_version(), Dispatch(),
                      tunables == nullptr ? "" : absl::StrCat(", tunables ", tunables))
      .substr(0, kMaxBytes);
}

}  // namespace caviar::sampling
