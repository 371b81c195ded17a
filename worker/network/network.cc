#include "worker/network/network.h"

#include <gnu/libc-version.h>

#include <algorithm>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "worker/network/level.h"

namespace caviar::network {
namespace {

constexpr size_t kMaxFingerprintBytes = 512;
constexpr int64_t kMaxWeightsBytes = int64_t{1} << 30;
constexpr int64_t kMaxMemoryBytes = int64_t{8} << 30;
// Room in the weights file for all that is not a parameter.
constexpr int64_t kWeightsOverhead = int64_t{64} << 20;

struct Level {
  const char* name;
  bool (*supported)();
  Network* (*create)(const Architecture&, const UpdateRule&, const Layout&, int);
};

// Best last.
constexpr Level kLevels[] = {
    {"baseline", [] { return true; }, caviar_network_baseline},
// Only GCC builds them; clang, which reads this file to check it, does not know these names.
#if defined(CAVIAR_NETWORK_X86_LEVELS) && !defined(__clang__)
    {"v3", [] { return __builtin_cpu_supports("x86-64-v3") != 0; }, caviar_network_v3},
    {"v4", [] { return __builtin_cpu_supports("x86-64-v4") != 0; }, caviar_network_v4},
#endif
};

absl::StatusOr<const Level*> ChooseLevel() {
  const char* wanted = std::getenv(kLevelVariable);
  const Level* best = nullptr;
  for (const Level& level : kLevels) {
    if (!level.supported()) continue;
    if (wanted == nullptr || absl::string_view(wanted) == level.name) best = &level;
  }
  if (best != nullptr) return best;
  return absl::FailedPreconditionError(
      absl::StrCat(kLevelVariable, "=\"", wanted, "\" is no level that this processor has; it has ",
                   absl::StrJoin(SupportedLevels(), ", "), ". Unset it for the best one."));
}

}  // namespace

std::vector<std::string> SupportedLevels() {
  std::vector<std::string> names;
  for (const Level& level : kLevels) {
    if (level.supported()) names.emplace_back(level.name);
  }
  return names;
}

absl::StatusOr<std::string> ChosenLevel() {
  auto level = ChooseLevel();
  if (!level.ok()) return level.status();
  return std::string((*level)->name);
}

std::string NumericsFingerprint() {
  std::vector<std::string> dispatch;
#ifdef __x86_64__
  // What glibc chooses the variants of exp, log, sin and cos by.
  if (__builtin_cpu_supports("fma")) dispatch.emplace_back("fma");
  if (__builtin_cpu_supports("fma4")) dispatch.emplace_back("fma4");
  if (__builtin_cpu_supports("avx2")) dispatch.emplace_back("avx2");
#endif
  std::string level = ChosenLevel().value_or("unknown");
#if defined(CAVIAR_NETWORK_X86_LEVELS) && !defined(__clang__)
  // How the products of mixed precision are computed.
  if (level == "v4" && __builtin_cpu_supports("avx512bf16")) level += "+bf16";
#endif
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  return absl::StrCat("level ", level, " (", CAVIAR_NETWORK_FLAGS, "), compiler ", __VERSION__,
                      ", products Eigen " CAVIAR_EIGEN_VERSION ", libm glibc ",
                      gnu_get_libc_version(), " ", absl::StrJoin(dispatch, "+"),
                      tunables == nullptr ? "" : absl::StrCat(" tunables ", tunables))
      .substr(0, kMaxFingerprintBytes);
}

absl::Status CheckSize(const Architecture& architecture, int64_t capacity) {
  constexpr int kMaxUnits = 65536;
  constexpr int kMaxInputs = 1 << 24;
  constexpr size_t kMaxLayers = 64;
  if (architecture.inputs < 1 || architecture.inputs > kMaxInputs || architecture.classes < 1 ||
      architecture.classes > kMaxUnits || architecture.hidden.size() > kMaxLayers ||
      std::any_of(architecture.hidden.begin(), architecture.hidden.end(),
                  [](int units) { return units < 1 || units > kMaxUnits; }) ||
      capacity < 1 || capacity > (int64_t{1} << 24)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a network of ", architecture.inputs, " inputs, hidden layers of [",
                     absl::StrJoin(architecture.hidden, ", "), "] units and ", architecture.classes,
                     " classes, for batches of ", capacity, ", is out of range: 1 to ", kMaxInputs,
                     " inputs, at most ", kMaxLayers, " layers of 1 to ", kMaxUnits,
                     " units, 1 to ", kMaxUnits, " classes"));
  }
  const Layout layout = MakeLayout(architecture);
  const int64_t weights_bytes = layout.parameters * int64_t{sizeof(float)};
  if (weights_bytes > kMaxWeightsBytes - kWeightsOverhead) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the network would have ", layout.parameters, " parameters, at most ",
                     (kMaxWeightsBytes - kWeightsOverhead) / int64_t{sizeof(float)},
                     " can be stored: lower hidden_units or hidden_layers"));
  }
  // Per example: the inputs twice (once packed), and per layer its output, that before batch norm
  // or activation, the gradient, and a packed copy.
  int64_t per_example = 2 * int64_t{architecture.inputs};
  for (const LayerLayout& layer : layout.layers) per_example += 5 * int64_t{layer.units};
  // Parameters, gradient, two averages of Adam, the kept weights and their files, and checkpoints
  // of four such arrays: one being made, one that waits, and one on its way.
  const int64_t bytes =
      20 * weights_bytes + per_example * capacity * static_cast<int64_t>(sizeof(float));
  if (bytes > kMaxMemoryBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "training the network would need about ", bytes >> 20, " MiB of memory, more than ",
        kMaxMemoryBytes >> 20, " MiB: lower batch_size, hidden_units or hidden_layers"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Network>> CreateNetwork(const Architecture& architecture,
                                                       const UpdateRule& rule, int capacity) {
  if (absl::Status status = CheckSize(architecture, capacity); !status.ok()) return status;
  auto level = ChooseLevel();
  if (!level.ok()) return level.status();
  return std::unique_ptr<Network>(
      (*level)->create(architecture, rule, MakeLayout(architecture), capacity));
}

}  // namespace caviar::network
