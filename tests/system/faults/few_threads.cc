// A library to be loaded before a program's own: the program gets the first FEW_THREADS threads
// that it asks for, and no more.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <atomic>

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) noexcept {
  static const auto create =
      reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  static const char* const few = getenv("FEW_THREADS");
  static std::atomic<int> left = few == nullptr ? 0 : atoi(few);
  if (few != nullptr && left.fetch_sub(1) <= 0) return EAGAIN;
  return create(thread, attributes, run, argument);
}
