// HTTP requests and responses as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http_headers.h"
#include "gateway/peer.h"

namespace sanctum::gateway {

struct HttpRequest {
  std::string method;
  std::string authority;  // of a target in absolute form, as sent; else empty: see the header Host
  std::string path;       // decoded, without the query, as api_path.h says
  std::string query;      // as sent
  HttpHeaders headers;    // as sent; never sent on to anybody
  std::string body;       // without its content coding
  Peer peer;
  int version = 11;  // 10 or 11
  bool keep_alive = true;
};

// An error before it is spelled.
struct ApiError {
  int status = 500;
  std::string message;
  std::string code;   // "model_not_found"; may be empty
  std::string field;  // "messages[2].content"; empty for none
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<HeaderLine> headers;     // beyond type, length and connection
  std::optional<ApiError> error = {};  // in place of the body, as the path's dialect spells it
};

enum class BodyFraming { kLength, kChunked, kUntilClose };

// Status line and headers, blank line included.
std::string render_head(const HttpResponse& response, BodyFraming framing, bool keep_alive);
// One piece of a chunked body; the last one is empty.
std::string render_chunk(std::string_view bytes);
// "%2F" and the like decoded; as it is where that is not possible.
std::string percent_decode(std::string_view text);

}  // namespace sanctum::gateway
