#include "engine/template_server.h"

#include <sys/resource.h>
#include <sys/time.h>

#include "base/error.h"
#include "engine/template_frames.h"

namespace sanctum::engine {
namespace {

// The system ends the process by SIGPROF when it has used so much; 0: it may go on.
void end_after(std::chrono::milliseconds cpu) {
  itimerval limit{};
  limit.it_value.tv_sec = cpu.count() / 1000;
  limit.it_value.tv_usec = cpu.count() % 1000 * 1000;
  ::setitimer(ITIMER_PROF, &limit, nullptr);
}

Rendered render(text::TemplateRenderer& renderer, const text::Rendering& rendering) {
  end_after(cpu_max(rendering));
  text::end_process_beyond(bytes_max(rendering), kExitOfMemory);
  Rendered out;
  try {
    out.text = renderer.render(rendering);
  } catch (const Error& error) {
    out = {error.code() == ErrorCode::kCorrupt ? Rendered::Kind::kNotCompiled
                                               : Rendered::Kind::kRefused,
           error.what()};
  }
  text::forget_render_bound();
  end_after({});
  return out;
}

}  // namespace

int serve_templates(int fd) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // its end is no news
  const auto renderer = text::unguarded_renderer();
  RenderingFrame frame;
  while (read_rendering(fd, frame)) {
    if (!write_rendered(fd, render(*renderer, frame.rendering()), Waiting())) break;
  }
  return 0;
}

}  // namespace sanctum::engine
