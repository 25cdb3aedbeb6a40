#include "apps/control_socket.h"

#include "base/error.h"
#include "base/json.h"

namespace sanctum {

std::string refusal(const client::HttpReply& reply) {
  try {
    const json::Document document(reply.body);
    return document.root().at("error").at("message").as_string();
  } catch (const Error&) {
    return reply.body.empty() ? "HTTP status " + std::to_string(reply.status) : reply.body;
  }
}

}  // namespace sanctum
