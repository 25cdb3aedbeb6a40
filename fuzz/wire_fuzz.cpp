// Any bytes as frames between gateway and engine: messages, or an Error. What one side reads it can
// say again, and means the same by it.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/invariant.h"
#include "wire/failure.h"
#include "wire/messages.h"
#include "wire/rpc.h"
#include "wire/switches.h"

namespace {

using namespace sanctum;

template <class Decode>
void reread(const json::Node& node, Decode decode) {
  try {
    const std::string said = wire::encode(decode(node));
    const json::Document document(said);
    SANCTUM_INVARIANT(wire::encode(decode(document.root())) == said, "what was read can be said");
  } catch (const Error&) {
  }
}

// Throws Error for what is no message.
void take(const std::string& line) {
  const wire::Message message(line);
  const json::Node body = message.body();
  reread(body, wire::decode_generate);
  reread(body, wire::decode_accepted);
  reread(body, wire::decode_tokens);
  reread(body, wire::decode_completed);
  reread(body, wire::decode_load);
  reread(body, wire::decode_load_progress);
  reread(body, wire::decode_model_info);
  reread(body, wire::decode_models);
  reread(body, wire::decode_stats);
  reread(body, wire::decode_tokenize);
  reread(body, wire::decode_switches);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t piece = 1 + size / 3;
  wire::LineBuffer lines;
  try {
    while (!bytes.empty()) {
      lines.push(bytes.substr(0, std::min(piece, bytes.size())));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      while (const auto line = lines.pop()) take(*line);
    }
  } catch (const Error&) {
  }
  return 0;
}
