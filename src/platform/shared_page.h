// Memory that two processes share: one makes it and hands its descriptor to the other. It outlives
// either of them, so that what a process wrote last can be read when it is gone.
#pragma once

#include <cstddef>

namespace sanctum::platform {

class SharedPage {
 public:
  // Zeros. Throws Error(kUnavailable).
  explicit SharedPage(std::size_t bytes);
  // What another process made; takes the descriptor. Throws Error(kInvalid) for one that holds
  // fewer bytes or is no memory.
  SharedPage(int descriptor, std::size_t bytes);
  ~SharedPage();
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;

  void* data() const { return data_; }
  int descriptor() const { return descriptor_; }

 private:
  void map();

  int descriptor_ = -1;
  std::size_t bytes_ = 0;
  void* data_ = nullptr;
};

}  // namespace sanctum::platform
