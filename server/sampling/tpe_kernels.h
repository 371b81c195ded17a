// Trials as the kernels of a Parzen estimator. Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_TPE_KERNELS_H_
#define CAVIAR_SERVER_SAMPLING_TPE_KERNELS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/search_space/model_space.h"

namespace caviar::sampling::tpe {

// One column an axis, of which every column ends with padding to whole vectors.
class Kernels {
 public:
  struct Column {
    // Real axes.
    std::vector<double> places;
    std::vector<double> active;  // 1, or 0 where the axis is inactive
    // Table axes: a value, or CellsOf(axis) where the axis is inactive.
    std::vector<int32_t> cells;
    size_t inactive = 0;  // kernels in which the axis is inactive
  };

  explicit Kernels(const search_space::ModelSpace& space);

  // `model` is a point of the space as ModelSpace::ToModel gives it.
  void Add(const search_space::ModelSpace& space, const search_space::ModelPoint& model);
  // Copies kernel `i` of another one for the same space.
  void AddFrom(const Kernels& from, size_t i);
  // Forgets the last ones.
  void Shrink(size_t size);
  size_t size() const { return size_; }
  const Column& column(int axis) const { return columns_[static_cast<size_t>(axis)]; }

 private:
  // Makes room for one more; returns its index.
  size_t Grow();

  std::vector<Column> columns_;
  size_t size_ = 0;
};

}  // namespace caviar::sampling::tpe

#endif  // CAVIAR_SERVER_SAMPLING_TPE_KERNELS_H_
