// An open file descriptor, closed when it goes away.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_DESCRIPTOR_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace caviar::command {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void Close() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_DESCRIPTOR_H_
