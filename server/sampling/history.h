// What became of a study's trials, as samplers read it.
#ifndef CAVIAR_SERVER_SAMPLING_HISTORY_H_
#define CAVIAR_SERVER_SAMPLING_HISTORY_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "caviar/v1/trial.pb.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling {

// A configuration whose trial, or whose repeats, are final.
struct Observation {
  // The configuration's, from 0; where none is repeated the trial's.
  int32_t number = 0;
  v1::Trial::State state = v1::Trial::COMPLETED;
  // Of COMPLETED trials, finite: the objective, negated where it is maximized. Lower is better.
  double value = 0;
  // Where it was: as SearchSpace::ToPoint gives it.
  search_space::Point point;
  // Its value at each rung of the study's pruner that it reached, the first one first, with the
  // objective's sign as in `value`.
  std::vector<double> rungs;
  // Of COMPLETED trials in studies with several objectives: all but the first, signed as `value`.
  std::vector<double> more_values;
  // Of COMPLETED trials in studies with constraints: by how much each is broken, in the metric's
  // own unit; <= 0: it is kept, by that much. Finite: a metric that was not is taken to be as far
  // from its bounds as any trial before it was.
  std::vector<double> excesses;
  // Where `value` is a mean of several repeats: its squared standard error, >= 0.
  std::optional<double> variance;
};

// A configuration with trials that are not final.
struct Pending {
  search_space::Point point;
  std::vector<double> rungs;
};

// Observations in the order in which they became final: history only grows, and what was known at
// some time is a beginning of what is known later. A copy is cheap and shares all but the end.
class History {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Observation& operator[](size_t i) const { return (*chunks_[i / kChunk])[i % kChunk]; }

  // How many observations, from the first one on, are surely the same in both: those that they
  // share, because one is a copy of the other or both of a third.
  size_t SharedWith(const History& other) const {
    size_t chunks = 0;
    const size_t most = std::min(chunks_.size(), other.chunks_.size());
    while (chunks < most && chunks_[chunks] == other.chunks_[chunks]) ++chunks;
    return std::min({chunks * kChunk, size_, other.size_});
  }

  // Not seen by copies that were made before.
  void Add(Observation observation) {
    if (size_ % kChunk == 0) {
      chunks_.push_back(std::make_shared<std::vector<Observation>>());
    } else if (!IsAlone(chunks_.back())) {
      chunks_.back() = std::make_shared<std::vector<Observation>>(*chunks_.back());
    }
    chunks_.back()->push_back(std::move(observation));
    ++size_;
  }

 private:
  static constexpr size_t kChunk = 64;
  using Chunk = std::shared_ptr<std::vector<Observation>>;

  // Whether no copy shares it.
  static bool IsAlone([[maybe_unused]] const Chunk& chunk) {
#ifdef CAVIAR_SANITIZE_THREAD
    return false;  // ThreadSanitizer knows no fences
#else
    if (chunk.use_count() > 1) return false;
    // Another thread may have let go of it just now: what it read comes before what is written.
    std::atomic_thread_fence(std::memory_order_acquire);
    return true;
#endif
  }

  std::vector<Chunk> chunks_;
  size_t size_ = 0;
};

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_HISTORY_H_
