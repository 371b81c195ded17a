// An open file of the system, closed by its owner.
#ifndef CAVIAR_SERVER_API_FILE_DESCRIPTOR_H_
#define CAVIAR_SERVER_API_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace caviar::server_api {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  // Owns `fd`; negative: none.
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { Close(); }

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  // To the caller, who closes it.
  int Release() { return std::exchange(fd_, -1); }
  void Close() {
    if (open()) close(Release());
  }

 private:
  int fd_ = -1;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_FILE_DESCRIPTOR_H_
