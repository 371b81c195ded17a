// Training allocates nothing once every batch size has been seen.
#include <gtest/gtest.h>

#include <cstddef>

#include "tests/worker/network/examples.h"
#include "worker/network/initialization.h"
#include "worker/network/network.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

namespace {
thread_local long allocations = 0;
}

// Counts, and leaves the rest to the C library: Eigen and operator new both end here.
extern "C" void* __libc_malloc(size_t size);  // NOLINT(bugprone-reserved-identifier)
extern "C" void* malloc(size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}

namespace caviar::network {
namespace {

TEST(Network, AllocatesNothingInTheTrainingLoop) {
  Architecture architecture = SmallArchitecture({300, 120});
  architecture.inputs = 784;
  for (const BatchNormPosition position :
       {BatchNormPosition::kNone, BatchNormPosition::kBeforeActivation,
        BatchNormPosition::kAfterActivation}) {
    architecture.batch_norm = position;
    for (const Precision precision : {Precision::kFloat32, Precision::kMixed}) {
      UpdateRule rule;
      rule.l2 = 0.01;
      rule.precision = precision;
      auto network = *CreateNetwork(architecture, rule, 256);
      network->SetState(InitialState(architecture, Initialization::kHe, 1, 2));
      NetworkState state;
      const auto epoch = [&] {
        network->Update(256, 0.01);
        network->Update(7, 0.01);
        network->Evaluate(200);
        network->Evaluate(1);
        network->GetState(state);
      };
      epoch();
      const long before = allocations;
      epoch();
      epoch();
      EXPECT_EQ(allocations, before);
      EXPECT_GT(before, 0);
    }
  }
}

}  // namespace
}  // namespace caviar::network

#endif
