// Asks an OpenAI-compatible server, and nothing else: the public API is all that is known here.
//
// Contract: chat() never throws for what a server or network does; the Answer tells. Thread rule:
// one ChatClient belongs to one thread; `cancelled` may be set by any.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/answer.h"
#include "client/http.h"

namespace sanctum::client {

inline constexpr std::size_t kModelsMax = 4096;

struct ChatRequest {
  std::string model{};
  std::string messages_json{};  // an array in OpenAI's form
  std::string tools_json{};     // an array, or empty
  std::optional<std::int64_t> max_tokens{};
  std::optional<double> temperature{};  // the server's default where not given
  std::optional<double> top_p{};
  bool stream = false;
  std::optional<std::int64_t> seed{};
  bool logprobs = false;  // of the chosen tokens
};
// The request body.
std::string encode(const ChatRequest& request);

// Of a prompt without a template: exactly so many tokens after it, the likeliest.
struct PromptRequest {
  std::string model{}, prompt{};
  std::int64_t tokens = 16;
};

class ChatClient {
 public:
  explicit ChatClient(Endpoint endpoint, Limits limits = {});

  // `on_text` hears the pieces of a streamed answer as they arrive.
  Answer chat(const ChatRequest& request, const std::function<void(const Added&)>& on_text = {},
              const std::atomic<bool>* cancelled = nullptr);
  // Asks /v1/completions, whole.
  Answer complete(const PromptRequest& request);
  // The names of GET /v1/models, in the server's order; a server that has no engine at the moment
  // is asked again for a few seconds. Throws Error(kUnavailable) when it cannot be asked or answers
  // something else.
  std::vector<std::string> models();
  // `wanted`, or the server's first model where that is empty. Throws Error(kUnavailable).
  std::string choose_model(const std::string& wanted);
  HttpReply get(const std::string& path);
  const Endpoint& endpoint() const { return connection_.endpoint(); }

 private:
  HttpReply model_list();
  // Sends, and calls `read` with a reply of status 200.
  void ask(const HttpCall& call, const std::atomic<bool>* cancelled, Answer& answer,
           const std::function<void(const HttpReply&)>& read);

  Connection connection_;
  Limits limits_;
};

// What a person can do about a server that wants a key.
inline constexpr std::string_view kKeyAdvice = "; give --api-key, or set SANCTUM_API_KEY";
// What a person can do about a server that does not answer.
std::string unreachable_advice(const Endpoint& endpoint, const std::string& message);

}  // namespace sanctum::client
