#include "hub/fetch.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <iterator>

#include "base/invariant.h"
#include "hub/address.h"
#include "hub/blob_name.h"

namespace sanctum::hub {
namespace {

// A hub that is asked in the clear sends everybody to itself.
bool sends_elsewhere(const Origin& hub, const Origin& next) {
  return next != hub && !(next.host == hub.host && next.scheme == "https" && hub.scheme == "http");
}

// Of a certificate that was not taken: not where its name or its time is wrong.
bool unknown_authority(CURL* easy) {
  long result = 0;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
  constexpr long kUnknown[] = {2, 18, 19, 20, 21};  // X509_V_ERR_*: no issuer, or itself
  return std::find(std::begin(kUnknown), std::end(kUnknown), result) != std::end(kUnknown);
}

constexpr const char* kUserAgent = "sanctum/" SANCTUM_VERSION;

struct HeaderList {
  ~HeaderList() { curl_slist_free_all(head); }
  void add(const std::string& line) { head = curl_slist_append(head, line.c_str()); }
  curl_slist* head = nullptr;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty()
             ? std::optional(value)
             : std::nullopt;
}

std::string header(CURL* easy, const char* name) {
  curl_header* found = nullptr;
  constexpr int kLastRequest = -1;
  const bool there =
      curl_easy_header(easy, name, 0, CURLH_HEADER, kLastRequest, &found) == CURLHE_OK;
  return there ? found->value : "";
}

// "bytes 100-199/200".
void read_range(const std::string& text, FetchHead& head) {
  constexpr std::string_view kUnit = "bytes ";
  const std::size_t dash = text.find('-'), slash = text.find('/');
  if (text.rfind(kUnit, 0) != 0 || dash == std::string::npos || slash == std::string::npos) return;
  head.range_from = number(std::string_view(text).substr(kUnit.size(), dash - kUnit.size()));
  head.range_total = number(std::string_view(text).substr(slash + 1));
}

void read_head(CURL* easy, bool of_the_hub, FetchHead& head) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  head.status = static_cast<int>(status);
  head.error_code = header(easy, "X-Error-Code");
  head.error_message = header(easy, "X-Error-Message");
  head.range_from = head.range_total = std::nullopt;
  read_range(header(easy, "Content-Range"), head);
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
  head.retry_after =
      seconds > 0 ? std::optional<std::chrono::milliseconds>(seconds * 1000) : std::nullopt;
  if (!of_the_hub) return;
  if (const auto commit = header(easy, "X-Repo-Commit"); !commit.empty()) head.commit = commit;
  const bool redirect = status / 100 == 3;
  const auto linked = normalized_etag(header(easy, "X-Linked-Etag"));
  const auto own = normalized_etag(header(easy, "ETag"));
  if (!linked.empty() || !own.empty()) head.etag = linked.empty() ? own : linked;
  if (const auto size = number(header(easy, "X-Linked-Size")))
    head.size = size;
  else if (const auto length = number(header(easy, "Content-Length")); length && !redirect)
    head.size = length;
}

// What one request of a call needs beside libcurl's frames.
struct Exchange {
  const FetchCall* call = nullptr;
  const std::function<bool()>* cancelled = nullptr;
  CURL* easy = nullptr;
  bool of_the_hub = false;
  bool head_known = false;
  bool too_large = false;
  Fetched fetched;
  std::exception_ptr thrown;
};

void know_head(Exchange& exchange) {
  if (exchange.head_known) return;
  exchange.head_known = true;
  read_head(exchange.easy, exchange.of_the_hub, exchange.fetched.head);
}

std::size_t take_bytes(char* data, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  know_head(exchange);
  const std::string_view bytes(data, size * count);
  const int status = exchange.fetched.head.status;
  if (status / 100 == 3) return bytes.size();
  if (exchange.call->take && (status == 200 || status == 206)) {
    try {  // an exception must not cross libcurl's C frames
      exchange.call->take(exchange.fetched.head, bytes);
    } catch (...) {
      exchange.thrown = std::current_exception();
      return CURL_WRITEFUNC_ERROR;
    }
    return bytes.size();
  }
  if (exchange.fetched.body.size() + bytes.size() > kReplyBytesMax) {
    exchange.too_large = true;
    return CURL_WRITEFUNC_ERROR;
  }
  exchange.fetched.body += bytes;
  return bytes.size();
}

int go_on(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& cancelled = *static_cast<Exchange*>(context)->cancelled;
  return cancelled && cancelled() ? 1 : 0;
}

FetchEnd end_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return FetchEnd::kAnswered;
    case CURLE_ABORTED_BY_CALLBACK:
      return FetchEnd::kCancelled;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return FetchEnd::kUnreachable;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return FetchEnd::kRefused;
    default:
      return FetchEnd::kBroken;
  }
}

