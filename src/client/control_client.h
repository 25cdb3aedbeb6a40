// The line over which the user who runs a server talks to it: HTTP on a socket in the server's
// state directory, which nobody else can open.
//
// Thread rule: one owner.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/json.h"
#include "client/http.h"

namespace sanctum::client {

inline constexpr std::chrono::seconds kControlLimit{5};  // of one call

std::string control_socket(const std::string& state_directory);

class ControlClient {
 public:
  explicit ControlClient(const std::string& state_directory, Milliseconds limit = kControlLimit);

  // What the server answers; {} where it has nothing to say. Throws Error, with a message for a
  // person: kUnavailable when no server answers, kInvalid when it finds the call wrong, kBusy for
  // any other refusal.
  json::Document ask(std::string_view method, std::string_view path, std::string body = "{}");

 private:
  Connection connection_;
  const Milliseconds limit_;
};

}  // namespace sanctum::client
