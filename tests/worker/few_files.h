// A machine whose file descriptors are used up, as this process sees it.
#ifndef CAVIAR_TESTS_WORKER_FEW_FILES_H_
#define CAVIAR_TESTS_WORKER_FEW_FILES_H_

#include <sys/resource.h>
#include <unistd.h>

namespace caviar {

// While it lives, no file gets a number past the lowest `left` ones from the first that is free.
class FewFiles {
 public:
  explicit FewFiles(int left) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int free = dup(STDERR_FILENO);
    close(free);
    const rlimit few = {static_cast<rlim_t>(free + left), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewFiles() { setrlimit(RLIMIT_NOFILE, &before_); }
  FewFiles(const FewFiles&) = delete;
  FewFiles& operator=(const FewFiles&) = delete;

 private:
  rlimit before_ = {};
};

}  // namespace caviar

#endif  // CAVIAR_TESTS_WORKER_FEW_FILES_H_
