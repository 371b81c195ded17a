// Lines out of what a program prints.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_LINE_SPLITTER_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_LINE_SPLITTER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace caviar::command {

// A line is what a terminal would show of it in the end: what a carriage return goes back over,
// such as the states of a progress bar, is none. Of a longer line the first kMaxBytes are taken.
class LineSplitter {
 public:
  static constexpr size_t kMaxBytes = size_t{64} << 10;

  // `on_line` gets each line without its end.
  explicit LineSplitter(std::function<void(absl::string_view)> on_line)
      : on_line_(std::move(on_line)) {}

  void Add(absl::string_view bytes);
  // The program has ended: a line without an end counts, too.
  void Finish();

 private:
  void AddToLine(absl::string_view piece);

  const std::function<void(absl::string_view)> on_line_;
  std::string line_;
  bool returned_ = false;  // a carriage return came last
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_LINE_SPLITTER_H_
