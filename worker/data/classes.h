// The classes of a training file. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_CLASSES_H_
#define CAVIAR_WORKER_DATA_CLASSES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/data/table.h"

namespace caviar::data {

class Classes {
 public:
  // Of the labels of a training file. Where all are whole numbers, "3", "03" and "3.0" are one.
  explicit Classes(const std::vector<std::string>& labels);

  // Ascending where all are whole numbers, else in the order of their bytes.
  const std::vector<std::string>& names() const { return names_; }

  // The class of every row. INVALID_ARGUMENT: a label that no training example has.
  absl::StatusOr<std::vector<int32_t>> OfRows(const LabeledTable& labeled) const;

 private:
  std::optional<int32_t> Find(const std::string& label) const;

  bool numeric_ = false;
  std::vector<std::string> names_;
  std::map<std::string, int32_t> index_;
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_CLASSES_H_
