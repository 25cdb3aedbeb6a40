// Memory straight from the system: zeros, in pages of its own, which a program's heap can neither
// keep when they are freed nor break into pieces.
#pragma once

#include <cstddef>
#include <memory>

namespace sanctum::platform {

class Pages {
 public:
  // A page takes memory when it is first used. Throws std::bad_alloc.
  explicit Pages(std::size_t bytes);

  std::byte* data() const { return data_.get(); }
  // All of it will be used: in large pages, where the system has them.
  void use_large();
  // What lies in whole pages of [first, first + bytes) takes no memory until it is used again; what
  // it holds then is anything.
  void give_back(std::size_t first, std::size_t bytes);

 private:
  static void forget(std::byte* first, std::size_t bytes);  // whole pages
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte[], Unmap> data_;
};

}  // namespace sanctum::platform
