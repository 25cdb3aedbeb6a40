// The socket over which the user who runs a server talks to it: HTTP, in the state directory.
#pragma once

#include <string>

#include "client/http.h"

namespace sanctum {

inline std::string control_socket(const std::string& state_directory) {
  return state_directory + "/control.sock";
}

inline client::Connection control_connection(const std::string& state_directory) {
  client::Endpoint endpoint;
  endpoint.url = "http://sanctum";
  endpoint.socket = control_socket(state_directory);
  return client::Connection(endpoint);
}

// What a server says when it refuses, for a person.
std::string refusal(const client::HttpReply& reply);

}  // namespace sanctum
