#include "engine/output_stream.h"

#include <algorithm>

#include "engine/failure_of.h"
#include "engine/finish_reason.h"

namespace sanctum::engine {
namespace {

using wire::FinishReason;

wire::TokenLogprob logprob_of(const text::Tokenizer& tokenizer, int id, double logprob) {
  return {id, tokenizer.token_bytes(id), logprob};
}

bool reasons(const TextModel& model, const wire::GenerateRequest& options) {
  return !options.messages_json.empty() && model.reasons();
}

// Whether the model itself ends with it; else a client asked for the end there.
bool is_an_end(const text::Tokenizer& tokenizer, int id) {
  const std::vector<int>& ends = tokenizer.end_ids();
  return tokenizer.is_special(id) || std::find(ends.begin(), ends.end(), id) != ends.end();
}

std::vector<std::string> markers(const TextModel& model, const wire::GenerateRequest& options) {
  return text::marker_tokens(model.output_format(), options.parse_tool_calls,
                             reasons(model, options));
}

}  // namespace

OutputStream::OutputStream(std::string request, std::shared_ptr<const TextModel> model,
                           const wire::GenerateRequest& options, bool starts_in_reasoning)
    : request_(std::move(request)),
      model_(std::move(model)),
      detokenizer_(model_->tokenizer(), markers(*model_, options)),
      stop_strings_(options.sampling.stop),
      parser_({.format = model_->output_format(),
               .tool_calls = options.parse_tool_calls,
               .reasoning = reasons(*model_, options),
               .starts_in_reasoning = starts_in_reasoning,
               .id_seed = request_,
               .markers = markers(*model_, options),
               .tools = text::OfferedTools(options.parse_tool_calls ? options.tools_json : "")}),
      with_logprobs_(options.sampling.top_logprobs >= 0) {}

void OutputStream::take(text::OutputParser::Event event, wire::RowDelta& delta) {
  delta.content += event.content;
  delta.reasoning += event.reasoning;
  for (auto& call : event.tool_calls) {
    delta.tool_calls.push_back(
        {call.index, std::move(call.id), std::move(call.name), std::move(call.arguments)});
  }
}

void OutputStream::emit(std::string_view text, wire::RowDelta& delta) {
  auto passed = stop_strings_.push(text);
  if (!passed.text.empty()) take(parser_.push(passed.text), delta);
  if (passed.stopped) stop_string_ = passed.matched;
}

wire::RowDelta OutputStream::push(const TokenOutput& token) {
  wire::RowDelta delta;
  delta.request = request_;
  if (stopped()) return delta;
  try {
    add(token, delta);
  } catch (const std::exception& error) {
    failure_ = failure_of(error);
  }
  return delta;
}

void OutputStream::resume(const std::vector<int>& said, const std::vector<int>& end_ids) {
  for (const int id : said) {
    TokenOutput token;
    token.sampled.token = id;
    token.ends_answer = std::find(end_ids.begin(), end_ids.end(), id) != end_ids.end();
    push(token);
  }
}

void OutputStream::add(const TokenOutput& token, wire::RowDelta& delta) {
  const Sampled& sampled = token.sampled;
  delta.at = tokens_++;
  delta.ids.push_back(sampled.token);
  if (token.ends_answer) {
    cut_by_client_ = !is_an_end(*model_->tokenizer(), sampled.token);
    return;
  }
  if (with_logprobs_) {
    const text::Tokenizer& tokenizer = *model_->tokenizer();
    wire::PositionLogprobs position;
    position.chosen = logprob_of(tokenizer, sampled.token, sampled.logprob);
    for (const auto& [id, logprob] : sampled.top)
      position.top.push_back(logprob_of(tokenizer, id, logprob));
    delta.logprobs.push_back(std::move(position));
  }
  emit(detokenizer_.push(sampled.token), delta);
}

void OutputStream::flush(text::Ending ending, wire::RowDelta& delta) {
  if (!stopped()) emit(detokenizer_.finish(), delta);
  if (!stopped()) {
    const std::string held = stop_strings_.finish();
    if (!held.empty()) take(parser_.push(held), delta);
  }
  take(parser_.finish(stopped() ? text::Ending::kCut : ending), delta);
}

wire::Completed OutputStream::finish(const SequenceEnd& end) {
  wire::Completed completed;
  completed.request = completed.last.request = request_;
  if (!failure_) {
    try {
      const bool by_model = end.reason == FinishReason::kStop && !cut_by_client_;
      flush(by_model ? text::Ending::kByModel : text::Ending::kCut, completed.last);
    } catch (const std::exception& error) {
      failure_ = failure_of(error);
    }
  }
  completed.finish_reason = finish_reason({.of_tokens = end.reason,
                                           .failed = failure_.has_value(),
                                           .stop_string = stopped(),
                                           .calls = parser_.calls(),
                                           .call_cut = parser_.cut()});
  completed.stop_string = stop_string_;
  completed.usage = end.usage;
  completed.usage.completion_tokens = tokens_;
  completed.timings = end.timings;
  completed.failure = stopped() ? failure_ : end.failure;
  return completed;
}

}  // namespace sanctum::engine
