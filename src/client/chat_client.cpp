#include "client/chat_client.h"

#include <thread>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "client/running_servers.h"
#include "client/sse.h"

namespace sanctum::client {
namespace {

// Short questions about the server itself: no model works on them.
constexpr Limits kAskLimits{
    .connect = Milliseconds(5'000), .silence = Milliseconds(10'000), .total = Milliseconds(15'000)};

constexpr std::chrono::seconds kModelsWait{10};  // of a server that has no engine just now
constexpr Milliseconds kAskAgain{200};
constexpr int kStatusUnavailable = 503;

// One of this user's, on this machine, that lives and has that address.
bool is_ours(const Endpoint& endpoint) {
  try {
    for (const auto& server : running_servers())
      for (const auto& [scheme, address] :
           {std::pair("http://", server.serving.http), std::pair("https://", server.serving.mtls)})
        if (!address.empty() && endpoint.url == scheme + address) return true;
  } catch (const Error&) {  // without a home of one's own nothing is known
  }
  return false;
}

}  // namespace

std::string encode(const ChatRequest& request) {
  json::Writer w;
  w.begin_object().field("model", request.model);
  w.key("messages").raw(request.messages_json);
  if (!request.tools_json.empty()) w.key("tools").raw(request.tools_json);
  if (request.max_tokens) w.field("max_tokens", *request.max_tokens);
  if (request.temperature) w.field("temperature", *request.temperature);
  if (request.top_p) w.field("top_p", *request.top_p);
  if (request.seed) w.field("seed", *request.seed);
  if (request.logprobs) w.field("logprobs", true);
  if (request.stream) {
    w.field("stream", true);
    w.key("stream_options").begin_object().field("include_usage", true).end_object();
  }
  w.end_object();
  return w.take();
}

ChatClient::ChatClient(Endpoint endpoint, Limits limits)
    : connection_(std::move(endpoint)), limits_(limits) {}

Answer ChatClient::chat(const ChatRequest& request,
                        const std::function<void(const Added&)>& on_text,
                        const std::atomic<bool>* cancelled) {
  Answer answer;
  SseParser parser;
  StreamReader reader(answer);
  bool streamed = false;
  HttpCall call{.method = "POST", .path = "/v1/chat/completions", .body = encode(request)};
  call.on_stream = [&](std::string_view bytes) {
    streamed = true;
    const auto now = Clock::now();
    parser.push(bytes, [&](const SseEvent& event) {
      const auto added = reader.event(event.data, now);
      if (!added.empty() && on_text) on_text(added);
    });
  };
  ask(call, cancelled, answer, [&](const HttpReply& reply) {
    if (streamed) {
      reader.finish();
    } else if (request.stream) {
      answer.failure = "a stream was asked for, and none came";
    } else {
      read_completion(reply.body, answer);
    }
  });
  return answer;
}

Answer ChatClient::complete(const PromptRequest& request) {
  json::Writer w;
  w.begin_object().field("model", request.model).field("prompt", request.prompt);
  w.field("max_tokens", request.tokens).field("temperature", 0.0).field("ignore_eos", true);
  w.end_object();
  Answer answer;
  ask({.method = "POST", .path = "/v1/completions", .body = w.take()}, nullptr, answer,
      [&](const HttpReply& reply) { read_text_completion(reply.body, answer); });
  return answer;
}

void ChatClient::ask(const HttpCall& call, const std::atomic<bool>* cancelled, Answer& answer,
                     const std::function<void(const HttpReply&)>& read) {
  answer.sent = Clock::now();
  try {
    const auto reply = connection_.send(call, limits_, cancelled);
    answer.sent = reply.sent;
    answer.ended = reply.ended;
    answer.ending = reply.ending;
    answer.status = reply.status;
    answer.retry_after = reply.retry_after;
    answer.served_by = reply.served_by;
    if (reply.ending != Ending::kAnswered)
      answer.failure = reply.message;
    else if (reply.status != 200)
      read_error(reply.status, reply.body, answer);
    else
      read(reply);
  } catch (const Error& error) {
    answer.ended = Clock::now();
    answer.ending = Ending::kBroken;
    answer.failure = error.what();
  }
}

HttpReply ChatClient::get(const std::string& path) {
  return connection_.send(HttpCall{.path = path}, kAskLimits);
}

// A server whose engine is being replaced has one again in a moment.
HttpReply ChatClient::model_list() {
  const Instant end = Clock::now() + kModelsWait;
  while (true) {
    auto reply = get("/v1/models");
    const bool passes = reply.status == kStatusUnavailable && reply.retry_after;
    if (!passes || Clock::now() >= end) return reply;
    std::this_thread::sleep_for(kAskAgain);
  }
}

std::vector<std::string> ChatClient::models() {
  const auto reply = model_list();
  if (reply.ending != Ending::kAnswered) {
    throw Error(ErrorCode::kUnavailable, unreachable_advice(endpoint(), reply.message));
  }
  if (reply.status != 200) {
    Answer told;
    read_error(reply.status, reply.body, told);
    throw Error(ErrorCode::kUnavailable,
                endpoint().url + " does not list its models: " + told.failure +
                    (reply.status == 401 && endpoint().bearer.empty() ? std::string(kKeyAdvice)
                                                                      : std::string()));
  }
  std::vector<std::string> names;
  try {
    const json::Document document(reply.body);
    for (const auto& model : document.root().at("data").as_array(kModelsMax)) {
      names.push_back(model.at("id").as_string());
    }
  } catch (const Error& error) {
    throw Error(ErrorCode::kUnavailable,
                endpoint().url + "/v1/models is not OpenAI's API: " + error.what());
  }
  return names;
}

std::string ChatClient::choose_model(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const auto names = models();
  if (names.empty()) {
    throw Error(ErrorCode::kUnavailable,
                endpoint().url + " has no model ready; `sanctum status` shows what it is doing");
  }
  return names.front();
}

std::string unreachable_advice(const Endpoint& endpoint, const std::string& message) {
  std::string text = "no server answers at " + endpoint.url + " (" + message + ")";
  if (is_ours(endpoint))
    return text +
           "; yours that serves there is starting, restarting or ending: `sanctum status "
           "--wait 60` waits until it is ready";
  if (endpoint.tls()) {
    text +=
        "; over https it needs --cacert, --cert and --key, or the certificates that "
        "`sanctum certs init` made in the state directory";
  } else {
    text += "; start one with `sanctum serve`, or name another with --url";
  }
  return text;
}

}  // namespace sanctum::client
