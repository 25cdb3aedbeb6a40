#include "engine/text_model.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "engine/generation_config.h"
#include "engine/request_bytes.h"

namespace sanctum::engine {
namespace {

constexpr std::size_t kSpecialBytesMax = 32;  // the spelling of a special token
constexpr std::size_t kShrinkMax = 2;         // what Unicode normalization may take off a text

constexpr std::size_t kMarkBytes = 3;  // "▁", which some vocabularies have for a space
constexpr int kByteTokens = 256;

// Bytes beyond which no prompt fits `context_tokens`; 0 where an unknown token may stand for any
// number of bytes.
std::size_t longest_prompt(const text::Tokenizer& tokenizer, int context_tokens) {
  const bool byte_level = tokenizer.is_byte_level();
  std::size_t longest = kSpecialBytesMax;
  int byte_tokens = 0;
  for (int id = 0; id < tokenizer.vocabulary(); ++id) {
    const std::string bytes = tokenizer.token_bytes(id);
    // A prompt may have the mark itself where the token's text has a space.
    const auto spaces = byte_level ? 0 : std::count(bytes.begin(), bytes.end(), ' ');
    longest = std::max(longest, bytes.size() + (kMarkBytes - 1) * static_cast<std::size_t>(spaces));
    if (tokenizer.is_byte_fallback(id)) ++byte_tokens;
  }
  if (!byte_level && byte_tokens < kByteTokens) return 0;
  return longest * kShrinkMax * static_cast<std::size_t>(context_tokens);
}

}  // namespace

TextModel::TextModel(const models::Description& description,
                     std::shared_ptr<text::TemplateRenderer> renderer,
                     std::shared_ptr<const Script> script)
    : files_(description.files),
      context_tokens_(description.context_tokens),
      rows_(description.vocabulary),
      processor_(models::load_processor(description)),
      sampling_(sampling_of_maker(description.directory)),
      tokenizer_(text::Tokenizer::load(description.directory)),
      renderer_(std::move(renderer)),
      chat_template_(text::ChatTemplate::load(description.directory, renderer_)),
      output_format_(text::detect_format(chat_template_->source())),
      reasons_(text::detect_reasoning(chat_template_->source())),
      tools_(text::knows_tools(chat_template_->source())),
      no_chat_(chat_template_->no_chat()),
      grammars_(std::make_shared<GrammarCache>(tokenizer_, rows_,
                                               text::marker_tokens(output_format_, true, true))),
      script_(std::move(script)),
      prompt_bytes_max_(longest_prompt(*tokenizer_, description.context_tokens)) {
  // Of added tokens some makers have more than rows, which a prompt may not name.
  if (tokenizer_->ordinary_vocabulary() <= rows_) return;
  throw Error(ErrorCode::kCorrupt,
              description.directory + "/tokenizer.json has ids up to " +
                  std::to_string(tokenizer_->ordinary_vocabulary() - 1) +
                  ", but the model has rows for " + std::to_string(rows_) +
                  " (config.json's vocab_size): is it another model's tokenizer?",
              "path");
}

std::shared_ptr<const TextModel> TextModel::within(int context_tokens) const {
  auto out = std::make_shared<TextModel>(*this);
  out->context_tokens_ = context_tokens;
  out->memory_bound_ = true;
  out->prompt_bytes_max_ = longest_prompt(*tokenizer_, context_tokens);
  return out;
}

std::string TextModel::context() const {
  const std::string tokens = std::to_string(context_tokens_);
  if (memory_bound_) return "the memory for keys and values (kv_bytes) holds " + tokens;
  return "this model's context holds " + tokens;
}

void TextModel::refuse_hopeless(const std::string& text, const std::string& field) const {
  if (prompt_bytes_max_ == 0 || text.size() <= prompt_bytes_max_) return;
  throw Error(ErrorCode::kTooLong,
              "the prompt has " + std::to_string(text.size()) + " bytes, too many: " + context() +
                  " tokens",
              field);
}

std::vector<int> TextModel::tokenize(const std::string& text, bool add_special) const {
  return tokenizer_->encode(text, add_special);
}

void TextModel::refuse_unknown_id(int id, const std::string& field) const {
  const int known = std::max(tokenizer_->vocabulary(), rows_);
  if (id >= 0 && id < known) return;
  throw Error(ErrorCode::kInvalid,
              "token id " + std::to_string(id) + " is not in the model's vocabulary of " +
                  std::to_string(known),
              field);
}

void TextModel::refuse_rowless_ids(const std::vector<int>& ids, const std::string& field) const {
  for (const int id : ids) {
    if (id < rows_) continue;
    throw Error(ErrorCode::kInvalid,
                "token id " + std::to_string(id) +
                    " cannot be read by this model: its directory's tokenizer has more tokens than "
                    "the model has rows (config.json's vocab_size, " +
                    std::to_string(rows_) + ")",
                field);
  }
}

TextModel::Rendered TextModel::rendered(const wire::GenerateRequest& request) const {
  if (!request.prompt_ids.empty()) {
    for (const int id : request.prompt_ids) refuse_unknown_id(id, "prompt_ids");
    return {request.prompt_ids, {}};
  }
  if (request.prompt) {
    refuse_hopeless(*request.prompt, "prompt");
    return {tokenizer_->encode(*request.prompt, /*add_special=*/true), *request.prompt};
  }
  std::string prompt =
      chat_template_->render(request.messages_json, request.tools_json,
                             request.template_options_json, /*add_generation_prompt=*/true);
  refuse_hopeless(prompt, "messages");
  // The template writes the special tokens itself.
  auto ids = tokenizer_->encode(prompt, /*add_special=*/false);
  return {std::move(ids), std::move(prompt)};
}

std::vector<int> TextModel::scripted(const std::string& prompt) const {
  const std::string* const answer = script_ ? script_->answer_to(prompt) : nullptr;
  if (answer == nullptr) return {};
  std::vector<int> ids = tokenizer_->encode(*answer, /*add_special=*/false);
  ids.push_back(tokenizer_->end_ids().front());
  return ids;
}

std::uint64_t TextModel::Preparation::bytes() const {
  return text_bytes(request) + prompt->bytes();
}

TextModel::Preparation TextModel::begin(wire::GenerateRequest request) const {
  for (const auto& [id, bias] : request.sampling.logit_bias)
    refuse_unknown_id(id, "sampling.logit_bias");
  for (const int id : request.sampling.stop_token_ids)
    refuse_unknown_id(id, "sampling.stop_token_ids");
  for (const int id : request.resume_ids) refuse_unknown_id(id, "resume_ids");
  refuse_rowless_ids(request.resume_ids, "resume_ids");
  // Before the template, which may know nothing of either, and says that in its own words.
  if (!request.images.empty() && !processor_->vision())
    models::refuse_pictures(request.image_paths);
  if (!request.tools_json.empty() && !tools_) {
    throw Error(
        ErrorCode::kInvalid,
        "tools cannot be given to this model: its chat template knows of none; leave them out, "
        "or ask a model that was trained with tools",
        "tools");
  }
  Preparation out;
  out.ignored = unused(request);
  Rendered prompt = rendered(request);
  std::vector<int>& ids = prompt.ids;
  out.starts_in_reasoning = !request.messages_json.empty() && text::opens_reasoning(prompt.text);
  out.has_reasoned = !request.messages_json.empty() && text::closes_reasoning(prompt.text);
  out.script = scripted(prompt.text);
  const std::string field = !request.messages_json.empty() ? "messages"
                            : request.prompt               ? "prompt"
                                                           : "prompt_ids";
  if (ids.empty()) throw Error(ErrorCode::kInvalid, "the prompt is empty", field);
  // Before any picture is decoded.
  refuse_rowless_ids(ids, field);
  // Whoever counts wants to know by how much.
  if (!request.count_only && ids.size() >= static_cast<std::size_t>(context_tokens_)) {
    throw Error(
        ErrorCode::kTooLong,
        models::too_many_tokens(static_cast<std::int64_t>(ids.size()), context_tokens_ - 1) + "; " +
            context() + ", the answer included",
        field);
  }
  out.prompt = processor_->begin(
      std::move(ids), std::exchange(request.images, {}),
      std::exchange(request.image_paths, {}), /*tokens_max=*/
      request.count_only ? models::kContextTokensMax : std::int64_t{context_tokens_} - 1);
  out.request = std::move(request);
  return out;
}

std::vector<std::string> TextModel::unused(const wire::GenerateRequest& request) const {
  std::vector<std::string> all;
  if (!request.template_options_json.empty()) {
    const json::Document options(request.template_options_json, "template_options");
    for (const auto& [name, value] : options.root().members())
      // What is switched off, and not there, is off.
      if (!(value.is_bool() && !value.as_bool()) &&
          chat_template_->source().find(name) == std::string::npos)
        all.push_back("not in the template: " + name);
  }
  if (request.thought_tokens_max && !reasons_)
    all.emplace_back("not in the template: a thought to bound");
  if (all.size() > wire::kIgnoredMax / 2) all.resize(wire::kIgnoredMax / 2);
  return all;
}

AnswerBounds TextModel::bounds(const wire::GenerateRequest& request) const {
  AnswerBounds bounds = bounds_of(request);
  if (bounds.tools.empty() || binds_calls(output_format_)) return bounds;
  const bool strict = std::any_of(bounds.tools.begin(), bounds.tools.end(),
                                  [](const auto& tool) { return tool.strict; });
  if (strict || !request.tool_use.is_usual())
    throw Error(ErrorCode::kInvalid,
                "cannot be enforced yet for the way in which this model spells its calls; leave "
                "out \"strict\", and let \"tool_choice\" be \"auto\"",
                "tools");
  bounds.tools.clear();
  return bounds;
}

// What compiling may take is bounded there; here it takes no more.
std::uint64_t TextModel::tried(const std::string& source) const {
  text::Rendering trial;
  trial.source = source;
  trial.grammar = true;
  return std::strtoull(renderer_->render(trial).c_str(), nullptr, 10);
}

std::unique_ptr<Constraint> TextModel::constraint(Preparation& preparation) const {
  const wire::GenerateRequest& request = preparation.request;
  const AnswerBounds bound = bounds(request);
  if (bound.structure.kind == wire::StructureKind::kNone && bound.tools.empty()) return nullptr;
  const bool chat = !request.messages_json.empty();
  const AnswerPlace place{chat ? output_format_ : text::OutputFormat::kPlain, chat && reasons_,
                          preparation.starts_in_reasoning, preparation.has_reasoned};
  try {
    BoundGrammar made =
        grammars_->compiled(grammar_key(bound, place), [&](const text::GrammarVocabulary& words) {
          return compile_bound(bound, place, *tokenizer_, [&](const std::string& source) {
            const std::uint64_t bytes = tried(source);
            return CompiledGrammar{words.compile(source), bytes};
          });
        });
    for (const auto& keyword : made.not_enforced)
      if (preparation.ignored.size() < wire::kIgnoredMax)
        preparation.ignored.push_back("not enforced: " + keyword);
    auto state = made.grammar->begin();
    std::vector<int> said = request.resume_ids;
    // The end itself stands in no grammar; an answer that has come to it wants no more.
    const auto& ends = tokenizer_->end_ids();
    const auto& stops = request.sampling.stop_token_ids;
    const auto is_among = [&](const std::vector<int>& ids) {
      return !said.empty() && std::find(ids.begin(), ids.end(), said.back()) != ids.end();
    };
    if (is_among(ends) || is_among(stops)) said.pop_back();
    if (state->take(said) != said.size())
      throw Error(ErrorCode::kInvalid, "it does not allow what was said already");
    return std::make_unique<Constraint>(std::move(state));
  } catch (const Error& error) {
    const bool by_tools = bound.structure.kind == wire::StructureKind::kNone;
    throw Error(error.code(), std::string("cannot be enforced: ") + error.what(),
                by_tools ? "tools" : "structure");
  }
}

std::unique_ptr<Sequence> TextModel::finish(Preparation& preparation) const {
  const wire::GenerateRequest& request = preparation.request;
  auto sequence = std::make_unique<Sequence>();
  sequence->prompt = preparation.prompt->take();
  const int room = context_tokens_ - static_cast<int>(sequence->prompt.tokens.size());
  for (const auto& image : sequence->prompt.images) sequence->image_tokens += image.count;
  sequence->request = request.request;
  sequence->reserved = request.reserved;
  sequence->tells_progress = request.tells_progress;
  sequence->sampling = in_force(request.sampling, sampling_);
  sequence->seed = request.sampling.seed.value();
  sequence->tokens_max =
      request.sampling.max_tokens > 0 ? std::min(request.sampling.max_tokens, room) : room;
  if (!request.sampling.ignore_eos) sequence->end_ids = tokenizer_->end_ids();
  const auto& stops = request.sampling.stop_token_ids;
  sequence->end_ids.insert(sequence->end_ids.end(), stops.begin(), stops.end());
  if (request.resume_ids.size() > static_cast<std::size_t>(sequence->tokens_max)) {
    throw Error(ErrorCode::kInvalid,
                "has " + std::to_string(request.resume_ids.size()) +
                    " tokens; the answer may have " + std::to_string(sequence->tokens_max),
                "resume_ids");
  }
  sequence->script = std::move(preparation.script);
  sequence->output = request.resume_ids;
  for (const int id : request.resume_ids) sequence->counts.add_output(id);
  if (!request.count_only) sequence->constraint = constraint(preparation);
  if (reasons_ && !request.messages_json.empty()) {
    sequence->thought.emplace(
        Thought::marks(output_format_, *tokenizer_), preparation.starts_in_reasoning,
        request.thought_tokens_max,
        [tokenizer = tokenizer_](int id) { return tokenizer->token_bytes(id); });
    for (const int id : request.resume_ids) sequence->thought->take(id);
  }
  return sequence;
}

std::unique_ptr<Sequence> TextModel::prepare(wire::GenerateRequest request) const {
  Preparation preparation = begin(std::move(request));
  while (preparation.prompt->pictures_left() > 0) preparation.prompt->read_picture();
  return finish(preparation);
}

}  // namespace sanctum::engine
