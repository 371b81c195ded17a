#include "storage/pareto_front.h"

#include <algorithm>
#include <tuple>

namespace caviar::storage {
namespace {

// Whether `a`, which comes before `b` in the front's order, is better in one objective and worse in
// none.
bool Dominates(const Candidate& a, const Candidate& b) {
  if (a.losses == b.losses) return false;
  return std::equal(a.losses.begin(), a.losses.end(), b.losses.begin(),
                    [](double x, double y) { return x <= y; });
}

}  // namespace

std::vector<int32_t> ParetoFront(std::vector<Candidate> candidates, int32_t count) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.losses, a.number) < std::tie(b.losses, b.number);
  });
  // In this order only those before a candidate can dominate it, and of these the ones on the front
  // say it all: what dominates one of the others dominates the candidate too.
  std::vector<const Candidate*> front;
  for (const Candidate& candidate : candidates) {
    if (static_cast<int64_t>(front.size()) >= count) break;
    // Of two objectives the second one falls along the front: its end has the lowest so far.
    const bool two = candidate.losses.size() == 2;
    const auto begin = two && !front.empty() ? front.end() - 1 : front.begin();
    if (std::none_of(begin, front.end(),
                     [&](const Candidate* one) { return Dominates(*one, candidate); })) {
      front.push_back(&candidate);
    }
  }
  std::vector<int32_t> numbers;
  for (const Candidate* candidate : front) numbers.push_back(candidate->number);
  return numbers;
}

}  // namespace caviar::storage
