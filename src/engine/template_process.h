// Chat templates rendered in processes of their own, one for each thread that renders, kept for the
// next.
//
// A template that asks for more memory or time than there is for it (engine/template_frames.h), or
// breaks its process otherwise, is refused, and the process replaced. One that was ended or stopped
// from outside is replaced by a new one, which is asked once. Thread rule: any thread.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "text/template_renderer.h"

namespace sanctum::engine {

// For an answer, on a machine that may have other things to do; one that is stopped is not waited
// for.
inline constexpr std::chrono::seconds kRenderWallMax{120};
inline constexpr std::chrono::milliseconds kStoppedLookEvery{200};
// A process that was given more is not kept: it may have grown.
inline constexpr std::uint64_t kKeptRenderingBytesMax = 4u << 20;

class TemplateProcesses final : public text::TemplateRenderer {
 public:
  // `program`: of sanctum-engine.
  explicit TemplateProcesses(std::string program);
  ~TemplateProcesses() override;
  // Throws Error(kUnavailable) where no process can be had.
  std::string render(const text::Rendering& rendering) override;

 private:
  class Child;
  // One that is idle, if there is one.
  std::unique_ptr<Child> idle();
  std::unique_ptr<Child> fresh() const;

  const std::string program_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Child>> idle_;
};

// Of `program`; without one, for templates that are trusted, in this process.
std::shared_ptr<text::TemplateRenderer> renderer_of(const std::string& program);

}  // namespace sanctum::engine
