// A model's chat template (Jinja, as transformers runs it), rendered to prompt text.
//
// Contract: immutable after load(); render() may be called from any thread. Templates come with
// model files and are not trusted: no file or network access, execution ends after a fixed budget
// of instructions, and whoever serves strangers' models has them rendered by a renderer that bounds
// memory and time as well.
// A directory without a template, or with one that does not compile, loads; render() then throws
// Error(kInvalid, ..., "messages"), so that such a model still completes raw prompts; no_chat()
// says so beforehand.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "text/template_renderer.h"

namespace sanctum::text {

inline constexpr std::size_t kTemplateBytesMax = 4u << 20;

class ChatTemplate {
 public:
  // Reads chat_template.jinja, else chat_template.json, else `chat_template` in
  // tokenizer_config.json (a string, or a list of {name, template}, of which "tool_use" serves
  // requests with tools). Throws Error(kCorrupt) naming a file that is not what it should be.
  static std::shared_ptr<const ChatTemplate> load(
      const std::string& directory,
      std::shared_ptr<TemplateRenderer> renderer = unguarded_renderer());

  // `messages_json`: array of messages. A tool call's `arguments` that is a string holding a JSON
  // object is handed to the template as that object, which is what templates expect.
  // `tools_json`: array, or empty for none. `options_json`: object of extra variables
  // ("enable_thinking"), or empty. bos_token, eos_token and their like come from
  // tokenizer_config.json.
  // Throws Error(kInvalid, ..., field), field being "messages" for whatever the template itself
  // refuses (raise_exception), "tools" or "chat_template_kwargs" for malformed JSON in those.
  std::string render(std::string_view messages_json, std::string_view tools_json,
                     std::string_view options_json, bool add_generation_prompt) const;

  // Why a lone question of a user cannot be rendered: there is no template, it does not compile, or
  // it refuses. Empty where it can, or where the renderer cannot tell now. Takes as long as
  // render().
  std::string no_chat() const;

  // The template's text (the one that serves tools where there are two); empty without one.
  const std::string& source() const;

  ~ChatTemplate();
  ChatTemplate(const ChatTemplate&) = delete;
  ChatTemplate& operator=(const ChatTemplate&) = delete;

 private:
  struct State;
  explicit ChatTemplate(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sanctum::text
