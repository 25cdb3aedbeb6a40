// What a download tells while it runs: counters that its threads move, and a thread that shows
// them.
//
// On a terminal one line that is written over; elsewhere a line every kLineEvery, so that a log
// stays short. Thread rule: the counters and note() from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "hub/progress_text.h"

namespace sanctum::hub {

inline constexpr std::chrono::milliseconds kDrawEvery{250};
inline constexpr std::chrono::seconds kLineEvery{5};

class Progress {
 public:
  // Makes a line that names what a stranger wrote fit for a terminal.
  using Shown = std::function<std::string(const std::string&)>;

  // `out` stays the caller's; nullptr: nothing is shown.
  Progress(std::FILE* out, bool terminal, Shown shown);
  ~Progress() { over(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // From now on it is shown.
  void begin(std::uint64_t bytes_total, int files_total);
  void add(std::int64_t bytes) { bytes_done_ += static_cast<std::uint64_t>(bytes); }
  void file_done() { ++files_done_; }
  // A line of its own, at once.
  void note(const std::string& text);
  // Wipes the line. As often as one likes.
  void over();

  ProgressView view() const;

 private:
  void run();
  void draw(const std::string& text);

  std::FILE* const out_;
  const bool terminal_;
  const Shown shown_;
  std::atomic<std::uint64_t> bytes_done_{0}, bytes_total_{0};
  std::atomic<int> files_done_{0}, files_total_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  bool line_open_ = false;  // what stands on the terminal's line will be written over
  Rate rate_;
  std::thread thread_;
};

}  // namespace sanctum::hub