void initialize_once() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  SANCTUM_INVARIANT(done == CURLE_OK, "libcurl starts");
}

}  // namespace

struct Fetcher::State {
  State(std::string its_token, std::function<bool()> asked)
      : token(std::move(its_token)), cancelled(std::move(asked)) {
    initialize_once();
    easy = curl_easy_init();
    SANCTUM_INVARIANT(easy != nullptr, "libcurl has handles");
  }
  ~State() { curl_easy_cleanup(easy); }
  // One request; returns the URL that it redirects to, empty for none.
  std::string ask(const std::string& url, Exchange& exchange);

  const std::string token;
  const std::function<bool()> cancelled;
  CURL* easy = nullptr;
};

std::string Fetcher::State::ask(const std::string& url, Exchange& exchange) {
  exchange.head_known = false;
  HeaderList headers;
  headers.add("Accept-Encoding: identity");  // a length and a hash are those of the file
  if (exchange.of_the_hub && !token.empty()) headers.add("Authorization: Bearer " + token);
  const FetchCall& call = *exchange.call;
  if (call.from > 0 && !call.only_of.empty() && exchange.of_the_hub)
    headers.add("If-Range: \"" + call.only_of + "\"");
  char error_text[CURL_ERROR_SIZE] = "";
  curl_easy_reset(easy);
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_USERAGENT, kUserAgent);
  set(CURLOPT_HTTPHEADER, headers.head);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (const char* authority = std::getenv("SSL_CERT_FILE"); authority != nullptr && *authority)
    set(CURLOPT_CAINFO, authority);
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(kConnectMax.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(kSilenceMax.count()));
  set(CURLOPT_ERRORBUFFER, error_text);
  set(CURLOPT_WRITEFUNCTION, &take_bytes);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &go_on);
  set(CURLOPT_XFERINFODATA, &exchange);
  if (call.head_only) set(CURLOPT_NOBODY, 1L);
  const std::string range = std::to_string(call.from) + "-";
  if (call.from > 0) set(CURLOPT_RANGE, range.c_str());
  const CURLcode code = curl_easy_perform(easy);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);  // the buffer ends with this call

  Fetched& fetched = exchange.fetched;
  know_head(exchange);
  fetched.end = exchange.too_large ? FetchEnd::kRefused : end_of(code);
  if (fetched.end != FetchEnd::kAnswered)
    fetched.why = exchange.too_large
                      ? "its answer is larger than " + std::to_string(kReplyBytesMax >> 20) + " MiB"
                  : error_text[0] != '\0' ? error_text
                                          : curl_easy_strerror(code);
  if (code == CURLE_SSL_CACERT_BADFILE ||
      (code == CURLE_PEER_FAILED_VERIFICATION && unknown_authority(easy)))
    fetched.why += "; SSL_CERT_FILE names a file of the authorities that are trusted";
  const char* redirect = nullptr;
  curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &redirect);
  return fetched.end == FetchEnd::kAnswered && redirect != nullptr ? redirect : "";
}

Fetcher::Fetcher(std::string token, std::function<bool()> cancelled)
    : state_(std::make_unique<State>(std::move(token), std::move(cancelled))) {}
Fetcher::~Fetcher() = default;
Fetcher::Fetcher(Fetcher&&) noexcept = default;

Fetched Fetcher::fetch(const FetchCall& call) {
  Exchange exchange;
  exchange.call = &call;
  exchange.cancelled = &state_->cancelled;
  exchange.easy = state_->easy;
  exchange.of_the_hub = true;
  const Origin hub = origin_of(call.url);
  std::string url = call.url;
  for (int followed = 0;; ++followed) {
    const std::string next = state_->ask(url, exchange);
    if (exchange.thrown) std::rethrow_exception(exchange.thrown);
    if (next.empty()) return std::move(exchange.fetched);
    const std::string refusal = redirect_refusal(url, next, followed);
    if (!refusal.empty()) {
      exchange.fetched.end = FetchEnd::kRefused;
      exchange.fetched.why = refusal;
      return std::move(exchange.fetched);
    }
    const bool leaves = origin_of(next) != hub;
    if (leaves && call.head_only) return std::move(exchange.fetched);  // what the hub says is known
    exchange.of_the_hub &= !leaves;
    if (!exchange.of_the_hub) {
      const Origin there = origin_of(next);
      exchange.fetched.led_to = there.scheme + "://" + host_text(there);
      exchange.fetched.from_store = call.take && sends_elsewhere(hub, there);
    }
    url = next;
  }
}

}  // namespace sanctum::hub
