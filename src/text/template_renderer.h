// Who turns a chat template and its variables into a prompt, and tries a client's grammar.
// Templates come with model files, grammars with requests, and neither is trusted: an engine has
// them in a process that may end of it (engine/template_process.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sanctum::text {

// `messages`: JSON array. `tools`: array or null. `variables` and `options`: objects.
struct Rendering {
  std::string_view source;
  std::string_view messages;
  std::string_view tools;
  std::string_view variables;
  std::string_view options;
  bool add_generation_prompt = false;
  bool grammar = false;  // `source` is a grammar, to be tried (grammar_trial.h)

  std::uint64_t bytes() const {
    return source.size() + messages.size() + tools.size() + variables.size() + options.size();
  }
};

// Thread rule: any thread.
class TemplateRenderer {
 public:
  virtual ~TemplateRenderer() = default;
  // Throws Error(kCorrupt) for a template that does not compile, Error(kInvalid, ..., "messages")
  // for what it refuses or may not do. Of a grammar: its bytes, in decimal; Error(kInvalid) for one
  // that does not compile, or takes more than there is for it.
  virtual std::string render(const Rendering& rendering) = 0;
};

// In this process, where it is bounded in instructions alone: neither in bytes nor in depth.
std::shared_ptr<TemplateRenderer> unguarded_renderer();

// For a process that renders and does nothing else: from here on it ends with `exit_code` once what
// is rendered holds more bytes; until forget_render_bound().
void end_process_beyond(std::uint64_t bytes, int exit_code);
void forget_render_bound();

}  // namespace sanctum::text
