// A disk that is full, as this process sees it.
#ifndef CAVIAR_TESTS_STORAGE_NO_ROOM_H_
#define CAVIAR_TESTS_STORAGE_NO_ROOM_H_

#include <signal.h>
#include <sys/resource.h>

namespace caviar::storage {

// While it lives, no file of this process grows past `bytes`: what a full disk is in the middle of
// one.
class NoRoom {
 public:
  explicit NoRoom(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~NoRoom() { setrlimit(RLIMIT_FSIZE, &before_); }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  rlimit before_ = {};
};

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_NO_ROOM_H_
