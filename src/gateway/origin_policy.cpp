#include "gateway/origin_policy.h"

#include <algorithm>

#include "base/error.h"

namespace sanctum::gateway {
namespace {

constexpr std::string_view kLocalhost = "localhost";
constexpr const char* kMethods = "GET, HEAD, POST, DELETE, OPTIONS";
constexpr const char* kRequestHeaders = "Authorization, Content-Type, X-Api-Key";
constexpr const char* kExposed =
    "X-Request-Id, Retry-After, WWW-Authenticate, X-Sanctum-Served-By, X-Sanctum-Ignored";
constexpr std::size_t kEchoedBytesMax = 4096;  // of the headers that a preflight asks for
constexpr std::size_t kShownBytesMax = 300;    // of what a client sent, in a message

template <class T>
bool holds(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool is_local(const Authority& authority) {
  return authority.is_loopback || authority.host == kLocalhost;
}

bool is_ours(const OriginSettings& settings, const std::string& listens_on, std::string_view text) {
  if (settings.any_host) return true;
  const auto named = parse_authority(text);
  if (!named) return false;
  if (!named->is_address) return named->host == kLocalhost || holds(settings.hosts, named->host);
  const std::string address = listens_on.substr(0, listens_on.find('%'));  // without its zone
  const bool six = address.find(':') != std::string::npos;
  const auto own = parse_authority(six ? "[" + address + "]" : address);
  if (!own) return false;
  if (own->host == "0.0.0.0" || own->host == "::") return true;
  return own->host == named->host || (own->is_loopback && named->is_loopback) ||
         holds(settings.hosts, named->host);
}

std::string shown(std::string_view text) {
  return "'" + std::string(text.substr(0, kShownBytesMax)) + "'";
}

OriginVerdict refused(int status, std::string code, std::string message,
                      std::vector<HeaderLine> headers) {
  return {status, std::move(message), std::move(code), std::move(headers)};
}

// The name that this server does not answer to; nothing when it may be served.
std::optional<std::string> foreign_name(const OriginSettings& settings, const HttpRequest& head) {
  const std::string& listens_on = head.peer.listens_on;
  for (const auto& [name, value] : head.headers.lines()) {
    if (same_without_case(name, "Host") && !is_ours(settings, listens_on, value)) return value;
  }
  if (!head.authority.empty() && !is_ours(settings, listens_on, head.authority))
    return head.authority;
  return std::nullopt;
}

bool is_same_origin(const Origin& origin, const HttpRequest& head) {
  if (origin.scheme != "http" && origin.scheme != "https") return false;
  const auto host = parse_authority(head.headers.get("Host"));
  return host && without_default_port(*host, origin.scheme) == origin.at;
}

bool is_allowed(const OriginSettings& settings, std::string_view text, const HttpRequest& head) {
  if (settings.any_origin) return true;
  if (text == "null") return settings.null_origin;
  const auto origin = parse_origin(text);
  if (!origin) return false;
  const bool web = origin->scheme == "http" || origin->scheme == "https";
  return is_same_origin(*origin, head) || (web && is_local(origin->at)) ||
         holds(settings.origins, *origin);
}

bool is_json(std::string_view content_type) {
  const std::string type = lower_case(trimmed(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

bool is_header_list(std::string_view text) {
  return !text.empty() && text.size() <= kEchoedBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("!#$%&'*+-.^_`|~, ").find(c) != std::string_view::npos;
         });
}

OriginVerdict preflight(const HttpRequest& head, std::vector<HeaderLine> headers) {
  // The origin is trusted; which headers its client library sends is its own business.
  const std::string_view wanted = head.headers.get("Access-Control-Request-Headers");
  headers.emplace_back("Access-Control-Allow-Methods", kMethods);
  headers.emplace_back("Access-Control-Allow-Headers",
                       is_header_list(wanted) ? std::string(wanted) : kRequestHeaders);
  headers.emplace_back("Access-Control-Max-Age", std::to_string(kPreflightMaxAgeS));
  if (same_without_case(head.headers.get("Access-Control-Request-Private-Network"), "true"))
    headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  return {204, {}, {}, std::move(headers)};
}

}  // namespace

void allow_host(OriginSettings& settings, const std::string& text, const std::string& name) {
  const auto host = parse_authority(text);
  if (text == "*") {
    settings.any_host = true;
  } else if (host && !host->port && text.back() != ':') {
    settings.hosts.push_back(host->host);
  } else {
    throw Error(
        ErrorCode::kInvalid,
        name + " takes a name without scheme and port, such as ai.example.org, or \"*\"; not " +
            shown(text),
        "allow_host");
  }
}

void allow_origin(OriginSettings& settings, const std::string& text, const std::string& name) {
  const auto origin = parse_origin(text.ends_with('/') ? text.substr(0, text.size() - 1) : text);
  if (text == "*") {
    settings.any_origin = true;
  } else if (text == "null") {
    settings.null_origin = true;
  } else if (origin) {
    settings.origins.push_back(*origin);
  } else {
    throw Error(ErrorCode::kInvalid,
                name +
                    " takes the origin of a page, such as https://app.example.org, \"null\", or "
                    "\"*\"; not " +
                    shown(text),
                "allow_origin");
  }
}

OriginSettings origin_settings(const std::vector<std::string>& hosts,
                               const std::vector<std::string>& origins) {
  OriginSettings settings;
  for (const std::string& text : hosts) allow_host(settings, text, "'allow_host'");
  for (const std::string& text : origins) allow_origin(settings, text, "'allow_origin'");
  return settings;
}

OriginVerdict judge_origin(const OriginSettings& settings, const HttpRequest& head) {
  if (head.peer.listener == ListenerKind::kControl) return {};
  // Of every answer, so that no cache gives one page's to another.
  std::vector<HeaderLine> headers{{"Vary", "Origin"}};
  if (head.peer.listener == ListenerKind::kPlain) {
    if (const auto name = foreign_name(settings, head)) {
      return refused(403, "host_not_allowed",
                     "this server does not answer to the name " + shown(*name) +
                         ". If it is yours, start it with --allow-host NAME",
                     std::move(headers));
    }
  }
  const std::string_view origin = head.headers.get("Origin");
  const bool told = head.headers.has("Origin");
  const bool allowed =
      told && head.headers.count("Origin") == 1 && is_allowed(settings, origin, head);
  const auto foreign = [&] {
    return refused(403, "origin_not_allowed",
                   "pages of " + shown(origin) +
                       " may not use this server. If they are yours, start it with "
                       "--allow-origin ORIGIN",
                   std::move(headers));
  };
  // "null" says nothing of who it is; what it posts is told of its form first.
  if (told && !allowed && origin != "null") return foreign();
  if (allowed) {
    headers.emplace_back("Access-Control-Allow-Origin", std::string(origin));
    headers.emplace_back("Access-Control-Expose-Headers", kExposed);
  }
  const bool of_a_browser = told || head.headers.has("Sec-Fetch-Site");
  const std::string_view type = head.headers.get("Content-Type");
  if (head.method == "POST" && of_a_browser && !is_json(type)) {
    return refused(415, "content_type",
                   "what a browser posts must be JSON: the header Content-Type must be "
                   "application/json, not " +
                       shown(type),
                   std::move(headers));
  }
  if (told && !allowed) return foreign();
  if (allowed && head.method == "OPTIONS" && head.headers.has("Access-Control-Request-Method"))
    return preflight(head, std::move(headers));
  return {0, {}, {}, std::move(headers)};
}

}  // namespace sanctum::gateway
