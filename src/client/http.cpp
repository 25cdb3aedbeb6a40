#include "client/http.h"

#include <curl/curl.h>

#include <cerrno>
#include <exception>

#include "base/error.h"
#include "base/invariant.h"

namespace sanctum::client {
namespace {

struct Exchange {
  const HttpCall* call = nullptr;
  CURL* easy = nullptr;
  HttpReply reply;
  Instant last_byte{};
  bool status_known = false;
  bool streamed = false;
  bool too_large = false;
  bool heard = false;
  std::exception_ptr thrown;
};

void decide_where_bytes_go(Exchange& exchange) {
  exchange.status_known = true;
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(exchange.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(exchange.easy, CURLINFO_CONTENT_TYPE, &type);
  exchange.streamed = status == 200 && type != nullptr && exchange.call->on_stream &&
                      std::string_view(type).substr(0, 17) == "text/event-stream";
}

std::size_t take_bytes(char* data, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  exchange.last_byte = Clock::now();
  if (!exchange.status_known) decide_where_bytes_go(exchange);
  const std::string_view bytes(data, size * count);
  if (exchange.streamed) {
    // An exception must not cross libcurl's C frames.
    try {
      exchange.call->on_stream(bytes);
    } catch (...) {
      exchange.thrown = std::current_exception();
      return CURL_WRITEFUNC_ERROR;
    }
  } else {
    if (exchange.reply.body.size() + bytes.size() > kBodyBytesMax) {
      exchange.too_large = true;
      return CURL_WRITEFUNC_ERROR;
    }
    exchange.reply.body += bytes;
  }
  return bytes.size();
}

int take_news(CURL*, curl_infotype kind, char*, std::size_t size, void* context) {
  const bool theirs =
      kind == CURLINFO_HEADER_IN || kind == CURLINFO_DATA_IN || kind == CURLINFO_SSL_DATA_IN;
  if (theirs && size > 0) static_cast<Exchange*>(context)->heard = true;
  return 0;
}

// Also without a byte of theirs: that it was somebody there who ended it.
bool ended_by_them(CURLcode code) {
  return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
         code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
}

bool failed_here(CURLcode code, CURL* easy) {
  switch (code) {
    case CURLE_COULDNT_CONNECT: {
      long reason = 0;
      curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &reason);
      return reason != ECONNREFUSED && reason != ECONNRESET && reason != ETIMEDOUT &&
             reason != ENOENT;
    }
    case CURLE_FAILED_INIT:
    case CURLE_URL_MALFORMAT:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_INTERFACE_FAILED:
      return true;
    default:
      return false;
  }
}

Ending ending_of(CURLcode code, CURL* easy) {
  switch (code) {
    case CURLE_OK:
      return Ending::kAnswered;
    case CURLE_OPERATION_TIMEDOUT: {
      curl_off_t requested_us = 0;
      curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &requested_us);
      return requested_us == 0 ? Ending::kUnreachable : Ending::kDeadline;
    }
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
      return Ending::kUnreachable;
    default:
      return Ending::kBroken;
  }
}

HttpPhases phases_of(CURL* easy) {
  curl_off_t connected = 0, trusted = 0, first_byte = 0;
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
  curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &trusted);
  curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
  return {connected, trusted, first_byte};
}

std::optional<Milliseconds> retry_after_of(CURL* easy) {
  curl_off_t seconds = 0;
  if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0) {
    return std::nullopt;
  }
  return Milliseconds(seconds * 1000);
}

std::string served_by(CURL* easy) {
  curl_header* header = nullptr;
  constexpr int kLastRequest = -1;
  const bool there = curl_easy_header(easy, "X-Sanctum-Served-By", 0, CURLH_HEADER, kLastRequest,
                                      &header) == CURLHE_OK;
  return there ? header->value : "";
}

void initialize_once() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  SANCTUM_INVARIANT(done == CURLE_OK, "libcurl starts");
}

struct HeaderList {
  curl_slist* head = nullptr;
  ~HeaderList() { curl_slist_free_all(head); }
  void add(const std::string& line) { head = curl_slist_append(head, line.c_str()); }
};

}  // namespace

