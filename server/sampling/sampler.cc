#include "server/sampling/sampler.h"

#include "absl/strings/str_cat.h"
#include "server/sampling/random_sampler.h"
#include "server/sampling/sobol_sampler.h"

namespace caviar::sampling {

absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(v1::Sampler::Algorithm algorithm) {
  switch (algorithm) {
    case v1::Sampler::RANDOM:
      return std::make_unique<RandomSampler>();
    case v1::Sampler::ALGORITHM_UNSPECIFIED:
    case v1::Sampler::SOBOL:
      return std::make_unique<SobolSampler>();
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "there is no sampler ", static_cast<int>(algorithm), "; there are random and sobol"));
  }
}

}  // namespace caviar::sampling
