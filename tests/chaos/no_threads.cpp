// Preloaded: while the file exists that SANCTUM_TEST_NO_THREADS names, no process has another
// thread, as on a machine that is at its limit.
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*begin)(void*), void* argument) {
  static const auto real =
      reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  const char* file = std::getenv("SANCTUM_TEST_NO_THREADS");
  if (file != nullptr && ::access(file, F_OK) == 0) return EAGAIN;
  return real(thread, attributes, begin, argument);
}
