#include "hub/progress.h"

#include <utility>

namespace sanctum::hub {
namespace {

constexpr const char* kClearLine = "\r\033[K";

}  // namespace

Progress::Progress(std::FILE* out, bool terminal, Shown shown)
    : out_(out), terminal_(terminal), shown_(std::move(shown)) {}

void Progress::begin(std::uint64_t bytes_total, int files_total) {
  bytes_total_ = bytes_total;
  files_total_ = files_total;
  if (out_ != nullptr && !thread_.joinable()) thread_ = std::thread([this] { run(); });
}

ProgressView Progress::view() const {
  return {bytes_done_, bytes_total_, files_done_, files_total_};
}

void Progress::note(const std::string& text) {
  if (out_ == nullptr) return;
  const std::lock_guard lock(mutex_);
  std::fprintf(out_, "%s%s\n", line_open_ ? kClearLine : "", shown_(text).c_str());
  std::fflush(out_);
  line_open_ = false;
}

void Progress::draw(const std::string& text) {
  if (terminal_)
    std::fprintf(out_, "%s%s", kClearLine, text.c_str());
  else
    std::fprintf(out_, "%s\n", text.c_str());
  std::fflush(out_);
  line_open_ = terminal_;
}

void Progress::run() {
  std::unique_lock lock(mutex_);
  Instant shown = Clock::now();
  rate_.add(bytes_done_, shown);
  while (!changed_.wait_for(lock, kDrawEvery, [this] { return over_; })) {
    const Instant now = Clock::now();
    rate_.add(bytes_done_, now);
    if (!terminal_ && now - shown < kLineEvery) continue;
    shown = now;
    draw(progress_text(view(), rate_.bytes_per_second()));
  }
}

void Progress::over() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (line_open_) {
    std::fprintf(out_, "%s", kClearLine);
    std::fflush(out_);
    line_open_ = false;
  }
}

}  // namespace sanctum::hub
