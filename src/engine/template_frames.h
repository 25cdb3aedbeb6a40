// What crosses between an engine and the process that renders its chat templates: one frame there,
// one back. Numbers are 64 bits as this machine has them: both ends are one program.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "text/template_renderer.h"

namespace sanctum::engine {

// How a renderer's process ends by itself when a template asks for too much memory. Too much time
// ends it by SIGPROF.
inline constexpr int kExitOfMemory = 3;

// What a rendering may take, in a process of its own. Text is copied a few times on its way through
// a template, and so is what it says.
inline constexpr std::uint64_t kRenderBytesMax = 64u << 20;
inline constexpr std::uint64_t kRenderBytesPerByte = 8;  // and so many for each byte it is given
inline constexpr std::chrono::milliseconds kRenderCpuMax{500};  // of processor time
inline constexpr std::uint64_t kRenderBytesPerMs = 64u << 10;   // and one ms for so many bytes

// What compiling a grammar may take.
inline constexpr std::uint64_t kCompileBytesMax = 192u << 20;
inline constexpr std::chrono::milliseconds kCompileCpuMax{3000};

std::uint64_t bytes_max(const text::Rendering& rendering);
std::chrono::milliseconds cpu_max(const text::Rendering& rendering);

struct Rendered {
  enum class Kind : std::uint64_t { kText, kRefused, kNotCompiled };
  Kind kind = Kind::kText;
  std::string text;  // the prompt, or what is wrong
};

// The whole of a rendering as it was written; views stay valid with the frame.
struct RenderingFrame {
  std::string bytes;
  text::Rendering rendering() const;
};

// For how long, and as long as what: `worth` is asked whenever nothing moved for `look_every`.
struct Waiting {
  Instant deadline = Instant::max();
  std::function<bool()> worth = {};
  std::chrono::milliseconds look_every{1000};
};

// All give false when the other end is gone, or does not move on as long as it is waited for.
bool write_rendering(int fd, const text::Rendering& rendering, const Waiting& waiting);
bool read_rendering(int fd, RenderingFrame& frame);  // waits for ever
bool write_rendered(int fd, const Rendered& rendered, const Waiting& waiting);
bool read_rendered(int fd, Rendered& rendered, std::uint64_t bytes_max, const Waiting& waiting);

}  // namespace sanctum::engine
