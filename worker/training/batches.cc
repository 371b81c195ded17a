#include "worker/training/batches.h"

#include <algorithm>

namespace caviar::training {

Batches::Batches(int rows, int batch_size) : rows_(rows), batch_size_(std::min(batch_size, rows)) {
  const int full = rows_ / batch_size_;
  const int rest = rows_ % batch_size_;
  count_ = rest > 1 ? full + 1 : full;
}

}  // namespace caviar::training
