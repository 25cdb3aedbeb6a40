#include "engine/template_frames.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace sanctum::engine {
namespace {

constexpr std::size_t kParts = 5;
using Head = std::array<std::uint64_t, kParts + 1>;  // each part's bytes, and the flags
constexpr std::uint64_t kPromptFlag = 1, kGrammarFlag = 2;

bool wait_for(int fd, short events, const Waiting& waiting) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(waiting.deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{fd, events, 0};
    const int n = ::poll(&ready, 1, static_cast<int>(std::min(left, waiting.look_every).count()));
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
    if (n == 0 && waiting.worth && !waiting.worth()) return false;
  }
}

bool write_all(int fd, const void* from, std::size_t size, const Waiting& waiting) {
  const char* bytes = static_cast<const char*>(from);
  while (size > 0) {
    if (!wait_for(fd, POLLOUT, waiting)) return false;
    const ssize_t n = ::write(fd, bytes, std::min<std::size_t>(size, 1u << 16));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool read_all(int fd, void* into, std::size_t size, const Waiting& waiting) {
  char* bytes = static_cast<char*>(into);
  while (size > 0) {
    if (!wait_for(fd, POLLIN, waiting)) return false;
    const ssize_t n = ::read(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

std::uint64_t bytes_max(const text::Rendering& rendering) {
  return (rendering.grammar ? kCompileBytesMax : kRenderBytesMax) +
         kRenderBytesPerByte * rendering.bytes();
}

std::chrono::milliseconds cpu_max(const text::Rendering& rendering) {
  return (rendering.grammar ? kCompileCpuMax : kRenderCpuMax) +
         std::chrono::milliseconds(rendering.bytes() / kRenderBytesPerMs);
}

text::Rendering RenderingFrame::rendering() const {
  Head head;
  std::memcpy(head.data(), bytes.data(), sizeof head);
  std::string_view rest = std::string_view(bytes).substr(sizeof head);
  const auto next = [&](std::size_t part) {
    const std::string_view text = rest.substr(0, head[part]);
    rest.remove_prefix(text.size());
    return text;
  };
  text::Rendering out;
  out.source = next(0);
  out.messages = next(1);
  out.tools = next(2);
  out.variables = next(3);
  out.options = next(4);
  out.add_generation_prompt = (head[kParts] & kPromptFlag) != 0;
  out.grammar = (head[kParts] & kGrammarFlag) != 0;
  return out;
}

bool write_rendering(int fd, const text::Rendering& r, const Waiting& waiting) {
  const std::array<std::string_view, kParts> parts{r.source, r.messages, r.tools, r.variables,
                                                   r.options};
  Head head{};
  for (std::size_t i = 0; i < kParts; ++i) head[i] = parts[i].size();
  head[kParts] = (r.add_generation_prompt ? kPromptFlag : 0) | (r.grammar ? kGrammarFlag : 0);
  if (!write_all(fd, head.data(), sizeof head, waiting)) return false;
  return std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return write_all(fd, part.data(), part.size(), waiting);
  });
}

bool read_rendering(int fd, RenderingFrame& frame) {
  Head head{};
  if (!read_all(fd, head.data(), sizeof head, Waiting())) return false;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < kParts; ++i) size += head[i];
  frame.bytes.resize(sizeof head + size);
  std::memcpy(frame.bytes.data(), head.data(), sizeof head);
  return read_all(fd, frame.bytes.data() + sizeof head, size, Waiting());
}

bool write_rendered(int fd, const Rendered& rendered, const Waiting& waiting) {
  const std::array<std::uint64_t, 2> head{static_cast<std::uint64_t>(rendered.kind),
                                          rendered.text.size()};
  return write_all(fd, head.data(), sizeof head, waiting) &&
         write_all(fd, rendered.text.data(), rendered.text.size(), waiting);
}

bool read_rendered(int fd, Rendered& rendered, std::uint64_t bytes_max, const Waiting& waiting) {
  std::array<std::uint64_t, 2> head{};
  if (!read_all(fd, head.data(), sizeof head, waiting) || head[1] > bytes_max) return false;
  rendered.kind = static_cast<Rendered::Kind>(head[0]);
  rendered.text.resize(head[1]);
  return read_all(fd, rendered.text.data(), head[1], waiting);
}

}  // namespace sanctum::engine
