// The labels of a file, numbered in the order in which they appear. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_LABEL_NAMES_H_
#define CAVIAR_WORKER_DATA_LABEL_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "worker/data/table.h"

namespace caviar::data {

class LabelNames {
 public:
  // The number of a label; nullopt: it would be one more than kMaxClasses.
  std::optional<int32_t> IndexOf(const std::string& name) {
    const auto found = index_.find(name);
    if (found != index_.end()) return found->second;
    if (names_.size() == kMaxClasses) return std::nullopt;
    const auto index = static_cast<int32_t>(names_.size());
    index_.emplace(name, index);
    names_.push_back(name);
    return index;
  }

  // By number.
  std::vector<std::string> names() && { return std::move(names_); }

 private:
  std::unordered_map<std::string, int32_t> index_;
  std::vector<std::string> names_;
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_LABEL_NAMES_H_
