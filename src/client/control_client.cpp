#include "client/control_client.h"

#include <utility>

#include "base/error.h"

namespace sanctum::client {
namespace {

constexpr int kStatusBad = 400;
constexpr int kStatusNoContent = 204;
constexpr int kStatusRedirects = 300;

Endpoint endpoint_of(const std::string& state_directory) {
  Endpoint endpoint;
  endpoint.url = "http://sanctum";
  endpoint.socket = control_socket(state_directory);
  return endpoint;
}

// What a server says when it refuses, for a person.
std::string refusal(const HttpReply& reply) {
  try {
    const json::Document document(reply.body);
    return document.root().at("error").at("message").as_string();
  } catch (const Error&) {
    return reply.body.empty() ? "HTTP status " + std::to_string(reply.status) : reply.body;
  }
}

}  // namespace

std::string control_socket(const std::string& state_directory) {
  return state_directory + "/control.sock";
}

ControlClient::ControlClient(const std::string& state_directory, Milliseconds limit)
    : connection_(endpoint_of(state_directory)), limit_(limit) {}

json::Document ControlClient::ask(std::string_view method, std::string_view path,
                                  std::string body) {
  HttpCall call;
  call.method = method;
  call.path = path;
  call.body = std::move(body);
  const HttpReply reply = connection_.send(call, {limit_, limit_, limit_});
  if (reply.ending != Ending::kAnswered)
    throw Error(ErrorCode::kUnavailable,
                "no server answers on " + connection_.endpoint().socket + " (" + reply.message +
                    "); is `sanctum serve` running with this --state-dir?");
  if (reply.status >= kStatusRedirects)
    throw Error(reply.status == kStatusBad ? ErrorCode::kInvalid : ErrorCode::kBusy,
                refusal(reply));
  return json::Document(reply.status == kStatusNoContent ? "{}" : reply.body);
}

}  // namespace sanctum::client
