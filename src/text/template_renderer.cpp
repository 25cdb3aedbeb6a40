#include "text/template_renderer.h"

#include <deque>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "text/grammar_trial.h"
#include "text/rust_bytes.h"

namespace sanctum::text {
namespace {

constexpr std::size_t kCompiledMax = 4;  // templates kept compiled

using Compiled = std::shared_ptr<const rust::Box<rust_side::Template>>;

Compiled compile(std::string_view source) {
  try {
    return std::make_shared<const rust::Box<rust_side::Template>>(
        rust_side::compile_template(bytes_of(source)));
  } catch (const rust::Error& error) {
    throw Error(ErrorCode::kCorrupt, error.what());
  }
}

class UnguardedRenderer final : public TemplateRenderer {
 public:
  std::string render(const Rendering& rendering) override {
    if (rendering.grammar) return tried(rendering.source);
    const Compiled compiled = compiled_of(rendering.source);
    try {
      return std::string((*compiled)->render(
          bytes_of(rendering.messages), bytes_of(rendering.tools), bytes_of(rendering.variables),
          bytes_of(rendering.options), rendering.add_generation_prompt));
    } catch (const rust::Error& error) {
      throw Error(ErrorCode::kInvalid, error.what(), "messages");
    }
  }

 private:
  std::string tried(std::string_view source) {
    const std::lock_guard lock(mutex_);
    return std::to_string(try_grammar(source));
  }

  Compiled compiled_of(std::string_view source) {
    const std::lock_guard lock(mutex_);
    for (const auto& [text, compiled] : compiled_) {
      if (text == source) return compiled;
    }
    compiled_.emplace_front(std::string(source), compile(source));
    if (compiled_.size() > kCompiledMax) compiled_.pop_back();
    return compiled_.front().second;
  }

  std::mutex mutex_;
  std::deque<std::pair<std::string, Compiled>> compiled_;  // the latest first
};

}  // namespace

std::shared_ptr<TemplateRenderer> unguarded_renderer() {
  return std::make_shared<UnguardedRenderer>();
}

void end_process_beyond(std::uint64_t bytes, int exit_code) {
  rust_side::end_process_beyond(bytes, exit_code);
}

void forget_render_bound() {
  rust_side::forget_bound();
}

}  // namespace sanctum::text
