// Any bytes as an HTTP request, and what is in its body as a request of the API: a request, or a
// refusal that blames the client. How the bytes are cut on their way changes nothing. Bytes that
// begin with '{' are taken for a body at once.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/invariant.h"
#include "base/json.h"
#include "gateway/dialect.h"
#include "gateway/request_parser.h"

namespace {

using namespace sanctum;
using gateway::RequestParser;

struct Read {
  RequestParser::State state = RequestParser::State::kHeader;
  int status = 0;
  gateway::HttpRequest request;
  // Whether a request came of it, and which; what is no request may be refused sooner or later.
  bool operator==(const Read& other) const {
    const bool complete = state == RequestParser::State::kComplete;
    return complete == (other.state == RequestParser::State::kComplete) &&
           request.method == other.request.method && request.path == other.request.path &&
           request.query == other.request.query && request.body == other.request.body &&
           request.keep_alive == other.request.keep_alive;
  }
};

Read read(std::string_view bytes, std::size_t piece) {
  RequestParser parser;
  Read read;
  std::string inbox;
  while (!bytes.empty() && (read.state == RequestParser::State::kHeader ||
                            read.state == RequestParser::State::kBody)) {
    const std::size_t size = std::min(piece, bytes.size());
    inbox.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    read.state = parser.feed(inbox);
  }
  if (read.state == RequestParser::State::kComplete) read.state = parser.unpack();
  read.status = parser.status();
  if (read.state == RequestParser::State::kRefused)
    SANCTUM_INVARIANT(((read.status >= 400 && read.status < 500) || read.status == 501) &&
                          !parser.problem().empty(),
                      "a refusal says what is wrong");
  if (read.state == RequestParser::State::kComplete) read.request = parser.take();
  return read;
}

void decode(const std::string& body, const gateway::Dialect& dialect) {
  try {
    const json::Document document(body);
    gateway::Decoding with;
    const gateway::ApiRequest request = dialect.decode(document.root(), with);
    // What is accepted reaches the engine as it is.
    const std::string line = wire::encode(request.generate);
    const json::Document again(line);
    SANCTUM_INVARIANT(wire::encode(wire::decode_generate(again.root())) == line,
                      "the engine reads what the gateway wrote");
  } catch (const Error& error) {
    SANCTUM_INVARIANT(error.code() == ErrorCode::kInvalid, "a bad request is the client's fault");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string body(bytes);
  if (size > 0 && bytes.front() != '{') {
    const Read whole = read(bytes, size);
    SANCTUM_INVARIANT(whole == read(bytes, 1 + size / 7) && whole == read(bytes, 1),
                      "a request is the same however it is cut");
    body = whole.request.body;
  }
  for (const auto* dialect : {&gateway::kChatDialect, &gateway::kCompletionDialect,
                              &gateway::kMessagesDialect, &gateway::kResponsesDialect})
    decode(body, *dialect);
  return 0;
}
