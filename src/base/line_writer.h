// Writes lines to a descriptor that nobody may be reading: who has a line never waits for it.
//
// Contract: push() only takes memory. The lines are written one by one, in their order, by a thread
// that starts with the first of them and has every signal blocked. At most `bytes_max` wait; what
// comes beyond them is dropped, and how many lines that were stands in a line of its own in their
// place, as soon as something can be written again. Thread rule: any thread. The destructor waits
// for nothing: a thread that is stuck in a write ends when it comes back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sanctum {

class LineWriter {
 public:
  // Makes the line that says how many were dropped, its end included.
  using Notice = std::function<std::string(std::uint64_t dropped)>;

  // The descriptor stays the caller's, and is not closed while a thread may be stuck in it.
  LineWriter(int descriptor, std::size_t bytes_max, Notice notice);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void push(std::string line);  // with its end
  // Waits until all is written, `limit` at most; false when something is left.
  bool flush(std::chrono::milliseconds limit);

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace sanctum
