// HTTP requests and responses as values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanctum::gateway {

struct HttpRequest {
  std::string method;
  std::string path;   // decoded, without the query
  std::string query;  // as sent
  std::string probe;  // the header Sanctum-Probe
  std::string body;
  int version = 11;  // 10 or 11
  bool keep_alive = true;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beyond type, length and connection
};

enum class BodyFraming { kLength, kChunked, kUntilClose };

// Status line and headers, blank line included.
std::string render_head(const HttpResponse& response, BodyFraming framing, bool keep_alive);
// One piece of a chunked body; the last one is empty.
std::string render_chunk(std::string_view bytes);
// "%2F" and the like decoded; as it is where that is not possible.
std::string percent_decode(std::string_view text);

}  // namespace sanctum::gateway
