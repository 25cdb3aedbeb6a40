// Whether anybody of a life is left: a gateway, and every engine that it started. Each of them
// holds the write end of one pipe, which the system closes with the last.
//
// Thread rule: one owner.
#pragma once

namespace sanctum::serve {

class LifeLine {
 public:
  LifeLine() = default;
  ~LifeLine();
  LifeLine(const LifeLine&) = delete;
  LifeLine& operator=(const LifeLine&) = delete;

  // Another life: the end to hand down. Throws Error(kUnavailable).
  int begin();
  // It was, or will not be: from here on only those who have it count.
  void handed_down();
  // Nobody is left, or there never was anybody.
  bool over();
  // To wait on: hung up once it is over; -1 then.
  int descriptor() const { return watched_; }

 private:
  int watched_ = -1, handed_ = -1;
};

}  // namespace sanctum::serve
