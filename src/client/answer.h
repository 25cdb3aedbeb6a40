// What a chat completion came to, read from one body or from a stream of chunks.
//
// Contract: reading is lenient where servers differ (unknown members are skipped) and strict where
// a difference would hide a fault: an answer that lacks its choice, its finish reason or its end
// marker is no answer. Values only; an AnswerReader belongs to whoever feeds it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/http.h"

namespace sanctum::client {

inline constexpr std::size_t kArrivalsMax = 1u << 16;  // token times kept for one answer
inline constexpr std::size_t kToolCallsMax = 128;
inline constexpr std::size_t kLogprobsMax = 1u << 16;  // tokens kept for one answer

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text as the model wrote it
};

// The natural logarithm of the probability that a token was chosen with.
struct TokenLogprob {
  std::string token;
  double logprob = 0;
};

// The phases a Sanctum server reports, in microseconds.
struct ServerTimings {
  std::int64_t queue_us = 0;
  std::int64_t vision_us = 0;
  std::int64_t prefill_us = 0;
  std::int64_t decode_us = 0;
};

struct Answer {
  Ending ending = Ending::kAnswered;
  int status = 0;
  std::string failure;  // empty for a good answer; else what went wrong, for people
  std::string field;    // the request field that the server objected to
  std::string code;     // of its error, as OpenAI's: "context_length_exceeded"
  std::optional<Milliseconds> retry_after;
  std::string served_by;  // another server in place of the one that was asked; empty: none

  std::string content;
  std::string reasoning;
  std::vector<ToolCall> tool_calls;
  std::vector<TokenLogprob> logprobs;  // empty where they were not asked for or not given
  std::string finish_reason;
  std::optional<std::int64_t> prompt_tokens;
  std::optional<std::int64_t> completion_tokens;
  std::optional<ServerTimings> timings;

  Instant sent{};
  Instant ended{};
  std::vector<Instant> arrivals;  // one for every chunk that carried output

  bool good() const { return failure.empty(); }
  // Seconds; nothing where the answer was not streamed.
  std::optional<double> first_token_s() const;
  // Tokens a second after the first one; nothing for answers too short to tell.
  std::optional<double> tokens_per_s() const;
};

// Reads a whole chat.completion object into `answer`; a body that is none sets `failure`.
void read_completion(std::string_view body, Answer& answer);

// The same of a text_completion object, whose text is the content.
void read_text_completion(std::string_view body, Answer& answer);

// Reads an OpenAI error body: {"error":{"message","param",...}}, or any text.
void read_error(int status, std::string_view body, Answer& answer);

// What a piece of a stream added.
struct Added {
  std::string content, reasoning;
  bool empty() const { return content.empty() && reasoning.empty(); }
};

// Collects the data of a stream's events.
class StreamReader {
 public:
  explicit StreamReader(Answer& answer) : answer_(answer) {}
  // After a failure further events are ignored.
  Added event(std::string_view data, Instant now);
  // To be called once the stream has ended well: sets `failure` for what was missing.
  void finish();

 private:
  Answer& answer_;
  bool done_ = false;
  bool any_choice_ = false;
};

}  // namespace sanctum::client
