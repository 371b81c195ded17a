// Trials with several objectives, by levels: those that none dominates, those that only these
// dominate, and so on ("non-dominated sorting", Deb et al. 2002), kept from trial to trial as in Li
// et al. 2014 ("Efficient non-domination level update approach"). Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_PARETO_LEVELS_H_
#define CAVIAR_SERVER_SAMPLING_PARETO_LEVELS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caviar::sampling {

// Values of all objectives, the lower the better; finite.
using Values = std::vector<double>;

// Nowhere worse and somewhere better. Of as many values.
bool Dominates(const Values& a, const Values& b);

// What it holds is a function of the trials and the order in which they were added.
class ParetoLevels {
 public:
  struct Member {
    uint32_t trial = 0;
    Values values;
  };

  // Keeps the first levels, of as few as hold `kept` trials together, and of a level of more than
  // `widest` members, which is at least 4, those half as many that lie furthest apart: so that a
  // trial takes a bounded time. The first level is right whatever was dropped; the others are as
  // long as not so many trials fall a level that one which was dropped before belongs there.
  ParetoLevels(size_t kept, size_t widest) : kept_(kept), widest_(widest) {}

  // All of as many values.
  void Add(Member trial);

  // The best one first; members in no special order.
  const std::vector<std::vector<Member>>& levels() const { return levels_; }

 private:
  size_t kept_, widest_;
  std::vector<std::vector<Member>> levels_;
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_PARETO_LEVELS_H_
