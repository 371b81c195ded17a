// A library to be loaded before a program's own: to the program every folder is on NFS.
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" int statfs(const char* path, struct statfs* found) noexcept {
  if (syscall(SYS_statfs, path, found) != 0) return -1;
  found->f_type = 0x6969;
  return 0;
}
