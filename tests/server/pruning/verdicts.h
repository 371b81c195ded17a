// What pruners answer, for tests.
#ifndef CAVIAR_TESTS_SERVER_PRUNING_VERDICTS_H_
#define CAVIAR_TESTS_SERVER_PRUNING_VERDICTS_H_

#include <vector>

#include "server/pruning/pruner.h"

namespace caviar::pruning {

// The last verdict, or none.
inline Verdict Last(const std::vector<Verdict>& verdicts) {
  return verdicts.empty() ? Verdict() : verdicts.back();
}

}  // namespace caviar::pruning

#endif  // CAVIAR_TESTS_SERVER_PRUNING_VERDICTS_H_
