#include "stress/stress_task.h"

#include "base/base64.h"
#include "base/json.h"
#include "stress/palette.h"

namespace sanctum::stress {
namespace {

constexpr std::string_view kNonceAlphabet = "0123456789";
constexpr int kTooManyRequests = 429;

std::size_t draw(std::mt19937_64& random, std::size_t below) {
  return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
}

// No character twice: small models copy by finding what followed the last character, and a repeat
// would test that instead of the server. 3.6 million of them are enough to tell clients apart.
std::string nonce(std::mt19937_64& random) {
  std::string left(kNonceAlphabet);
  std::string text;
  for (int i = 0; i < kNonceCharacters; ++i) {
    const auto at = draw(random, left.size());
    text += left[at];
    left.erase(at, 1);
  }
  return text;
}

std::string text_messages(const std::string& nonce) {
  json::Writer w;
  w.begin_array().begin_object().field("role", "user");
  w.field("content", "Repeat exactly this and nothing else: " + nonce).end_object().end_array();
  return w.take();
}

std::string vision_messages(const Color& color) {
  json::Writer w;
  w.begin_array().begin_object().field("role", "user").key("content").begin_array();
  w.begin_object().field("type", "image_url").key("image_url").begin_object();
  w.field("url", "data:image/png;base64," + base64_encode(one_pixel_png(color.rgb)));
  w.end_object().end_object();
  w.begin_object().field("type", "text").field("text", "What color is this image? One word.");
  w.end_object().end_array().end_object().end_array();
  return w.take();
}

bool right(const StressTask& task, const std::string& content) {
  if (task.pipeline == Pipeline::kText) return content.find(task.expected) != std::string::npos;
  const int named = first_color_named(content);
  return named >= 0 && palette()[static_cast<std::size_t>(named)].names.front() == task.expected;
}

}  // namespace

std::string_view to_string(Pipeline pipeline) {
  return pipeline == Pipeline::kText ? "text" : "vision";
}

StressTask make_task(Pipeline pipeline, std::uint64_t number, std::mt19937_64& random) {
  StressTask task;
  task.pipeline = pipeline;
  task.stream = number % 2 == 1;
  if (pipeline == Pipeline::kText) {
    task.expected = nonce(random);
    task.messages_json = text_messages(task.expected);
  } else {
    const Color& color = palette()[draw(random, palette().size())];
    task.expected = color.names.front();
    task.messages_json = vision_messages(color);
  }
  return task;
}

client::ChatRequest request_of(const StressTask& task, const std::string& model) {
  return {.model = model,
          .messages_json = task.messages_json,
          .tools_json = {},
          .max_tokens = kAnswerTokensMax,
          .temperature = 0.0,
          .stream = task.stream};
}

std::optional<Judgement> judge_ending(const client::Answer& answer) {
  if (answer.ending == client::Ending::kCancelled) {
    return Judgement{Finding::kCancelled, "cancelled"};
  }
  if (answer.ending == client::Ending::kAnswered && answer.status == kTooManyRequests) {
    return Judgement{Finding::kRefused, answer.failure};
  }
  if (!answer.good()) return Judgement{Finding::kError, answer.failure};
  return std::nullopt;
}

Judgement judge(const StressTask& task, const client::Answer& answer) {
  if (auto ended = judge_ending(answer)) return *std::move(ended);
  if (right(task, answer.content)) return {Finding::kOk, {}};
  return {Finding::kWrong,
          "expected " + json::quote(task.expected) + ", came " + json::quote(answer.content)};
}

}  // namespace sanctum::stress
