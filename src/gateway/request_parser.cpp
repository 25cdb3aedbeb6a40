#include "gateway/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace sanctum::gateway {

namespace http = boost::beast::http;

struct RequestParser::Parser : http::request_parser<http::string_body> {};

namespace {

std::string text(boost::beast::string_view view) {
  return std::string(view.data(), view.size());
}

void split_target(const std::string& target, HttpRequest& request) {
  std::string path = target;
  if (path.rfind("http://", 0) == 0 || path.rfind("https://", 0) == 0) {  // a proxy's absolute form
    const auto slash = path.find('/', path.find("//") + 2);
    path = slash == std::string::npos ? "/" : path.substr(slash);
  }
  const auto question = path.find('?');
  if (question != std::string::npos) {
    request.query = path.substr(question + 1);
    path.resize(question);
  }
  request.path = percent_decode(path);
}

}  // namespace

RequestParser::RequestParser() : parser_(std::make_unique<Parser>()) {
  parser_->eager(true);
  parser_->header_limit(kHeaderBytesMax);
  parser_->body_limit(kBodyBytesMax);
}
RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::refuse(int status, std::string problem) {
  status_ = status;
  problem_ = std::move(problem);
  return State::kRefused;
}

RequestParser::State RequestParser::feed(std::string& bytes) {
  if (status_ != 0) return State::kRefused;
  std::size_t used = 0;
  while (!parser_->is_done() && used < bytes.size()) {
    boost::system::error_code ec;
    const std::size_t n =
        parser_->put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), ec);
    used += n;
    if (ec == http::error::need_more) {
      if (n == 0) break;
      continue;
    }
    if (ec == http::error::header_limit) {
      return refuse(431, "the header has more than " + std::to_string(kHeaderBytesMax) + " bytes");
    }
    if (ec == http::error::body_limit) {
      return refuse(413, "the body has more than " + std::to_string(kBodyBytesMax) + " bytes");
    }
    if (ec) return refuse(400, "malformed HTTP request: " + ec.message());
    if (n == 0) break;
  }
  bytes.erase(0, used);
  if (!parser_->is_header_done()) return State::kHeader;
  const auto& message = parser_->get();
  if (message.version() == 11 && message.count(http::field::host) != 1) {
    return refuse(400, "a request needs exactly one Host header");
  }
  if (parser_->is_done()) return State::kComplete;
  if (bytes.size() > kHeaderBytesMax) {  // the parser itself would wait for their end for ever
    return refuse(400, "a chunk's extension or the trailer has more than " +
                           std::to_string(kHeaderBytesMax) + " bytes");
  }
  return State::kBody;
}

bool RequestParser::expects_continue() const {
  return parser_->is_header_done() && parser_->get().version() == 11 &&
         boost::beast::iequals(parser_->get()[http::field::expect], "100-continue");
}

std::size_t RequestParser::body_bytes() const {
  return parser_->is_header_done() ? parser_->get().body().size() : 0;
}

HttpRequest RequestParser::take() {
  auto message = parser_->release();
  HttpRequest request;
  request.method = text(message.method_string());
  split_target(text(message.target()), request);
  request.version = static_cast<int>(message.version());
  request.keep_alive = message.keep_alive();
  request.probe = text(message[kProbeHeader]);
  request.body = std::move(message.body());
  return request;
}

}  // namespace sanctum::gateway
