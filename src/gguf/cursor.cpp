#include "gguf/cursor.h"

#include <algorithm>

#include "base/error.h"

namespace sanctum::gguf {
namespace {

constexpr std::uint64_t kWindowBytes = 256u << 10;

}  // namespace

void damaged(const Source& source, const std::string& what, const std::string& field) {
  throw Error(ErrorCode::kCorrupt,
              source.name() + " is damaged: " + what + "; download or copy it again", field);
}

Cursor::Cursor(const Source& source, std::uint64_t bytes_max)
    : source_(source), end_(std::min(source.bytes(), bytes_max)) {}

void Cursor::need(std::uint64_t bytes, const std::string& what) const {
  if (bytes <= end_ - at_) return;
  if (end_ == source_.bytes()) damaged(source_, "it ends in " + what);
  damaged(source_, "its header goes on after " + std::to_string(end_) + " bytes, in " + what);
}

void Cursor::take(std::byte* to, std::uint64_t bytes, const std::string& what) {
  need(bytes, what);
  while (bytes > 0) {
    if (at_ < window_at_ || at_ >= window_at_ + window_.size()) {
      window_.resize(std::min(kWindowBytes, end_ - at_));
      window_at_ = at_;
      source_.read(at_, window_.data(), window_.size());
    }
    const std::uint64_t from = at_ - window_at_;
    const std::uint64_t part = std::min<std::uint64_t>(bytes, window_.size() - from);
    std::memcpy(to, window_.data() + from, part);
    at_ += part;
    to += part;
    bytes -= part;
  }
}

std::string Cursor::string(std::uint64_t bytes_max, const std::string& what) {
  const auto length = number<std::uint64_t>(what);
  if (length > bytes_max)
    damaged(source_, what + " claims " + std::to_string(length) + " bytes, over the limit of " +
                         std::to_string(bytes_max));
  need(length, what);
  std::string text(length, '\0');
  take(reinterpret_cast<std::byte*>(text.data()), length, what);
  return text;
}

void Cursor::skip(std::uint64_t bytes, const std::string& what) {
  need(bytes, what);
  at_ += bytes;
}

}  // namespace sanctum::gguf
