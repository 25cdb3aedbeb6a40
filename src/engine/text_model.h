// The host side of a loaded model: template, tokenizer, pictures; from a request to a Sequence.
//
// Immutable; any thread. Never touches the device.
#pragma once

#include <memory>
#include <string>

#include "engine/answer_grammar.h"
#include "engine/grammar_cache.h"
#include "engine/script.h"
#include "engine/sequence.h"
#include "models/registry.h"
#include "text/chat_template.h"
#include "text/output_parser.h"
#include "text/tokenizer.h"
#include "wire/messages.h"

namespace sanctum::engine {

class TextModel {
 public:
  // Throws Error naming the file that is missing or damaged.
  explicit TextModel(const models::Description& description,
                     std::shared_ptr<text::TemplateRenderer> renderer = text::unguarded_renderer(),
                     std::shared_ptr<const Script> script = nullptr);

  // A request on its way to a Sequence: its pictures are read one at a time.
  struct Preparation {
    wire::GenerateRequest request;  // without its pictures
    std::unique_ptr<models::PromptBuilder> prompt;
    bool starts_in_reasoning = false, has_reasoned = false;
    std::vector<int> script;           // Sequence::script
    std::vector<std::string> ignored;  // wire::Accepted::ignored; once it is finished
    // Of texts, files and pixels.
    std::uint64_t bytes() const;
  };
  // Template and tokenizer. Throws Error(kInvalid) naming the field, Error(kTooLong) for a prompt
  // that does not fit. `request.sampling.seed` must be set.
  Preparation begin(wire::GenerateRequest request) const;
  // Once no picture is left.
  std::unique_ptr<Sequence> finish(Preparation& preparation) const;
  // All of it at once.
  std::unique_ptr<Sequence> prepare(wire::GenerateRequest request) const;
  std::vector<int> tokenize(const std::string& text, bool add_special) const;

  // The same with a smaller context, because the memory for keys and values holds no more.
  std::shared_ptr<const TextModel> within(int context_tokens) const;

  bool vision() const { return processor_->vision(); }
  int context_tokens() const { return context_tokens_; }
  std::shared_ptr<const text::Tokenizer> tokenizer() const { return tokenizer_; }
  text::OutputFormat output_format() const { return output_format_; }
  bool reasons() const { return reasons_; }
  bool tools() const { return tools_; }
  // Why it answers no chats; empty where it does.
  const std::string& no_chat() const { return no_chat_; }
  const wire::SamplingChoice& sampling() const { return sampling_; }
  const std::string& files() const { return files_; }  // as its description names them

 private:
  struct Rendered {
    std::vector<int> ids;
    std::string text;  // empty where there is none
  };
  Rendered rendered(const wire::GenerateRequest& request) const;
  // What its script says to the prompt; empty for nothing.
  std::vector<int> scripted(const std::string& prompt) const;
  // Throws Error(kInvalid) for an id that neither the tokenizer nor the model knows.
  void refuse_unknown_id(int id, const std::string& field) const;
  // Throws Error(kInvalid) for an id that the model has no embedding for.
  void refuse_rowless_ids(const std::vector<int>& ids, const std::string& field) const;
  // Compiled to be thrown away: the bytes that it holds. Throws as TemplateRenderer::render.
  std::uint64_t tried(const std::string& source) const;
  // What of the request its template does not know of, as wire::Accepted::ignored.
  std::vector<std::string> unused(const wire::GenerateRequest& request) const;
  // Throws Error(kInvalid) where calls would have to be bound, and cannot be in this model's
  // format.
  AnswerBounds bounds(const wire::GenerateRequest& request) const;
  // Of what binds the request's answer, behind what it has said already. Throws Error(kInvalid)
  // naming `structure`.
  std::unique_ptr<Constraint> constraint(Preparation& preparation) const;
  std::string context() const;  // in words
  // Throws Error(kTooLong) for a text that cannot fit the context, without tokenizing it.
  void refuse_hopeless(const std::string& text, const std::string& field) const;

  std::string files_;
  int context_tokens_;
  bool memory_bound_ = false;  // the context is what the memory holds, not what the model can
  int rows_;                   // of the model's embedding
  std::shared_ptr<const models::Processor> processor_;
  wire::SamplingChoice sampling_;  // of its maker
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::shared_ptr<text::TemplateRenderer> renderer_;
  std::shared_ptr<const text::ChatTemplate> chat_template_;
  text::OutputFormat output_format_;
  bool reasons_, tools_;
  std::string no_chat_;
  std::shared_ptr<GrammarCache> grammars_;
  std::shared_ptr<const Script> script_;  // null: it says what it would say
  std::size_t prompt_bytes_max_;          // no longer text can fit; 0: not known
};

}  // namespace sanctum::engine
