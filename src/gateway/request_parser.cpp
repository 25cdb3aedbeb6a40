#include "gateway/request_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

#include "gateway/api_path.h"
#include "gateway/content_coding.h"

namespace sanctum::gateway {

namespace http = boost::beast::http;

struct RequestParser::Parser : http::request_parser<http::string_body> {};

namespace {

std::string text(boost::beast::string_view view) {
  return std::string(view.data(), view.size());
}

void split_target(const std::string& target, HttpRequest& request) {
  std::string path = target;
  const std::size_t scheme = target.find("://");
  const std::string name = lower_case(target.substr(0, scheme));
  if (scheme != std::string::npos && (name == "http" || name == "https")) {  // as to a proxy
    const std::size_t host = scheme + 3;
    const std::size_t end = std::min(target.find_first_of("/?", host), target.size());
    request.authority = target.substr(host, end - host);
    path = target.substr(end);
    if (path.empty() || path.front() != '/') path.insert(0, 1, '/');
  }
  const auto question = path.find('?');
  if (question != std::string::npos) {
    request.query = path.substr(question + 1);
    path.resize(question);
  }
  request.path = percent_decode(canonical_path(path));
}

// All lines of one header as one list: "gzip, chunked".
std::string joined(const HttpHeaders& headers, std::string_view name) {
  std::string all;
  for (const auto& [known, value] : headers.lines()) {
    if (same_without_case(known, name)) all += (all.empty() ? "" : ", ") + value;
  }
  return all;
}

}  // namespace

RequestParser::RequestParser(Peer peer) : parser_(std::make_unique<Parser>()) {
  head_.peer = std::move(peer);
  parser_->eager(false);  // until the header is read: lines behind the body are no part of it
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
    if (!has_head_ && (parser_->is_header_done() || ec == http::error::body_limit)) read_head();
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
  if (!has_head_) return State::kHeader;
  if (refuses_head()) return State::kRefused;
  if (parser_->is_done()) return complete();
  if (bytes.size() > kHeaderBytesMax) {  // the parser itself would wait for their end for ever
    return refuse(400, "a chunk's extension or the trailer has more than " +
                           std::to_string(kHeaderBytesMax) + " bytes");
  }
  return State::kBody;
}

void RequestParser::read_head() {
  const auto& message = parser_->get();
  head_.method = text(message.method_string());
  split_target(text(message.target()), head_);
  head_.version = static_cast<int>(message.version());
  head_.keep_alive = message.keep_alive();
  for (const auto& field : message.base())
    head_.headers.add(text(field.name_string()), text(field.value()));
  has_head_ = true;
  parser_->eager(true);
}

bool RequestParser::refuses_head() {
  const HttpHeaders& headers = head_.headers;
  const auto problem = [this](int status, std::string what) {
    refuse(status, std::move(what));
    return true;
  };
  if (headers.lines().size() > kHeaderLinesMax)
    return problem(431, "the header has more than " + std::to_string(kHeaderLinesMax) + " lines");
  if (head_.version == 11 ? headers.count("Host") != 1 : headers.count("Host") > 1)
    return problem(400, "a request needs exactly one Host header");
  // Who sees another end of this body than we do takes its rest for another request: what others
  // may read differently is not guessed at.
  const std::string_view length = headers.get("Content-Length");
  if (headers.count("Content-Length") > 1 || length.find(',') != std::string_view::npos)
    return problem(400, "a request has at most one Content-Length");
  const std::string transfer = lower_case(joined(headers, "Transfer-Encoding"));
  if (headers.has("Transfer-Encoding")) {
    const std::string last{trimmed(std::string_view(transfer).substr(transfer.rfind(',') + 1))};
    if (head_.version != 11) return problem(400, "Transfer-Encoding is not of HTTP/1.0");
    if (last != "chunked") return problem(400, "the last Transfer-Encoding must be chunked");
    if (transfer.find("chunked") != transfer.rfind("chunked"))
      return problem(400, "Transfer-Encoding is chunked more than once");
    if (trimmed(transfer) != "chunked")
      return problem(501, "no Transfer-Encoding but chunked is known");
  }
  if (content_coding(joined(headers, "Content-Encoding")) == ContentCoding::kUnknown)
    return problem(415, "no Content-Encoding but gzip is known");
  return false;
}

RequestParser::State RequestParser::complete() {
  if (std::exchange(complete_, true)) return State::kComplete;
  head_.body = std::move(parser_->get().body());
  return State::kComplete;
}

RequestParser::State RequestParser::unpack() {
  if (!head_.body.empty() &&
      content_coding(joined(head_.headers, "Content-Encoding")) == ContentCoding::kGzip) {
    Decoded decoded = gunzip(head_.body, kBodyBytesMax);
    if (decoded.status != 0) return refuse(decoded.status, std::move(decoded.problem));
    head_.body = std::move(decoded.bytes);
  }
  return State::kComplete;
}

bool RequestParser::expects_continue() const {
  return has_head_ && head_.version == 11 &&
         same_without_case(head_.headers.get("Expect"), "100-continue");
}

std::size_t RequestParser::body_bytes() const {
  if (complete_) return head_.body.size();
  return has_head_ ? parser_->get().body().size() : 0;
}

HttpRequest RequestParser::take() {
  return std::move(head_);
}

}  // namespace sanctum::gateway
