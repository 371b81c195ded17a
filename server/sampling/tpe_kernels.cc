#include "server/sampling/tpe_kernels.h"

#include <cmath>

#include "server/sampling/tpe_axis_kernel.h"
#include "server/sampling/tpe_loops.h"

namespace caviar::sampling::tpe {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;

Kernels::Kernels(const ModelSpace& space) : columns_(static_cast<size_t>(space.dimensions())) {}

size_t Kernels::Grow() {
  const size_t at = size_++;
  for (Column& column : columns_) {
    if (at % kLanes == 0) {
      column.places.resize(at + kLanes, 0.0);
      column.active.resize(at + kLanes, 1.0);
      column.cells.resize(at + kLanes, 0);
    }
  }
  return at;
}

void Kernels::Add(const ModelSpace& space, const ModelPoint& model) {
  const size_t at = Grow();
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ModelAxis& axis = space.axis(static_cast<int>(i));
    Column& column = columns_[i];
    const bool active = !std::isnan(model[i]);
    column.inactive += active ? 0 : 1;
    column.active[at] = active ? 1 : 0;
    column.places[at] = active ? model[i] : 0.5;
    if (IsTable(axis)) column.cells[at] = active ? CellAt(axis, model[i]) : CellsOf(axis);
  }
}

void Kernels::AddFrom(const Kernels& from, size_t i) {
  const size_t at = Grow();
  for (size_t axis = 0; axis < columns_.size(); ++axis) {
    const Column& other = from.columns_[axis];
    Column& column = columns_[axis];
    column.places[at] = other.places[i];
    column.active[at] = other.active[i];
    column.cells[at] = other.cells[i];
    column.inactive += other.active[i] == 0 ? 1 : 0;
  }
}

void Kernels::Shrink(size_t size) {
  for (Column& column : columns_) {
    for (size_t i = size; i < size_; ++i) column.inactive -= column.active[i] == 0 ? 1 : 0;
    column.places.resize(PaddedTo(size));
    column.active.resize(PaddedTo(size));
    column.cells.resize(PaddedTo(size));
  }
  size_ = size;
}

}  // namespace caviar::sampling::tpe
