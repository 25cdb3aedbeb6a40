#include "base/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace sanctum {
namespace {

// False when it cannot be written, now at least.
bool write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd writable{descriptor, POLLOUT,
                      0};  // somebody else made it a descriptor that never waits
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

struct LineWriter::State {
  struct Line {
    std::string text;
    std::uint64_t stands_for = 1;  // more for one that says how many were dropped
  };

  State(int to, std::size_t bytes_max, Notice says)
      : descriptor(to), limit(bytes_max), notice(std::move(says)) {}

  // All with the lock.
  void add(Line line) {
    bytes += line.text.size();
    waiting.push_back(std::move(line));
  }
  void tell_dropped() {
    if (dropped == 0) return;
    const std::uint64_t lines = std::exchange(dropped, 0);
    add({notice(lines), lines});
  }
  // What could not be written is tried again when there is more to say.
  bool settled() const { return waiting.empty() && (dropped == 0 || broken); }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return closed || !settled(); });
      if (closed && settled()) return;
      if (waiting.empty()) tell_dropped();
      const Line& line = waiting.front();  // only this thread takes one out
      lock.unlock();
      const bool written = write_whole(descriptor, line.text);
      lock.lock();
      broken = !written;
      if (!written) dropped += line.stands_for;
      bytes -= line.text.size();
      waiting.pop_front();
      if (settled()) changed.notify_all();
    }
  }

  const int descriptor;
  const std::size_t limit;
  const Notice notice;
  std::mutex mutex;  // guards what is below
  std::condition_variable changed;
  std::deque<Line> waiting;  // the first is being written
  std::size_t bytes = 0;     // of them
  std::uint64_t dropped = 0;
  bool broken = false;   // the last write failed
  bool started = false;  // the thread
  bool closed = false;
};

LineWriter::LineWriter(int descriptor, std::size_t bytes_max, Notice notice)
    : state_(std::make_shared<State>(descriptor, bytes_max, std::move(notice))) {}

LineWriter::~LineWriter() {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  state_->changed.notify_all();
}

void LineWriter::push(std::string line) {
  const std::lock_guard lock(state_->mutex);
  if (state_->bytes + line.size() > state_->limit) {
    ++state_->dropped;
    return;
  }
  state_->tell_dropped();
  state_->add({std::move(line)});
  if (!state_->started) {
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      std::thread([state = state_] { state->run(); }).detach();
      state_->started = true;
    } catch (const std::system_error&) {  // no thread can be had; the next line tries again
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  state_->changed.notify_all();
}

bool LineWriter::flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit, [this] { return state_->settled(); });
}

}  // namespace sanctum
