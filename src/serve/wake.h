// Lets other threads end a poll(). Thread rule: one owner; `wake` from any thread, also in a hurry.
#pragma once

namespace sanctum::serve {

class Wake {
 public:
  Wake();  // throws Error(kUnavailable)
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void wake();
  void take();
  int descriptor() const { return ends_[0]; }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace sanctum::serve
