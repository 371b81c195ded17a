// The Pareto front: the trials that no other one is better than in every respect.
#ifndef CAVIAR_STORAGE_PARETO_FRONT_H_
#define CAVIAR_STORAGE_PARETO_FRONT_H_

#include <cstdint>
#include <vector>

namespace caviar::storage {

struct Candidate {
  int32_t number = 0;
  // One an objective, the same ones in the same order for all candidates; finite, lower is better.
  std::vector<double> losses;
};

// Numbers of the candidates on the front: no other one is at least as good in all objectives and
// better in one, so that of equal ones all are on it. By the first loss, ties by the ones after it,
// then by number; the first `count` of them. Takes O(n log n) for two objectives, for more
// O(n log n + n * count).
std::vector<int32_t> ParetoFront(std::vector<Candidate> candidates, int32_t count);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_PARETO_FRONT_H_
