// A grid over the search space: a few values of each parameter, in every combination.
#ifndef CAVIAR_SERVER_SEARCH_SPACE_GRID_H_
#define CAVIAR_SERVER_SEARCH_SPACE_GRID_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "server/search_space/search_space.h"

namespace caviar::search_space {

// Of a parameter that has more than kGridAllValues values and does not say how many: the grid takes
// kGridDefault of them. Fewer are taken all, as are those of bools and categoricals always.
inline constexpr int kGridAllValues = 10;
inline constexpr int kGridDefault = 5;
inline constexpr int kMaxGrid = 1000;

// Immutable and thread safe.
class Grid {
 public:
  explicit Grid(const SearchSpace& space);

  // Coordinates that the grid takes on an axis, growing: evenly spaced on the parameter's scale
  // from the first value to the last, rounded to values there are, each once. A single one is the
  // middle.
  const std::vector<double>& coordinates(int axis) const {
    return coordinates_[static_cast<size_t>(axis)];
  }

  // Different configurations. Where conditions make that long to count (more than kMaxLeaves
  // combinations of what they read), or there are more than 2^53, an upper bound.
  double size() const { return size_; }
  bool is_counted() const { return counted_; }

  // The `index`-th of them, as SearchSpace::ToPoint gives it: each configuration has one index.
  // Where is_counted, index < size().
  Point At(uint64_t index) const;

  // One of them, by draws from [0, 1), one an axis.
  Point Draw(const std::function<double(int axis)>& draw) const;

  static constexpr size_t kMaxLeaves = 20000;

 private:
  // A combination of what conditions read, and how many configurations there are with it and with
  // those before it.
  struct Leaf {
    uint64_t end;
    Point point;
    std::vector<bool> active;
  };
  void MakeLeaves(const SearchSpace& space);

  ModelSpace model_;
  std::vector<std::vector<double>> coordinates_;
  std::vector<bool> read_;  // by axis: whether conditions read it
  std::vector<Leaf> leaves_;
  double size_ = 1;
  bool counted_ = true;
};

// How many different values of a parameter `draws` independent uniform draws give on average.
double ExpectedValues(const v1::Parameter& parameter, double draws);

}  // namespace caviar::search_space

#endif  // CAVIAR_SERVER_SEARCH_SPACE_GRID_H_
