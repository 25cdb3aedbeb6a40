#include "wire/rpc.h"

#include "wire/failure.h"

namespace sanctum::wire {
namespace {

constexpr std::size_t kCompactBytes = 1u
                                      << 20;  // consumed bytes kept before the buffer is moved up

// JSON-RPC wants a number; what matters to our own peers is `data`.
int rpc_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return -32602;
    case ErrorCode::kInternal:
      return -32603;
    case ErrorCode::kNotFound:
      return -32001;
    case ErrorCode::kTooLong:
      return -32002;
    case ErrorCode::kBusy:
      return -32003;
    case ErrorCode::kUnavailable:
      return -32004;
    case ErrorCode::kDeadline:
      return -32005;
    case ErrorCode::kCancelled:
      return -32006;
    case ErrorCode::kCorrupt:
      return -32007;
    case ErrorCode::kDenied:
      return -32008;
  }
  return -32603;
}

json::Document parse_line(std::string_view line) {
  try {
    return json::Document(line, {}, json::kOwnDepthMax);
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, error.what());
  }
}

}  // namespace

void LineBuffer::push(std::string_view bytes) {
  buffer_.append(bytes);
}

std::optional<std::string> LineBuffer::pop() {
  const std::size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    if (buffer_.size() - start_ > kFrameBytesMax) {
      throw Error(ErrorCode::kCorrupt,
                  "a line has more than " + std::to_string(kFrameBytesMax) + " bytes");
    }
    return std::nullopt;
  }
  if (end - start_ > kFrameBytesMax) {
    throw Error(ErrorCode::kCorrupt,
                "a line has more than " + std::to_string(kFrameBytesMax) + " bytes");
  }
  std::string line = buffer_.substr(start_, end - start_);
  start_ = scanned_ = end + 1;
  if (start_ == buffer_.size() || start_ > kCompactBytes) {
    buffer_.erase(0, start_);
    start_ = scanned_ = 0;
  }
  return line;
}

Message::Message(std::string_view line) : document_(parse_line(line)) {
  const json::Node root = document_.root();
  try {
    if (!root.is_object()) root.fail("must be an object");
    if (root.at("jsonrpc").as_string() != "2.0") root.at("jsonrpc").fail("must be \"2.0\"");
    if (const auto node = root.get("id")) {
      if (!node->is_string() && !node->is_number()) node->fail("must be a string or a number");
      id = node->dump();
    }
    if (const auto node = root.get("method")) {
      method = node->as_string();
      if (method.empty()) node->fail("must not be empty");
      has_body_ = root.has("params");
      return;
    }
    if (const auto node = root.get("error")) {
      failure = Failure{};
      if (const auto data = node->get("data"); data && data->is_object() && data->has("code")) {
        failure = decode_failure(*data);
      } else {
        failure->message = node->at("message").as_string();
      }
      return;
    }
    if (id.empty()) root.fail("has neither method nor id");
    has_body_ = root.has("result");
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, std::string("not JSON-RPC: ") + error.what());
  }
}

json::Node Message::body() const {
  static const json::Document empty("{}");
  if (!has_body_) return empty.root();
  const json::Node node = document_.root().at(method.empty() ? "result" : "params");
  return json::Node(&node.raw(), {});  // paths start at the parameters
}

std::string request_line(std::string_view id, std::string_view method, std::string_view body) {
  json::Writer w;
  w.begin_object().field("jsonrpc", "2.0").key("id").raw(id).field("method", method);
  w.key("params").raw(body).end_object();
  return w.take() + '\n';
}

std::string notification_line(std::string_view method, std::string_view body) {
  json::Writer w;
  w.begin_object()
      .field("jsonrpc", "2.0")
      .field("method", method)
      .key("params")
      .raw(body)
      .end_object();
  return w.take() + '\n';
}

std::string result_line(std::string_view id, std::string_view body) {
  json::Writer w;
  w.begin_object().field("jsonrpc", "2.0").key("id").raw(id).key("result").raw(body).end_object();
  return w.take() + '\n';
}

std::string failure_line(std::string_view id, const Failure& failure) {
  json::Writer w;
  w.begin_object().field("jsonrpc", "2.0").key("id").raw(id.empty() ? "null" : id);
  w.key("error")
      .begin_object()
      .field("code", rpc_code(failure.code))
      .field("message", failure.message);
  w.key("data").raw(encode(failure)).end_object().end_object();
  return w.take() + '\n';
}

Failure to_failure(const Error& error) {
  return {error.code(), error.what(), error.field()};
}

void raise(const Failure& failure) {
  throw Error(failure.code, failure.message, failure.field);
}

}  // namespace sanctum::wire
