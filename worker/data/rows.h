// Rows of one width whose number is known only when the last one was read. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_ROWS_H_
#define CAVIAR_WORKER_DATA_ROWS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace caviar::data {

// Kept in blocks, so that adding a row moves none of those before: a vector would hold a file's
// contents twice while it grows.
template <typename T>
class Rows {
 public:
  // Of no width, until one is assigned.
  Rows() = default;
  explicit Rows(size_t width)
      : width_(width),
        rows_in_block_(std::max<size_t>(kBlockBytes / sizeof(T) / std::max<size_t>(width, 1), 1)) {}

  size_t width() const { return width_; }
  size_t size() const { return size_; }
  // The `width` values of a row. They stay where they are.
  const T* operator[](size_t row) const {
    return blocks_[row / rows_in_block_].data() + row % rows_in_block_ * width_;
  }
  T* operator[](size_t row) {
    return blocks_[row / rows_in_block_].data() + row % rows_in_block_ * width_;
  }

  // Adds a row of zeros and returns it.
  T* Add() {
    if (size_ % rows_in_block_ == 0) {
      blocks_.emplace_back().reserve(rows_in_block_ * width_);
    }
    std::vector<T>& block = blocks_.back();
    block.resize(block.size() + width_);
    return (*this)[size_++];
  }

 private:
  static constexpr size_t kBlockBytes = size_t{1} << 20;

  size_t width_ = 0;
  size_t rows_in_block_ = kBlockBytes;
  size_t size_ = 0;
  std::vector<std::vector<T>> blocks_;
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_ROWS_H_