std::string_view to_string(Ending ending) {
  switch (ending) {
    case Ending::kAnswered:
      return "answered";
    case Ending::kUnreachable:
      return "unreachable";
    case Ending::kBroken:
      return "broken";
    case Ending::kDeadline:
      return "deadline";
    case Ending::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

struct Connection::State {
  explicit State(Endpoint given) : endpoint(std::move(given)) {
    initialize_once();
    multi = curl_multi_init();
    easy = curl_easy_init();
    SANCTUM_INVARIANT(multi != nullptr && easy != nullptr, "libcurl has handles");
  }
  ~State() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  void prepare(const HttpCall& call, const Limits& limits, const HeaderList& headers,
               Exchange& exchange, char* error_text);
  // Drives the exchange; returns its code, or sets an ending of our own in exchange.reply.
  std::optional<CURLcode> drive(Exchange& exchange, const Limits& limits,
                                const std::atomic<bool>* cancelled);

  Endpoint endpoint;
  CURLM* multi = nullptr;
  CURL* easy = nullptr;
};

void Connection::State::prepare(const HttpCall& call, const Limits& limits,
                                const HeaderList& headers, Exchange& exchange, char* error_text) {
  curl_easy_reset(easy);
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, (endpoint.url + call.path).c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total.count()));
  set(CURLOPT_ERRORBUFFER, error_text);
  set(CURLOPT_HTTPHEADER, headers.head);
  set(CURLOPT_WRITEFUNCTION, &take_bytes);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_VERBOSE, 1L);  // take_news() hears it, and nobody else
  set(CURLOPT_DEBUGFUNCTION, &take_news);
  set(CURLOPT_DEBUGDATA, &exchange);
  if (call.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, call.body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  } else if (call.method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  if (!endpoint.socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, endpoint.socket.c_str());
  if (!endpoint.certificate.empty()) set(CURLOPT_SSLCERT, endpoint.certificate.c_str());
  if (!endpoint.key.empty()) set(CURLOPT_SSLKEY, endpoint.key.c_str());
  if (!endpoint.authority.empty()) set(CURLOPT_CAINFO, endpoint.authority.c_str());
  if (!endpoint.trust) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

std::optional<CURLcode> Connection::State::drive(Exchange& exchange, const Limits& limits,
                                                 const std::atomic<bool>* cancelled) {
  for (;;) {
    int running = 0;
    curl_multi_perform(multi, &running);
    if (running == 0) break;
    if (cancelled != nullptr && cancelled->load()) {
      exchange.reply.ending = Ending::kCancelled;
      exchange.reply.message = "cancelled";
      return std::nullopt;
    }
    if (Clock::now() - exchange.last_byte > limits.silence) {
      exchange.reply.ending = Ending::kDeadline;
      exchange.reply.message =
          "no byte for " + std::to_string(limits.silence.count() / 1000) + " s";
      return std::nullopt;
    }
    curl_multi_poll(multi, nullptr, 0, kCancelCheckMs, nullptr);
  }
  int queued = 0;
  const CURLMsg* message = curl_multi_info_read(multi, &queued);
  SANCTUM_INVARIANT(message != nullptr && message->msg == CURLMSG_DONE, "an exchange ends");
  return message->data.result;
}

Connection::Connection(Endpoint endpoint) : state_(std::make_unique<State>(std::move(endpoint))) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
const Endpoint& Connection::endpoint() const {
  return state_->endpoint;
}

HttpReply Connection::send(const HttpCall& call, const Limits& limits,
                           const std::atomic<bool>* cancelled) {
  HeaderList headers;
  headers.add("Content-Type: application/json");
  headers.add("Expect:");
  if (!state_->endpoint.bearer.empty()) {
    headers.add("Authorization: Bearer " + state_->endpoint.bearer);
  }
  if (!state_->endpoint.probe.empty()) headers.add("Sanctum-Probe: " + state_->endpoint.probe);
  Exchange exchange;
  exchange.call = &call;
  exchange.easy = state_->easy;
  exchange.reply.sent = exchange.last_byte = Clock::now();
  char error_text[CURL_ERROR_SIZE] = "";
  state_->prepare(call, limits, headers, exchange, error_text);
  curl_multi_add_handle(state_->multi, state_->easy);
  const auto code = state_->drive(exchange, limits, cancelled);

  HttpReply& reply = exchange.reply;
  reply.ended = Clock::now();
  long status = 0;
  curl_easy_getinfo(state_->easy, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  reply.retry_after = retry_after_of(state_->easy);
  reply.served_by = served_by(state_->easy);
  reply.phases = phases_of(state_->easy);
  if (code) {
    reply.ending = ending_of(*code, state_->easy);
    if (*code != CURLE_OK) {
      reply.message = error_text[0] != '\0' ? error_text : curl_easy_strerror(*code);
      // curl names the URL's host, which nobody was asked for.
      if (*code == CURLE_COULDNT_CONNECT && !state_->endpoint.socket.empty())
        reply.message = "nobody answers on the socket " + state_->endpoint.socket;
    }
    exchange.heard |= reply.status > 0 || ended_by_them(*code);
    reply.not_asked = !exchange.heard && failed_here(*code, state_->easy);
    if (exchange.too_large) {
      reply.message = "the reply is larger than " + std::to_string(kBodyBytesMax) + " bytes";
    }
  }
  reply.heard = exchange.heard;
  curl_multi_remove_handle(state_->multi, state_->easy);
  curl_easy_setopt(state_->easy, CURLOPT_ERRORBUFFER, nullptr);  // the buffer ends with this call
  curl_easy_setopt(state_->easy, CURLOPT_VERBOSE, 0L);           // and so does the exchange
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  return std::move(exchange.reply);
}

}  // namespace sanctum::client
