#include "engine/text_model.h"

#include <algorithm>

#include "base/error.h"

namespace sanctum::engine {
namespace {

constexpr std::size_t kSpecialBytesMax = 32;  // the spelling of a special token
constexpr std::size_t kShrinkMax = 2;         // what Unicode normalization may take off a text

// Bytes beyond which no prompt fits `context_tokens`; 0 where decoding says nothing about encoding.
std::size_t longest_prompt(const text::Tokenizer& tokenizer, int context_tokens) {
  if (!tokenizer.is_byte_level()) return 0;
  std::size_t longest = kSpecialBytesMax;
  for (int id = 0; id < tokenizer.vocabulary(); ++id) {
    longest = std::max(longest, tokenizer.token_bytes(id).size());
  }
  return longest * kShrinkMax * static_cast<std::size_t>(context_tokens);
}

}  // namespace

TextModel::TextModel(const models::Description& description)
    : context_tokens_(description.context_tokens),
      processor_(models::load_processor(description)),
      tokenizer_(text::Tokenizer::load(description.directory)),
      chat_template_(text::ChatTemplate::load(description.directory)),
      output_format_(text::detect_format(chat_template_->source())),
      reasons_(text::detect_reasoning(chat_template_->source())),
      prompt_bytes_max_(longest_prompt(*tokenizer_, description.context_tokens)) {}

void TextModel::refuse_hopeless(const std::string& text, const std::string& field) const {
  if (prompt_bytes_max_ == 0 || text.size() <= prompt_bytes_max_) return;
  throw Error(ErrorCode::kTooLong,
              "the prompt has " + std::to_string(text.size()) + " bytes; this model's context of " +
                  std::to_string(context_tokens_) + " tokens cannot hold as many",
              field);
}

std::vector<int> TextModel::tokenize(const std::string& text, bool add_special) const {
  return tokenizer_->encode(text, add_special);
}

std::vector<int> TextModel::prompt_ids(const wire::GenerateRequest& request,
                                       bool& starts_in_reasoning) const {
  if (!request.prompt_ids.empty()) {
    for (const int id : request.prompt_ids) {
      if (id < 0 || id >= tokenizer_->vocabulary()) {
        throw Error(ErrorCode::kInvalid,
                    "token id " + std::to_string(id) + " is not in the model's vocabulary of " +
                        std::to_string(tokenizer_->vocabulary()),
                    "prompt_ids");
      }
    }
    return request.prompt_ids;
  }
  if (request.prompt) {
    refuse_hopeless(*request.prompt, "prompt");
    return tokenizer_->encode(*request.prompt, /*add_special=*/true);
  }
  const std::string prompt =
      chat_template_->render(request.messages_json, request.tools_json,
                             request.template_options_json, /*add_generation_prompt=*/true);
  refuse_hopeless(prompt, "messages");
  starts_in_reasoning = text::opens_reasoning(prompt);
  // The template writes the special tokens itself.
  return tokenizer_->encode(prompt, /*add_special=*/false);
}

TextModel::Prepared TextModel::prepare(const wire::GenerateRequest& request) const {
  Prepared out;
  std::vector<int> ids = prompt_ids(request, out.starts_in_reasoning);
  const std::string field = !request.messages_json.empty() ? "messages"
                            : request.prompt               ? "prompt"
                                                           : "prompt_ids";
  if (ids.empty()) throw Error(ErrorCode::kInvalid, "the prompt is empty", field);
  const auto refuse_too_long = [&](std::size_t tokens) {
    if (tokens < static_cast<std::size_t>(context_tokens_)) return;
    throw Error(ErrorCode::kTooLong,
                "the prompt has " + std::to_string(tokens) +
                    " tokens; this model's context holds " + std::to_string(context_tokens_) +
                    ", the answer included",
                field);
  };
  refuse_too_long(ids.size());  // before any picture is decoded

  auto sequence = std::make_unique<Sequence>();
  sequence->prompt = processor_->prepare(std::move(ids), request.images, request.image_paths);
  refuse_too_long(sequence->prompt.tokens.size());
  const int room = context_tokens_ - static_cast<int>(sequence->prompt.tokens.size());
  for (const auto& image : sequence->prompt.images) sequence->image_tokens += image.count;
  sequence->request = request.request;
  sequence->sampling = request.sampling;
  sequence->seed = request.sampling.seed.value();
  sequence->tokens_max =
      request.sampling.max_tokens > 0 ? std::min(request.sampling.max_tokens, room) : room;
  if (!request.sampling.ignore_eos) sequence->end_ids = tokenizer_->end_ids();
  const auto& stops = request.sampling.stop_token_ids;
  sequence->end_ids.insert(sequence->end_ids.end(), stops.begin(), stops.end());
  out.sequence = std::move(sequence);
  return out;
}

}  // namespace sanctum::engine
