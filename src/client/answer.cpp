#include "client/answer.h"

#include "base/error.h"
#include "base/json.h"

namespace sanctum::client {
namespace {

constexpr std::size_t kQuotedBodyMax = 200;

void read_usage(const json::Node& root, Answer& answer) {
  if (const auto usage = root.get("usage")) {
    if (const auto n = usage->get("prompt_tokens")) answer.prompt_tokens = n->as_int(0);
    if (const auto n = usage->get("completion_tokens")) answer.completion_tokens = n->as_int(0);
  }
  if (const auto timings = root.get("timings"); timings && timings->has("decode_us")) {
    ServerTimings& t = answer.timings.emplace();
    t.queue_us = timings->as_int_or("queue_us", 0);
    t.vision_us = timings->as_int_or("vision_us", 0);
    t.prefill_us = timings->as_int_or("prefill_us", 0);
    t.decode_us = timings->as_int_or("decode_us", 0);
  }
}

// A message, or a delta of one. Returns what it added.
Added read_message(const json::Node& message, Answer& answer) {
  Added added{message.as_string_or("content", ""), message.as_string_or("reasoning_content", "")};
  answer.content += added.content;
  answer.reasoning += added.reasoning;
  const auto calls = message.get("tool_calls");
  if (!calls) return added;
  std::size_t position = 0;
  for (const auto& call : calls->as_array(kToolCallsMax)) {
    const auto given = call.get("index");
    const auto index =
        given ? static_cast<std::size_t>(given->as_int(0, kToolCallsMax - 1)) : position;
    ++position;
    if (index >= answer.tool_calls.size()) answer.tool_calls.resize(index + 1);
    ToolCall& target = answer.tool_calls[index];
    if (const auto id = call.get("id")) target.id = id->as_string();
    if (const auto function = call.get("function")) {
      target.name += function->as_string_or("name", "");
      target.arguments += function->as_string_or("arguments", "");
    }
  }
  return added;
}

// The `logprobs` of a choice, or of a piece of one.
void read_logprobs(const json::Node& choice, Answer& answer) {
  const auto logprobs = choice.get("logprobs");
  if (!logprobs) return;
  const auto content = logprobs->get("content");
  if (!content) return;
  for (const auto& token : content->as_array(kLogprobsMax)) {
    if (answer.logprobs.size() >= kLogprobsMax) return;
    answer.logprobs.push_back({token.as_string_or("token", ""), token.as_double_or("logprob", 0)});
  }
}

bool carries_output(const json::Node& delta) {
  return !delta.as_string_or("content", "").empty() ||
         !delta.as_string_or("reasoning_content", "").empty() || delta.has("tool_calls");
}

// {"error": {...}} or {"error": "text"}, as different servers write it.
bool read_error_member(const json::Node& root, Answer& answer) {
  if (!root.is_object()) return false;
  const auto error = root.get("error");
  if (!error) return false;
  if (error->is_string()) {
    answer.failure = error->as_string();
  } else if (error->is_object()) {
    answer.failure = error->as_string_or("message", "an error without a message");
    const auto param = error->get("param");
    if (param && param->is_string()) answer.field = param->as_string();
    const auto code = error->get("code");
    if (code && code->is_string()) answer.code = code->as_string();
  } else {
    answer.failure = error->dump();
  }
  return true;
}

// `read_choice`: what the first choice says.
template <class Read>
void read_whole(std::string_view body, const char* what, Answer& answer, Read read_choice) {
  try {
    const json::Document document(body);
    const auto root = document.root();
    if (read_error_member(root, answer)) return;
    const auto choices = root.at("choices").as_array();
    if (choices.empty()) throw Error(ErrorCode::kInvalid, "'choices' is empty");
    read_choice(choices.front());
    answer.finish_reason = choices.front().at("finish_reason").as_string();
    read_usage(root, answer);
  } catch (const Error& error) {
    answer.failure = std::string("not a ") + what + ": " + error.what();
  }
}

std::string quoted_start(std::string_view body) {
  if (body.empty()) return "an empty body";
  return json::quote(body.substr(0, kQuotedBodyMax)) + (body.size() > kQuotedBodyMax ? "..." : "");
}

}  // namespace

std::optional<double> Answer::first_token_s() const {
  if (arrivals.empty()) return std::nullopt;
  return static_cast<double>(microseconds_between(sent, arrivals.front())) / 1e6;
}

std::optional<double> Answer::tokens_per_s() const {
  if (arrivals.size() < 2) return std::nullopt;
  const auto span_us = microseconds_between(arrivals.front(), arrivals.back());
  const auto tokens = completion_tokens.value_or(static_cast<std::int64_t>(arrivals.size()));
  if (span_us <= 0 || tokens < 2) return std::nullopt;
  return static_cast<double>(tokens - 1) * 1e6 / static_cast<double>(span_us);
}

void read_completion(std::string_view body, Answer& answer) {
  read_whole(body, "chat completion", answer, [&](const json::Node& choice) {
    read_message(choice.at("message"), answer);
    read_logprobs(choice, answer);
  });
}

void read_text_completion(std::string_view body, Answer& answer) {
  read_whole(body, "text completion", answer,
             [&](const json::Node& choice) { answer.content = choice.at("text").as_string(); });
}

void read_error(int status, std::string_view body, Answer& answer) {
  bool told = false;
  try {
    const json::Document document(body);
    told = read_error_member(document.root(), answer);
  } catch (const Error&) {
    told = false;
  }
  if (!told) answer.failure = quoted_start(body);
  answer.failure = "HTTP " + std::to_string(status) + ": " + answer.failure;
}

Added StreamReader::event(std::string_view data, Instant now) {
  if (done_ || !answer_.failure.empty()) return {};
  if (data == "[DONE]") {
    done_ = true;
    return {};
  }
  Added added;
  try {
    const json::Document document(data);
    const auto root = document.root();
    if (read_error_member(root, answer_)) return {};
    read_usage(root, answer_);
    for (const auto& choice : root.at("choices").as_array()) {
      any_choice_ = true;
      if (const auto delta = choice.get("delta")) {
        if (carries_output(*delta) && answer_.arrivals.size() < kArrivalsMax) {
          answer_.arrivals.push_back(now);
        }
        const Added more = read_message(*delta, answer_);
        added.content += more.content;
        added.reasoning += more.reasoning;
      }
      read_logprobs(choice, answer_);
      if (const auto reason = choice.get("finish_reason")) {
        answer_.finish_reason = reason->as_string();
      }
    }
  } catch (const Error& error) {
    answer_.failure = std::string("a chunk of the stream is malformed: ") + error.what();
  }
  return added;
}

void StreamReader::finish() {
  if (!answer_.failure.empty()) return;
  if (!any_choice_) {
    answer_.failure = "the stream ended without an answer";
  } else if (answer_.finish_reason.empty()) {
    answer_.failure = "the stream ended without a finish_reason";
  } else if (!done_) {
    answer_.failure = "the stream ended without [DONE]";
  }
}

}  // namespace sanctum::client
