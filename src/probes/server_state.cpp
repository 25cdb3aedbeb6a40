#include "probes/server_state.h"

#include "base/error.h"

namespace sanctum::probes {
namespace {

constexpr std::size_t kModelsMax = 1000;
constexpr int kStatusOk = 200;

Error no_status(const Error& error) {
  return {ErrorCode::kCorrupt, std::string("/status makes no sense: ") + error.what()};
}

json::Document document_of(const std::string& body) {
  try {
    return json::Document(body);
  } catch (const Error& error) {
    throw no_status(error);
  }
}

}  // namespace

ServerState read_server_state(const json::Document& status) {
  try {
    const json::Node root = status.root();
    ServerState state;
    state.pid = root.as_int_or("pid", 0);
    if (const auto engine = root.get("engine")) state.engine_pid = engine->as_int_or("pid", 0);
    for (const auto& node : root.at("models").as_array(kModelsMax)) {
      const auto stage = node.at("state").as_string();
      state.loading |= stage == "loading";
      if (stage == "failed") {
        const auto failure = node.get("failure");
        state.failed.push_back(
            {node.at("model").as_string(), failure ? failure->as_string_or("message", "") : ""});
      }
      if (stage != "ready") continue;
      state.loaded.push_back({node.at("model").as_string(), node.as_string_or("path", ""),
                              node.as_bool_or("vision", false),
                              node.as_bool_or("same_under_load", false),
                              static_cast<std::uint64_t>(node.as_int_or("weight_bytes", 0)),
                              node.as_string_or("numbers", ""), node.as_bool_or("tools", true),
                              node.as_string_or("no_chat", "")});
    }
    return state;
  } catch (const Error& error) {
    throw no_status(error);
  }
}

ServerState ask_server_state(client::Connection& connection, std::chrono::milliseconds limit) {
  const auto reply = connection.send({"GET", "/status"}, {limit, limit, limit});
  if (reply.ending != client::Ending::kAnswered || reply.status != kStatusOk)
    throw Error(
        ErrorCode::kUnavailable,
        connection.endpoint().url + " does not answer /status: " +
            (reply.message.empty() ? "HTTP " + std::to_string(reply.status) : reply.message));
  return read_server_state(document_of(reply.body));
}

}  // namespace sanctum::probes
