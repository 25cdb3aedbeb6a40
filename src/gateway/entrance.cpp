#include "gateway/entrance.h"

#include <utility>

#include "base/log.h"
#include "gateway/api_error.h"

namespace sanctum::gateway {
namespace {

constexpr const char* kCode = "invalid_api_key";

bool needs_no_key(const HttpRequest& head) {
  if (head.method == "OPTIONS") return true;
  if (head.method == "HEAD" && head.path == "/") return true;
  const bool asks = head.method == "GET" || head.method == "HEAD";
  return asks && (head.path == "/health" || head.path == "/ready");
}

// A page that a person opens, for whom the browser is to ask.
bool is_for_a_person(const HttpRequest& head) {
  return head.method == "GET" &&
         lower_case(head.headers.get("Accept")).find("text/html") != std::string::npos;
}

HttpResponse unauthorized(const HttpRequest& head, bool shown) {
  HttpResponse response = error_response(
      401,
      shown ? "this API key is not one of this server's; `sanctum keys list` shows their names"
            : "this server wants an API key: send it as `Authorization: Bearer KEY`; "
              "`sanctum keys add NAME` makes one",
      kCode);
  response.headers.emplace_back("WWW-Authenticate", std::string("Bearer realm=\"sanctum\"") +
                                                        (shown ? ", error=\"invalid_token\"" : ""));
  if (is_for_a_person(head))
    response.headers.emplace_back("WWW-Authenticate",
                                  "Basic realm=\"sanctum, with an API key as the password\"");
  return response;
}

void tell(const HttpRequest& head, int status, const std::string& code) {
  log::info("request_refused", {{"peer", head.peer.address}, {"status", status}, {"error", code}});
}

}  // namespace

Entrance::Entrance(const std::string& state_directory, EntranceSettings settings)
    : settings_(std::move(settings)), keys_(state_directory) {}

bool Entrance::wants_key() {
  return keys_.current()->required;
}

std::string Entrance::name_of(const std::vector<std::string>& shown, const ApiKeys& keys) const {
  std::string name;
  for (const std::string& key : shown) {
    if (name.empty()) name = keys.find(key);
    if (name.empty() && !settings_.local_key.empty() && same_secret(key, settings_.local_key))
      name = kLocalKeyName;
  }
  return name;
}

Entry Entrance::judge(const HttpRequest& head) {
  if (head.peer.listener == ListenerKind::kControl) return {};
  OriginVerdict verdict = judge_origin(settings_.origins, head);
  Entry entry{std::nullopt, std::move(verdict.headers), {}};
  if (verdict.status == 204) {
    entry.answer = HttpResponse{204, {}, {}, {}};
    return entry;
  }
  if (verdict.status != 0) {
    tell(head, verdict.status, verdict.code);
    entry.answer = error_response(verdict.status, verdict.message, verdict.code);
    return entry;
  }
  const auto known = keys_.current();
  const auto shown = keys_shown(head.headers);
  entry.key = name_of(shown, known->keys);
  entry.key_id = entry.key == kLocalKeyName ? kLocalKeyName : known->keys.id_of(entry.key);
  if (!known->required || !entry.key.empty() || needs_no_key(head) ||
      shows_secret(head, settings_.probe_secret) || head.peer.listener == ListenerKind::kMutualTls)
    return entry;
  tell(head, 401, kCode);
  entry.answer = unauthorized(head, !shown.empty());
  return entry;
}

}  // namespace sanctum::gateway
