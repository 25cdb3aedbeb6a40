#include "platform/pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

namespace sanctum::platform {

void Pages::Unmap::operator()(std::byte* data) const {
  ::munmap(data, bytes);
}

Pages::Pages(std::size_t bytes) : data_(nullptr, Unmap{}) {
  const std::size_t size = std::max<std::size_t>(bytes, 1);
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) throw std::bad_alloc();
  data_ = std::unique_ptr<std::byte[], Unmap>(static_cast<std::byte*>(data), Unmap{size});
}

void Pages::give_back(std::size_t first, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t begin = (first + page - 1) / page * page, end = (first + bytes) / page * page;
  if (begin < end) forget(data() + begin, end - begin);
}

}  // namespace sanctum::platform
